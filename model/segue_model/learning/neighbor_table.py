"""What an item-item model has learned: for each song, which songs it speaks for, and how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Rows: TypeAlias = npt.NDArray[np.int32]
Weights: TypeAlias = npt.NDArray[np.float32]

# Stands where a song has fewer neighbors than the table has columns.
NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class NeighborTable:
    """The neighbors of the W songs that have enough listeners, m or fewer of each.

    songs      int32 [W]: rows of the dataset's songs, ascending
    neighbors  int32 [W, m]: positions in `songs`, of the largest weight by magnitude first, no
               song its own; `NONE` behind the last
    weights    float32 [W, m]: what having listened to the row's song adds to the neighbor's score;
               0 where there is no neighbor

    Raises: ValueError when it is anything else.
    """

    songs: Rows
    neighbors: Rows
    weights: Weights

    def __post_init__(self) -> None:
        count = len(self.songs)
        if (np.diff(self.songs) <= 0).any():
            raise ValueError("songs: not in order, or one of them twice")
        if self.neighbors.shape != self.weights.shape or len(self.neighbors) != count:
            raise ValueError(f"neighbors, weights: not two tables of {count} rows")
        if ((self.neighbors < NONE) | (self.neighbors >= count)).any():
            raise ValueError(f"neighbors: not positions among {count} songs")
        if (self.neighbors == np.arange(count)[:, None]).any():
            raise ValueError("neighbors: a song among its own")
        if not np.isfinite(self.weights).all() or self.weights[self.neighbors == NONE].any():
            raise ValueError("weights: not finite, or not 0 where there is no neighbor")


def scores(table: NeighborTable, history: sparse.csr_matrix) -> Weights:
    """Return the scores of the table's W songs for B listeners, float32 [B, W].

    `history` [B, N] has an entry for each song of the dataset that a listener has played, however
    often. A score is the sum of the weights of the listened songs for the song, 0 for none.
    """
    listened = sparse.csr_matrix(history)[:, table.songs]
    listened.data = np.ones(listened.nnz, np.float32)
    there = table.neighbors != NONE
    indptr = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    shape = (len(table.songs), len(table.songs))
    rows = sparse.csr_matrix((table.weights[there], table.neighbors[there], indptr), shape=shape)
    summed: Weights = (listened @ rows).toarray()
    return summed


def strongest(rows: Sequence[tuple[Rows, Weights]], most: int) -> tuple[Rows, Weights]:
    """Return for each row, of columns and their weights, the `most` largest by magnitude.

    Columns and weights, both [rows, most], the largest first, of equal ones the lower column;
    weights of 0 are left out.
    """
    neighbors = np.full((len(rows), most), NONE, np.int32)
    values = np.zeros((len(rows), most), np.float32)
    for row, (columns, weights) in enumerate(rows):
        best = _largest(np.abs(weights), columns, most)
        neighbors[row, : len(best)] = columns[best]
        values[row, : len(best)] = weights[best]
    return neighbors, values


def entries(rows: sparse.csr_matrix) -> list[tuple[Rows, Weights]]:
    """Return the columns and the values of each row."""
    return [(rows.indices[at:to], rows.data[at:to]) for at, to in pairwise(rows.indptr)]


def _largest(sizes: Weights, columns: Rows, most: int) -> npt.NDArray[np.intp]:
    """Return where the largest sizes above 0 are, in order."""
    least = np.partition(sizes, -most)[-most] if len(sizes) > most else 0
    places = np.flatnonzero((sizes >= least) & (sizes > 0))
    return places[np.lexsort((columns[places], -sizes[places]))][:most]
