"""Products of matrices in pieces so small that BLAS leaves each to the thread that asks for it.

So many threads may ask at once without getting into each other's way, and the sums are the same
bytes on any number of processors.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# OpenBLAS shares out what takes more than 64^3 multiplications.
TILE: Final = 64
# Of so many rows at once the products wait to be added up.
ROWS: Final = 64 * TILE


def product(left: Vectors, right: Vectors) -> Vectors:
    """Return left @ right, [n, d] @ [d, e]."""
    result = np.zeros((len(left), right.shape[1]), np.float32)
    whole = len(left) // TILE * TILE
    for rows in (slice(0, whole), slice(whole, len(left))):
        _add_product(result[rows], left[rows], right)
    return result


def _add_product(result: Vectors, left: Vectors, right: Vectors) -> None:
    """Add left @ right, whose rows are a multiple of `TILE` or fewer than that, to `result`."""
    if not len(left):
        return
    tiles = (-1, min(TILE, len(left)))
    for at in range(0, left.shape[1], TILE):
        part = left[:, at : at + TILE]
        part = part.reshape(*tiles, part.shape[1])
        for to in range(0, right.shape[1], TILE):
            added = part @ right[at : at + TILE, to : to + TILE]
            result[:, to : to + TILE] += added.reshape(len(left), -1)


def gramian(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Return Y'Y of the vectors Y, [d, d]; exactly symmetric."""
    total = np.zeros((vectors.shape[1],) * 2)
    whole = len(vectors) // TILE * TILE
    for start in range(0, whole, ROWS):
        _add_gramian(total, vectors[start : min(start + ROWS, whole)].reshape(-1, TILE, len(total)))
    _add_gramian(total, vectors[None, whole:])
    return total


def _add_gramian(total: npt.NDArray[np.float64], tiles: Vectors) -> None:
    # A copy, or BLAS would know that both are the same and go other ways.
    turned = tiles.copy().swapaxes(1, 2)
    for at in range(0, len(total), TILE):
        for to in range(0, len(total), TILE):
            added = turned[:, at : at + TILE] @ tiles[:, :, to : to + TILE]
            total[at : at + TILE, to : to + TILE] += added.sum(axis=0, dtype=np.float64)
