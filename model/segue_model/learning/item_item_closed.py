"""EASE in closed form: every song foretold by all others."""

from functools import partial
from typing import Final

import numpy as np
from scipy import sparse

from segue_model.data.progress import Progress
from segue_model.learning.gram import gram_rows
from segue_model.learning.inverse import TILE, Tiles, invert, tile_at, tiles_of
from segue_model.learning.neighbor_table import Rows, Weights, strongest
from segue_model.learning.workers import Workers

# Rows whose largest weights are looked for at a time: a tile holds a whole number of them.
SLAB: Final = 128


def fit_closed(
    heard: sparse.csr_matrix,
    regularization: float,
    neighbors: int,
    threads: Workers,
    progress: Progress,
) -> tuple[Rows, Weights]:
    """Return for each of W songs its `neighbors` largest weights, as in `NeighborTable`.

    With P = (X'X + lambda I)⁻¹, having listened to l adds -P[l, s] / P[s, s] to the score of s
    (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019).
    """
    tiles = _ridge(heard, regularization, threads, progress)
    invert(tiles, threads, progress)
    pieces: list[tuple[Rows, Weights]] = [strongest([], neighbors)]
    for piece in threads.each(partial(_piece, tiles, neighbors), range(0, heard.shape[1], SLAB)):
        progress("keeping the strongest", (len(pieces) - 1) * SLAB / heard.shape[1])
        pieces.append(piece)
    kept, weights = zip(*pieces, strict=True)
    return np.concatenate(kept), np.concatenate(weights)


def _ridge(
    heard: sparse.csr_matrix, regularization: float, threads: Workers, progress: Progress
) -> Tiles:
    """Return X'X + lambda I."""
    tiles = tiles_of(heard.shape[1])
    for row, rows in enumerate(gram_rows(heard, TILE, threads)):
        progress("counting common listeners", row * TILE / heard.shape[1])
        counts = rows[:, : (row + 1) * TILE].toarray()
        for column in range(row + 1):
            tiles[row, column][:] = counts[:, column * TILE : (column + 1) * TILE]
        diagonal = tiles[row, row]
        diagonal[np.diag_indices(len(diagonal))] += np.float32(regularization)
    return tiles


def _piece(tiles: Tiles, neighbors: int, start: int) -> tuple[Rows, Weights]:
    """Return the largest weights of `SLAB` songs, or of as many as there are."""
    row, offset = divmod(start, TILE)
    count = 1 + max(column for column, _ in tiles)
    parts = [tile_at(tiles, row, column)[offset : offset + SLAB] for column in range(count)]
    own = [np.diagonal(tiles[column, column]) for column in range(count)]
    weights = np.hstack(parts) / -np.concatenate(own)
    songs = np.arange(len(weights))
    weights[songs, start + songs] = 0
    every = np.arange(weights.shape[1], dtype=np.int32)
    return strongest([(every, row) for row in weights], neighbors)
