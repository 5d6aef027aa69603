"""How the values of each feature column are spread, and how far its outliers lie."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Features, Numbers

# The least, the outer 1 %, the quartiles, the largest.
QUANTILES: Final = (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
FAR: Final = 4  # in standard deviations from the mean
COLUMNS_AT_ONCE: Final = 8

Figures = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureColumns:
    """A row for each of d columns: `quantiles` [d, 7]; `far` is the share of songs beyond FAR.

    `furthest` is the distance of the furthest value from the mean, in standard deviations, 0 for
    a column of one value. `silent` songs have no feature but 0.
    """

    names: tuple[str, ...]
    quantiles: Figures
    means: Figures
    deviations: Figures
    far: Figures
    furthest: Figures
    silent: int

    def most_outlying(self, count: int) -> list[int]:
        """Return the columns with the furthest values, the furthest first."""
        order = np.argsort(-self.furthest, kind="stable")[:count]
        return [int(column) for column in order if self.furthest[column] > 0]

    @property
    def constant(self) -> list[str]:
        """The columns that have one value only."""
        flat = self.quantiles[:, 0] == self.quantiles[:, -1]
        return [name for name, same in zip(self.names, flat, strict=True) if same]


def feature_columns(features: Features) -> FeatureColumns:
    """Return how the columns of `features` are spread; there must be a song."""
    rows = [row for block in _blocks(features.values) for row in map(_figures, block)]
    table = np.array(rows).reshape(-1, len(QUANTILES) + 4)
    quantiles, (means, deviations, far, furthest) = table[:, :-4], table[:, -4:].T
    silent = int((~features.values.any(axis=1)).sum())
    return FeatureColumns(features.columns, quantiles, means, deviations, far, furthest, silent)


def runs(names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield what neighboring columns are numbered under, the first of them and their number.

    A column on its own goes by its whole name.
    """
    stems = [re.sub(r"(_\d+)+$", "", name) for name in names]
    start = 0
    for stem, run in groupby(stems):
        length = len(list(run))
        yield stem if length > 1 else names[start], start, length
        start += length


def _blocks(values: Numbers) -> Iterator[Numbers]:
    """Yield the columns as rows: one at a time would go through all of the memory each time."""
    for start in range(0, values.shape[1], COLUMNS_AT_ONCE):
        yield np.ascontiguousarray(values[:, start : start + COLUMNS_AT_ONCE].T)


def _figures(column: Numbers) -> list[float]:
    last = len(column) - 1
    places = [round(share * last) for share in QUANTILES]
    quantiles = np.partition(column, sorted(set(places)))[places].astype(float)
    mean = float(column.mean(dtype=np.float64))
    distances = np.abs(column.astype(np.float64) - mean)
    deviation = float(np.sqrt(np.mean(distances**2)))
    if quantiles[0] == quantiles[-1]:
        return [*quantiles, mean, 0.0, 0.0, 0.0]
    far, furthest = float((distances > FAR * deviation).mean()), float(distances.max())
    return [*quantiles, mean, deviation, far, furthest / deviation]
