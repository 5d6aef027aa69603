"""How well a model did offline, as the evaluation that came with it says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over the listeners asked about, and its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class OfflineMetrics:
    """What a model did for `listeners` held out of its training; `None` is "not measured".

    `protocol` says in words how they were held out, `seed` which they were. The contract's
    `OfflineMetrics` says what each figure is.
    """

    protocol: str
    listeners: int
    recall_at_20: Estimate
    recall_at_50: Estimate
    ndcg_at_100: Estimate
    seed: int
    coverage_at_10: float | None = None
    gini_at_10: float | None = None
    cold_recall_at_20: Estimate | None = None
    popularity_ndcg_at_100: float | None = None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How a model finds the best of all songs.

    `recall_at_10` is the share of the exact first 10 that it finds; `None` when it is exact.
    """

    recall_at_10: float | None = None
