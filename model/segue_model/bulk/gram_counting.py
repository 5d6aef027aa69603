"""The job that counts how many listeners each two songs of a dataset have in common."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy import sparse

from segue_model.bulk.errors import BulkError
from segue_model.bulk.gram_blocks import PAIRS, Block, block_gram, cut, pairs_of
from segue_model.bulk.gram_files import FORMAT, MANIFEST, ROWS
from segue_model.bulk.listening import Listening, chunk_of, leave, starts_by_listens
from segue_model.bulk.pieces import PREPARED, Pieces, job_name
from segue_model.data.columns import Ids, Ragged
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.ingest.storage import Folder

LISTENS_OF_A_CHUNK: Final = 4_000_000
SONGS: Final = "songs.parquet"


@dataclass(frozen=True, slots=True)
class GramJob:
    """The Gram matrix by blocks of rows, a piece a block, over so many chunks of listeners.

    `told` is what the manifest says of the dataset; `pairs` are to be counted, `heaviest` of
    them of the listener with the longest history.
    """

    pieces: Pieces
    blocks: tuple[Block, ...]
    chunks: int
    told: dict[str, Any]
    pairs: int
    heaviest: int
    manifest: str = MANIFEST

    def do(self, piece: int) -> None:
        """Leave the rows of a block."""
        folder, block = self.pieces.folder, self.blocks[piece]
        songs = folder.read_table(SONGS)["song"].to_numpy()
        chunks = (_matrix(chunk_of(folder, at), len(songs)) for at in range(self.chunks))
        table = _table(block_gram(chunks, block), songs, block[0])
        self.pieces.result.write_table(self.pieces.file(piece), table)

    def outcome(self) -> dict[str, Any]:
        """Return what the manifest tells."""
        return {**self.told, "entries": self.pieces.rows()}


def gram_job(dataset: Dataset, min_listeners: int, entries: int, work: Folder) -> GramJob:
    """Return the job in blocks of so many entries, having left in `work` what its pieces need.

    Raises: BulkError when no song has `min_listeners`.
    """
    heard = interactions_of(dataset).matrix
    listeners = heard.shape[0]
    columns = np.flatnonzero(np.bincount(heard.indices, minlength=heard.shape[1]) >= min_listeners)
    if not len(columns):
        raise BulkError(dataset.name, f"no song has {min_listeners} listeners or more")
    heard = heard[:, columns]
    told = {
        "format": FORMAT,
        "dataset": dataset.fingerprint,
        "listeners": listeners,
        "songs": len(columns),
        "min_listeners": min_listeners,
    }
    name = job_name("gram", {**told, "cut": (entries, PAIRS, LISTENS_OF_A_CHUNK)})
    chunks = _prepare(work.child(name), heard, dataset.songs.ids[columns])
    pairs, longest = pairs_of(heard), int(np.diff(heard.indptr).max())
    blocks = tuple(cut(pairs, entries))
    pieces = Pieces(work, name, len(blocks))
    return GramJob(pieces, blocks, chunks, told, int(pairs.sum()), longest**2)


def _prepare(folder: Folder, heard: sparse.csr_matrix, songs: Ids) -> int:
    """Leave the songs' ids and the listens by columns; return in how many chunks."""
    rows = Ragged(heard.indptr.astype(np.int64), heard.indices.astype(np.int32))
    starts = starts_by_listens(rows, LISTENS_OF_A_CHUNK)
    if not folder.exists(PREPARED):
        folder.write_table(SONGS, pa.table({"song": songs}))
        leave(folder, Listening(np.arange(len(rows), dtype=np.int32), rows), starts)
        folder.write(PREPARED, b"{}")
    return len(starts)


def _matrix(listening: Listening, songs: int) -> sparse.csr_matrix:
    values, offsets = listening.songs.values, listening.songs.offsets
    ones = np.ones(len(values), np.int32)
    return sparse.csr_matrix((ones, values, offsets), shape=(len(offsets) - 1, songs))


def _table(gram: sparse.csr_matrix, songs: Ids, start: int) -> pa.Table:
    own = start + np.repeat(np.arange(gram.shape[0]), np.diff(gram.indptr))
    columns = [songs[own], songs[gram.indices], gram.data]
    return pa.table(columns, schema=ROWS)
