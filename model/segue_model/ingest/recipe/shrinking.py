"""The rule for unknown values: what a song's artist, its genre and all songs are like."""

import numpy as np

from segue_model.ingest.recipe.columns import Ids, Values
from segue_model.ingest.recipe.moments import Counts, Sums


def doubt(groups: Sums) -> Values:
    """Return how many known values of a group its mean needs to count half, [d].

    That is the variance within groups by the variance between them, each estimated by the method
    of moments for one-way random effects (Searle, Casella and McCulloch, Variance Components,
    1992, section 3.6). Infinite where groups do not differ, or where nothing tells.
    """
    moments = groups.moments
    number = np.maximum(moments.counts, 1)
    groups_of = (groups.counts > 0).sum(axis=0)
    apart = np.where(groups.counts > 0, groups.means() - moments.means, 0.0)
    between = (groups.counts * apart**2).sum(axis=0)
    tells = (groups_of > 1) & (number > groups_of) & (moments.deviations() > 0)
    within = np.maximum(moments.squares - between, 0) / np.where(tells, number - groups_of, 1)
    size = number - (groups.counts.astype(np.float64) ** 2).sum(axis=0) / number
    excess = between - np.where(tells, groups_of - 1, 0) * within
    return np.divide(
        within * size, excess, out=np.full(len(size), np.inf), where=tells & (excess > 0)
    )


def shrunken(means: Values, counts: Counts, doubts: Values, wider: Values) -> Values:
    """Return what is expected of a value, [n, d]: the mean of its group, drawn to a wider one's.

    A mean of n known values counts n / (n + doubt), `wider` the rest; `means` are NaN where n is 0.
    """
    trust = np.where(counts > 0, counts / np.where(counts > 0, counts + doubts, 1), 0.0)
    return wider + trust * (np.where(counts > 0, means, wider) - wider)


def rows_of(ids: Ids, wanted: Ids) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return where each wanted id stands in `ids`, which are in order; -1 where it does not."""
    if not len(ids):
        return np.full(len(wanted), -1, np.intp)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)
