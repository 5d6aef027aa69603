"""The Gram matrix as files: Parquet of its upper triangle, and a manifest."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy import sparse

from segue_model.bulk.errors import BulkError
from segue_model.bulk.pieces import PARTS
from segue_model.data.columns import Ids
from segue_model.ingest.storage import Folder

FORMAT: Final = 1
MANIFEST: Final = "gram.json"
# Ids of songs, `song` at most `other`; how many listened to both. In order of song, then other.
ROWS: Final = pa.schema(
    [
        pa.field("song", pa.int32(), nullable=False),
        pa.field("other", pa.int32(), nullable=False),
        pa.field("count", pa.int32(), nullable=False),
    ]
)
_NO_SONGS: Final = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Gram:
    """How many of `listeners` listened to each two songs.

    `songs` are the ids, in order, of the W songs of `min_listeners` or more of a dataset of the
    fingerprint `dataset`. `upper` is the triangle with the diagonal, which is each song's
    listeners, int32 [W, W] with sorted columns; `lower` is its transpose with a diagonal of 0.
    """

    songs: Ids
    upper: sparse.csr_matrix
    lower: sparse.csr_matrix
    listeners: int
    min_listeners: int
    dataset: str

    def rows(self, songs: int) -> Iterator[sparse.csr_matrix]:
        """Yield the whole matrix by so many rows at a time, int32, columns sorted."""
        for start in range(0, len(self.songs), songs):
            rows = slice(start, start + songs)
            yield self.lower[rows] + self.upper[rows]


def read_gram(folder: Folder) -> Gram:
    """Return what `segue-model gram` left in a folder: 16 bytes in memory for an entry there.

    Raises: BulkError when it is none, or not whole; OSError.
    """
    told = _manifest(folder)
    paths = [file.path for file in folder.files(PARTS)]
    songs = np.unique(
        np.concatenate([_NO_SONGS, *(np.unique(_column(folder, path, "song")) for path in paths)])
    )
    upper = _upper(folder, paths, songs, told)
    lower = upper.T.tocsr()
    # Sorted columns of a lower triangle end with the diagonal, which `upper` has already.
    lower.data[lower.indptr[1:] - 1] = 0
    return Gram(songs, upper, lower, told["listeners"], told["min_listeners"], told["dataset"])


def _upper(
    folder: Folder, paths: Sequence[str], songs: Ids, told: dict[str, Any]
) -> sparse.csr_matrix:
    columns, counts = np.empty((2, told["entries"]), np.int32)
    lengths = np.zeros(len(songs) + 1, np.int64)
    filled = 0
    for path in paths:
        song = _column(folder, path, "song")
        part = slice(filled, filled + len(song))
        if len(songs) != told["songs"] or part.stop > len(columns):
            break
        lengths[1:] += np.bincount(np.searchsorted(songs, song), minlength=len(songs))
        columns[part] = np.searchsorted(songs, _column(folder, path, "other"))
        counts[part] = _column(folder, path, "count")
        filled = part.stop
    if filled != told["entries"]:
        raise BulkError(folder.url, f"not whole, or not what its {MANIFEST} tells of")
    shape = (len(songs), len(songs))
    return sparse.csr_matrix((counts, columns, np.cumsum(lengths)), shape=shape)


def _column(folder: Folder, path: str, name: str) -> Ids:
    try:
        column: Ids = folder.read_table(path, [name])[name].to_numpy()
    except (pa.ArrowInvalid, KeyError) as error:
        raise BulkError(f"{folder.url}/{path}", f"cannot be read: {error}") from error
    return column


def _manifest(folder: Folder) -> dict[str, Any]:
    if not folder.exists(MANIFEST):
        raise BulkError(folder.url, f"no {MANIFEST}: not a folder that `segue-model gram` left")
    try:
        told: dict[str, Any] = json.loads(folder.read(MANIFEST))
    except ValueError as error:
        raise BulkError(f"{folder.url}/{MANIFEST}", f"not JSON: {error}") from error
    if told.get("format") != FORMAT:
        found = json.dumps(told.get("format"))
        raise BulkError(f"{folder.url}/{MANIFEST}", f"format: {found} is not known; {FORMAT} is")
    return told
