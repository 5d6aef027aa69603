"""Inverts large symmetric matrices in place, on all processors, the same bytes on any number."""

from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from segue_model.data.progress import Progress
from segue_model.learning.workers import Workers

Square: TypeAlias = npt.NDArray[np.float32]
# The tiles on and below the diagonal, by row and column; tile (i, j) stands for (j, i), too.
Tiles: TypeAlias = dict[tuple[int, int], Square]

# The multiplication of two such tiles is as fast as it gets, and one fits the cache.
TILE: Final = 1024


def tiles_of(size: int) -> Tiles:
    """Return a symmetric matrix [size, size] of zeros, half of it held in 2 x size x size bytes."""
    lengths = [end - start for start, end in pairwise([*range(0, size, TILE), size])]
    return {
        (row, column): np.zeros((lengths[row], lengths[column]), np.float32)
        for row in range(len(lengths))
        for column in range(row + 1)
    }


def invert(tiles: Tiles, workers: Workers, progress: Progress) -> None:
    """Make a positive definite matrix its inverse with the sign turned.

    A tile of the diagonal after the other is swept (Goodnight, A Tutorial on the SWEEP Operator,
    1979): with D the swept tile and C the column of tiles beside it, D becomes -D⁻¹, C becomes
    C D⁻¹ and all else loses C D⁻¹ C'. That is as much work as by Cholesky's way, all but a little
    of it in multiplications of tiles. Raises: numpy.linalg.LinAlgError for a singular matrix.
    """
    count = max((row + 1 for row, _ in tiles), default=0)
    for pivot in range(count):
        progress("inverting", pivot / count)
        _sweep(tiles, pivot, count, workers)
    progress("inverting", 1.0)


def tile_at(tiles: Tiles, row: int, column: int) -> Square:
    """Return the part of the matrix that stands there, on either side of the diagonal."""
    return tiles[row, column] if row >= column else tiles[column, row].T


def _sweep(tiles: Tiles, pivot: int, count: int, workers: Workers) -> None:
    # The one step that is not shared out is small enough to be exact to more digits.
    swept = np.linalg.inv(tiles[pivot, pivot].astype(np.float64)).astype(np.float32)
    rows = [row for row in range(count) if row != pivot]
    beside = {row: tile_at(tiles, row, pivot) for row in rows}
    scaled = dict(zip(rows, workers.each(lambda row: beside[row] @ swept, rows), strict=True))

    def lose(place: tuple[int, int]) -> None:
        row, column = place
        tiles[place] -= scaled[row] @ beside[column].T

    for _ in workers.each(lose, [place for place in tiles if pivot not in place]):
        pass
    for row in rows:
        if row > pivot:
            tiles[row, pivot] = scaled[row]
        else:
            tiles[pivot, row] = np.ascontiguousarray(scaled[row].T)
    tiles[pivot, pivot] = -swept
