"""Who listened to which songs, as the matrix that collaborative engines learn from."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from segue_model.data.columns import Ids, Listens
from segue_model.data.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """The listens of U listeners to N songs.

    Row i of `matrix`, float32 [U, N] with sorted columns, is of the listener `listeners[i]`, column
    j of the j-th song of the dataset; an entry is the number of plays, at least 1.
    Raises: ValueError when it is anything else.
    """

    listeners: Ids
    matrix: sparse.csr_matrix

    def __post_init__(self) -> None:
        matrix, count = self.matrix, len(self.listeners)
        if matrix.format != "csr" or matrix.dtype != np.float32 or matrix.shape[0] != count:
            raise ValueError(f"matrix: not a float32 CSR matrix of {count} rows")
        if (np.diff(self.listeners) <= 0).any():
            raise ValueError("listeners: not in order, or one of them twice")
        if not matrix.has_canonical_format:
            raise ValueError("matrix: columns out of order, or one of them twice in a row")
        if not (matrix.data >= 1).all():
            raise ValueError("matrix: plays below 1")

    def binary(self) -> sparse.csr_matrix:
        """Return the matrix with 1 for every entry."""
        ones = np.ones_like(self.matrix.data)
        return sparse.csr_matrix(
            (ones, self.matrix.indices, self.matrix.indptr), shape=self.matrix.shape
        )


def interactions_of(dataset: Dataset) -> Interactions:
    """Return the listens of a dataset."""
    return interactions(dataset.listens, dataset.songs.ids)


def interactions(listens: Listens, song_ids: Ids) -> Interactions:
    """Return `listens`, which are in order of listener and song, to songs of `song_ids`."""
    listeners, starts = np.unique(listens.listeners, return_index=True)
    indptr = np.append(starts, len(listens.listeners)).astype(np.int64)
    columns = np.searchsorted(song_ids, listens.songs).astype(np.int32)
    plays = listens.plays.astype(np.float32)
    shape = (len(listeners), len(song_ids))
    return Interactions(listeners, sparse.csr_matrix((plays, columns, indptr), shape=shape))
