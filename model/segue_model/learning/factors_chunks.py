"""Cuts histories into arrays that fit a processor's cache, whatever their lengths."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

# Numbers of a chunk's vectors: 1 MiB, about a core's own cache, and few enough that BLAS does not
# cut a product of them among threads, which would make the sums depend on their number.
CHUNK: Final = 2**18


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """R rows of a matrix: their numbers, and their columns [R, pieces, P].

    Rows shorter than pieces * P are filled up with a column that the matrix does not have, the one
    after the last.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.int32]


def chunks(matrix: sparse.csr_matrix, dimensions: int) -> list[Chunk]:
    """Return the rows of `matrix` that are not empty, those of like length together.

    The vectors of a chunk's columns have at most `CHUNK` numbers, unless it is of one row, which is
    cut into pieces of that size.
    """
    at_most = max(1, CHUNK // dimensions)
    lengths = np.diff(matrix.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    found, end = [], len(order)
    while end > 0:
        longest = int(lengths[order[end - 1]])
        start = max(0, end - max(1, at_most // longest))
        found.append(_chunk(matrix, order[start:end], longest, at_most))
        end = start
    return found


def _chunk(
    matrix: sparse.csr_matrix, rows: npt.NDArray[np.intp], longest: int, at_most: int
) -> Chunk:
    pieces = -(-longest // at_most)
    width = -(-longest // pieces)
    place = np.arange(pieces * width)
    starts, ends = matrix.indptr[rows, None], matrix.indptr[rows + 1, None]
    places = np.minimum(starts + place, len(matrix.indices) - 1)
    columns = np.where(starts + place < ends, matrix.indices[places], matrix.shape[1])
    return Chunk(rows, columns.reshape(len(rows), pieces, width).astype(np.int32))
