"""How much being alike is worth, in the scores of an item-item model, measured on its listeners."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.data.interactions import Interactions
from segue_model.learning import neighbor_table, tastes
from segue_model.learning.neighbor_table import NeighborTable

Reals: TypeAlias = npt.NDArray[np.float32]

LISTENERS: Final = 500
# Of whom the scores of all songs are in memory together.
AT_ONCE: Final = 20
# Half of a listener's songs are shown, so that something is left to be foretold.
SHOWN: Final = 0.5
FEWEST_SONGS: Final = 4


def likeness(scores: Reals) -> Reals:
    """Return how alike songs are by their content scores, above 0, and 1 for the same."""
    return np.asarray(np.exp(tastes.SHARPNESS * (scores - 1)), np.float32)


def worth(table: NeighborTable, vectors: Reals, interactions: Interactions, seed: int = 0) -> float:
    """Return how many points of the table's scores go with a likeness of 1; at least 0.

    The slope, through 0, of the scores of songs over their likeness, both for a sample of listeners
    of whom half of the songs are shown, over the songs of the table that are not. 1 where there is
    no such listener. `vectors` float32 [N, d] are of length 1, or 0.
    """
    products = squares = 0.0
    shown = _half(interactions.binary(), seed)
    for start in range(0, shown.shape[0], AT_ONCE):
        some = shown[start : start + AT_ONCE]
        scores = neighbor_table.scores(table, some).astype(np.float64)
        alike = likeness(tastes.scores(vectors, some)[:, table.songs]).astype(np.float64)
        alike[some[:, table.songs].toarray() > 0] = 0
        products += float((scores * alike).sum())
        squares += float((alike**2).sum())
    return max(0.0, products / squares) if squares else 1.0


def _half(listens: sparse.csr_matrix, seed: int) -> sparse.csr_matrix:
    """Return half of the listens of some listeners."""
    rng = np.random.default_rng(seed)
    busy = np.flatnonzero(np.diff(listens.indptr) >= FEWEST_SONGS)
    chosen = rng.permutation(busy)[:LISTENERS]
    some = listens[np.sort(chosen)].tocoo()
    kept = rng.random(some.nnz) < SHOWN
    where = (some.row[kept], some.col[kept])
    return sparse.csr_matrix((np.ones(int(kept.sum()), np.float32), where), shape=some.shape)
