"""Sums that tell means and deviations, of all songs and by group, and that can be added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from segue_model.ingest.recipe.columns import Ids, Values

# A constant column keeps the rounding of its mean as "deviation": nothing to divide by.
VARIES: Final = 1e-9

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """How many values of d columns are known, their mean, the squares about it summed; each [d]."""

    counts: Counts
    means: Values
    squares: Values

    @classmethod
    def of(cls, values: npt.NDArray[np.floating]) -> Self:
        """Return the moments of rows [n, d], NaN where unknown; a column without any has mean 0."""
        values = values.astype(np.float64)
        known = ~np.isnan(values)
        counts = known.sum(axis=0)
        means = np.where(known, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
        squares = (np.where(known, values - means, 0.0) ** 2).sum(axis=0)
        return cls(counts, means, squares)

    def deviations(self) -> Values:
        """Return the standard deviations, [d]; 0 where values differ by rounding only."""
        deviations = np.sqrt(self.squares / np.maximum(self.counts, 1))
        varies = deviations > VARIES * np.maximum(1, np.abs(self.means))
        return np.where(varies, deviations, 0.0)

    def plus(self, other: Self) -> Self:
        """Return the moments of the values of both (Chan, Golub and LeVeque, 1983)."""
        counts = self.counts + other.counts
        share = other.counts / np.maximum(counts, 1)
        apart = other.means - self.means
        return type(self)(
            counts,
            self.means + apart * share,
            self.squares + other.squares + apart**2 * self.counts * share,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """By group: `ids` in order [k]; how many values are known, and their sum, each [k, d].

    `moments` are those of all values that are in a group.
    """

    ids: Ids
    counts: Counts
    sums: Values
    moments: Moments

    @classmethod
    def of(cls, ids: Ids, values: npt.NDArray[np.floating]) -> Self:
        """Return the sums of rows [n, d], NaN where unknown; a group of 0 is none."""
        grouped = ids > 0
        values = values[grouped]
        groups, at = np.unique(ids[grouped], return_inverse=True)
        known = ~np.isnan(values)
        counts = _added(at, known.astype(np.float64), len(groups))
        sums = _added(at, np.where(known, values, 0.0), len(groups))
        return cls(groups, counts.astype(np.int64), sums, Moments.of(values))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the sums of all parts, of which there is at least one, added in their order."""
        every = np.concatenate([part.ids for part in parts])
        groups, at = np.unique(every, return_inverse=True)
        moments = parts[0].moments
        for part in parts[1:]:
            moments = moments.plus(part.moments)
        counts = _added(at, np.concatenate([part.counts for part in parts]), len(groups))
        sums = _added(at, np.concatenate([part.sums for part in parts]), len(groups))
        return cls(groups, counts.astype(np.int64), sums, moments)

    def means(self) -> Values:
        """Return the groups' means, [k, d], NaN where no value is known."""
        unknown = np.full(self.sums.shape, np.nan)
        return np.divide(self.sums, self.counts, out=unknown, where=self.counts > 0)


def _added(at: npt.NDArray[np.intp], values: npt.NDArray[np.generic], groups: int) -> Values:
    """Return the sums of the rows of each group, [groups, d], added in the order of the rows."""
    columns = [np.bincount(at, column, groups) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.zeros((groups, 0))
