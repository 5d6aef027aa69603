"""Songs that nobody is known to have listened to: whether engines recommend those too."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from segue_model.evaluation.split import Rows, Split, entries, streams


@dataclass(frozen=True, slots=True, eq=False)
class ColdSplit:
    """The test listeners once more, the listens of the `songs` (rows, in order) kept from engines.

    Binary CSR [B, N]: what is `shown` of each listener, the `warm` targets, and the `cold` ones,
    which are all the cold songs that the listener has listened to.
    """

    songs: Rows
    shown: sparse.csr_matrix
    warm: sparse.csr_matrix
    cold: sparse.csr_matrix


def cold_split(split: Split) -> ColdSplit | None:
    """Return the test listeners with a share of the songs made cold; `None` where none is."""
    count = round(split.plan.cold * len(split.songs))
    if not count:
        return None
    *_, rng = streams(split.plan)
    songs = np.sort(rng.choice(split.songs, count, replace=False))
    shown, targets = split.test.shown, split.test.targets
    is_cold = np.zeros(shown.shape[1], np.bool_)
    is_cold[songs] = True
    left = entries(shown, ~is_cold[shown.indices])
    warm = entries(targets, ~is_cold[targets.indices])
    either = (shown + targets).tocsr()
    either.sort_indices()
    cold = entries(either, is_cold[either.indices])
    asked = np.flatnonzero((np.diff(left.indptr) > 0) & (np.diff(warm.indptr + cold.indptr) > 0))
    return ColdSplit(songs, left[asked], warm[asked], cold[asked])
