"""Counts how many listeners each two songs have in common: the Gram matrix X'X of listening."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.learning.workers import Workers


@dataclass(frozen=True, eq=False)
class Gram:
    """The common listeners of W songs, whoever counted them.

    `songs` int32 [W] are rows of the dataset's songs, in order; `rows(n)` yields the matrix [W, W]
    by n rows at a time, integer CSR.
    """

    songs: npt.NDArray[np.int32]
    rows: Callable[[int], Iterator[sparse.csr_matrix]]


def merged(parts: Iterable[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Return the sum of one Gram or more, int32, columns sorted.

    Raises: ValueError when there is none.
    """
    total = None
    for part in parts:
        total = part if total is None else total + part
    if total is None:
        raise ValueError("parts: there is none")
    total.sort_indices()
    return total


def gram_rows(
    matrix: sparse.csr_matrix, songs: int, workers: Workers
) -> Iterator[sparse.csr_matrix]:
    """Yield the Gram of the listeners [U, W] by so many rows at a time, int32, columns unsorted.

    So no more of it is held than is asked for; beside it, the matrix and its transpose are.
    """
    heard = counted(matrix)
    by_song = heard.T.tocsr()
    starts = range(0, heard.shape[1], songs)
    return workers.each(lambda start: by_song[start : start + songs] @ heard, starts)


def counted(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the matrix with the integer 1 for every entry."""
    ones = np.ones(matrix.nnz, np.int32)
    return sparse.csr_matrix((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
