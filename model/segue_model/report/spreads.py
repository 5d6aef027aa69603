"""How values are spread: their quartiles, and histograms of them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# What lies beyond these quantiles is counted but not drawn: one song of 20 hours would squeeze
# all others into one bar.
DRAWN: Final = (0.002, 0.998)
DOUBLINGS: Final = 30

Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Spread:
    """The least and the largest of some values, and the quartiles; each is one of them."""

    least: float
    low: float
    middle: float
    high: float
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Bin i holds `counts[i]` values from `edges[i]` to below `edges[i + 1]`.

    `beyond` values lie outside of all bins.
    """

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    beyond: int


def spread(values: Values) -> Spread:
    """Return how `values` are spread. Expects at least one value, none NaN."""
    five = np.quantile(values, (0, 0.25, 0.5, 0.75, 1), method="inverted_cdf")
    return Spread(*map(float, five))


def linear_histogram(values: Values, width: float, bins: int) -> Histogram:
    """Return a histogram of bins of `width`, or of its first double that makes do with `bins`.

    Expects at least one value, none NaN.
    """
    exact = values.astype(np.float64)
    low, high = np.quantile(exact, DRAWN, method="inverted_cdf")
    while high // width - low // width >= bins:
        width *= 2
    first, last = int(low // width), int(high // width)
    at = exact // width - first
    drawn = at[(at >= 0) & (at <= last - first)].astype(np.int64)
    counts = np.bincount(drawn, minlength=last - first + 1)
    edges = np.arange(first, last + 2, dtype=np.float64) * width
    return Histogram(edges, counts, len(values) - len(drawn))


def doubling_histogram(values: Values) -> Histogram:
    """Return a histogram whose bins begin at the least value and double, as 1, 2-3, 4-7.

    Expects at least one value, all more than 0.
    """
    exact = values.astype(np.float64)
    unit = max(float(exact.min()), float(exact.max()) * 2.0**-DOUBLINGS)
    at = np.floor(np.log2(exact / unit))
    counts = np.bincount(at[at >= 0].astype(np.int64))
    edges = np.exp2(np.arange(len(counts) + 1)) * unit
    return Histogram(edges, counts, int((at < 0).sum()))
