"""EASE in closed form: every song foretold by all others."""

from functools import partial
from typing import Final

import numpy as np

from segue_model.data.progress import Progress
from segue_model.learning.gram import Gram
from segue_model.learning.inverse import TILE, Tiles, invert, tile_at, tiles_of
from segue_model.learning.neighbor_table import Rows, Weights, strongest
from segue_model.learning.workers import Workers

# Rows whose largest weights are looked for at a time: a tile holds a whole number of them.
SLAB: Final = 128
# So many rows of each row of tiles are multiplied with their inverse, to see that it is one.
CHECKED: Final = 32
# Up to here weights were found to be right to a hundredth, beyond it they may be anything.
PRECISION: Final = 1.0


def fit_closed(
    gram: Gram,
    regularization: float,
    neighbors: int,
    threads: Workers,
    progress: Progress,
) -> tuple[Rows, Weights]:
    """Return for each of W songs its `neighbors` largest weights, as in `NeighborTable`.

    With P = (X'X + lambda I)⁻¹, having listened to l adds -P[l, s] / P[s, s] to the score of s
    (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019).
    """
    tiles = _ridge(gram, regularization, progress)
    try:
        invert(tiles, threads, progress)
        right = _is_inverse(tiles, gram, regularization)
    except np.linalg.LinAlgError:
        right = False
    if not right:
        raise ValueError(f"regularization: {regularization:g} is too small for these listens")
    count = len(gram.songs)
    pieces: list[tuple[Rows, Weights]] = [strongest([], neighbors)]
    for piece in threads.each(partial(_piece, tiles, neighbors), range(0, count, SLAB)):
        progress("keeping the strongest", (len(pieces) - 1) * SLAB / count)
        pieces.append(piece)
    kept, weights = zip(*pieces, strict=True)
    return np.concatenate(kept), np.concatenate(weights)


def _ridge(gram: Gram, regularization: float, progress: Progress) -> Tiles:
    """Return X'X + lambda I."""
    tiles = tiles_of(len(gram.songs))
    for row, rows in enumerate(gram.rows(TILE)):
        progress("counting common listeners", row * TILE / len(gram.songs))
        counts = rows[:, : (row + 1) * TILE].toarray()
        for column in range(row + 1):
            tiles[row, column][:] = counts[:, column * TILE : (column + 1) * TILE]
        diagonal = tiles[row, row]
        diagonal[np.diag_indices(len(diagonal))] += np.float32(regularization)
    return tiles


def _is_inverse(tiles: Tiles, gram: Gram, regularization: float) -> bool:
    """Return whether `tiles` are the inverse, sign turned, as far as some rows tell."""
    for row, rows in enumerate(gram.rows(TILE)):
        some = rows[:CHECKED]
        parts = [tile_at(tiles, column, row) for column in range(-(-len(gram.songs) // TILE))]
        inverse = -np.vstack([part[:, : some.shape[0]] for part in parts])
        start = row * TILE
        product = some @ inverse + regularization * inverse[start : start + some.shape[0]]
        if not np.abs(product - np.eye(some.shape[0])).max() < PRECISION:
            return False
    return True


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
