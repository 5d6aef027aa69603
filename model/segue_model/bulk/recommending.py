"""The job that asks a model server for a list of songs for every listener of a dataset."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from segue_model.bulk import lists
from segue_model.bulk.errors import BulkError
from segue_model.bulk.listening import Listening, chunk_of, leave
from segue_model.bulk.model_server import ModelServer
from segue_model.bulk.pieces import PREPARED, Pieces, job_name
from segue_model.bulk.signature import RECOMMEND_BATCHED
from segue_model.data.columns import Ids, Ragged
from segue_model.data.dataset import Dataset
from segue_model.ingest.storage import Folder

FORMAT: Final = 1
MANIFEST: Final = "recommendations.json"
LISTENERS_OF_A_PIECE: Final = 1_024
LISTENERS_OF_A_BATCH: Final = 32
# Contributions come with every answer, songs times listened songs a listener: a batch has fewer
# listeners where they would be more than this, some 12 MB as JSON.
CONTRIBUTIONS_OF_A_BATCH: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ListsJob:
    """Lists of `k` songs, with reasons where they shall `explain`; a piece is of 1,024 listeners.

    `told` is what the manifest says of the dataset and of the model.
    """

    pieces: Pieces
    server: ModelServer
    k: int
    explain: bool
    told: dict[str, Any]
    manifest: str = MANIFEST

    def do(self, piece: int) -> None:
        """Leave the lists of a piece's listeners, in order of listener and rank."""
        listening = chunk_of(self.pieces.folder, piece)
        tables = [self._asked(batch) for batch in batches(listening, self.k)]
        order = [("listener", "ascending"), ("rank", "ascending")]
        table = pa.concat_tables(tables).sort_by(order)
        self.pieces.result.write_table(self.pieces.file(piece), table)

    def outcome(self) -> dict[str, Any]:
        """Return what the manifest tells."""
        return {**self.told, "rows": self.pieces.rows()}

    def _asked(self, batch: Listening) -> pa.Table:
        outputs = self.server.predict(RECOMMEND_BATCHED, lists.inputs_of(batch, self.k))
        try:
            return lists.table_of(batch, outputs, explain=self.explain)
        except ValueError as error:
            raise BulkError(self.server.url, str(error)) from error


def lists_job(
    dataset: Dataset, server: ModelServer, k: int, work: Folder, *, explain: bool
) -> ListsJob:
    """Return the job, having left in `work` what its pieces need.

    Raises: BulkError when nobody has listened, or the model does not describe itself.
    """
    listening = _listening(dataset)
    listeners = len(listening.listeners)
    if not listeners:
        raise BulkError(dataset.name, "there is no listener in it")
    told = {
        "format": FORMAT,
        "dataset": dataset.fingerprint,
        "listeners": listeners,
        "k": k,
        "explain": explain,
        "model": {"url": server.url, "version": server.version, **server.description()},
    }
    name = job_name("lists", {**told, "cut": LISTENERS_OF_A_PIECE})
    pieces = Pieces(work, name, -(-listeners // LISTENERS_OF_A_PIECE))
    if not pieces.folder.exists(PREPARED):
        leave(pieces.folder, listening, range(0, listeners, LISTENERS_OF_A_PIECE))
        pieces.folder.write(PREPARED, b"{}")
    return ListsJob(pieces, server, k, explain, told)


def batches(listening: Listening, k: int) -> Iterator[Listening]:
    """Yield all listeners in batches of similar histories, which need the least padding."""
    lengths = np.diff(listening.songs.offsets)
    batch: list[int] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        most = CONTRIBUTIONS_OF_A_BATCH // max(1, k * int(lengths[row]))
        if batch and len(batch) >= min(LISTENERS_OF_A_BATCH, most):
            yield _taken(listening, batch)
            batch = []
        batch.append(row)
    if batch:
        yield _taken(listening, batch)


def _taken(listening: Listening, rows: list[int]) -> Listening:
    songs: list[Ids] = [listening.songs[row] for row in rows]
    offsets = np.cumsum([0, *map(len, songs)], dtype=np.int64)
    return Listening(listening.listeners[rows], Ragged(offsets, np.concatenate(songs)))


def _listening(dataset: Dataset) -> Listening:
    listens = dataset.listens
    listeners, starts = np.unique(listens.listeners, return_index=True)
    offsets = np.append(starts, len(listens.songs)).astype(np.int64)
    return Listening(listeners, Ragged(offsets, listens.songs))
