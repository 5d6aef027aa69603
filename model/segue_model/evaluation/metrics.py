"""The figures of merit, over whole matrices at once.

Recall and NDCG are those of Liang et al. (2018): recall at R is divided by the smaller of R and the
number of targets, NDCG is binary and its ideal is cut off at the same rank.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.stats import rankdata

Recommended = npt.NDArray[np.int64]  # [B, K] columns of the targets, best first; -1 is none
Hits = npt.NDArray[np.bool_]  # [B, K]
Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error; 0 where there is one value only."""

    value: float
    standard_error: float


def estimate(values: Values) -> Estimate:
    """Return the mean of the values of listeners; there must be some."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return Estimate(float(values.mean()), float(error))


def difference(ours: Values, theirs: Values) -> Estimate:
    """Return by how much `ours` is better, listener by listener."""
    return estimate(ours - theirs)


def hits(recommended: Recommended, targets: sparse.csr_matrix) -> Hits:
    """Return whether each recommended song is one of the listener's targets, CSR [B, N]."""
    keys = target_keys(targets)
    asked = np.arange(len(recommended))[:, np.newaxis] * targets.shape[1] + recommended
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    found: Hits = (keys[place] == asked) & (recommended >= 0)
    return found


def target_keys(targets: sparse.csr_matrix) -> Counts:
    """Return a number for each listener and target, in order."""
    return owners(targets) * targets.shape[1] + targets.indices


def owners(matrix: sparse.csr_matrix) -> Counts:
    """Return the row of each entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def recall(found: Hits, targets: sparse.csr_matrix, cutoff: int) -> Values:
    """Return recall at `cutoff` of each listener, 0 to 1; each has a target."""
    possible = np.minimum(cutoff, np.diff(targets.indptr))
    return np.asarray(found[:, :cutoff].sum(axis=1) / possible, np.float64)


def ndcg(found: Hits, targets: sparse.csr_matrix, cutoff: int) -> Values:
    """Return the normalized discounted cumulative gain of each listener, 0 to 1."""
    gains = 1 / np.log2(np.arange(2, cutoff + 2))
    ideal = np.cumsum(gains)[np.minimum(cutoff, np.diff(targets.indptr)) - 1]
    # Summed along ranks, whose number is the same for all: order, and so the last bit, is fixed.
    dcg = (found[:, :cutoff] * gains[: found[:, :cutoff].shape[1]]).sum(axis=1)
    return np.asarray(dcg / ideal, np.float64)


def times_recommended(recommended: Recommended, songs: int, cutoff: int) -> Counts:
    """Return to how many listeners each of N songs is recommended within `cutoff`."""
    top = recommended[:, :cutoff]
    return np.bincount(top[top >= 0], minlength=songs)


def coverage(times: Counts) -> float:
    """Return the share of songs that are recommended to anybody."""
    return float((times > 0).mean())


def gini(times: Counts) -> float:
    """Return how unevenly recommendations fall on songs: 0 is evenly, nearly 1 all on one song."""
    total = times.sum()
    if not total:
        return 0.0
    ranks = np.arange(1, len(times) + 1)
    return float(2 * (ranks * np.sort(times)).sum() / (len(times) * total) - 1 - 1 / len(times))


def percentiles(popularity: Values) -> Values:
    """Return the share of the other songs that are less popular, equal ones half, 0 to 1."""
    if len(popularity) == 1:
        return np.zeros(1)
    return np.asarray((rankdata(popularity) - 1) / (len(popularity) - 1), np.float64)


def mean_percentile(times: Counts, popularity: Values) -> float:
    """Return how popular recommended songs are: their mean percentile, 0.5 for any at random."""
    total = times.sum()
    return float((times * percentiles(popularity)).sum() / total) if total else 0.0
