"""What an evaluation found; `docs/evaluation.md` has the same as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue_model.evaluation.metrics import Estimate

PROTOCOL: Final = "strong generalization"
BASELINE: Final = "popular"

# What a model was trained on, as far as its description tells.
TRAINING: Final = "training listeners"
SEEN: Final = "all listeners"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a model carries of its evaluation; recall at 20 of cold songs is among cold songs."""

    protocol: str
    listeners: int
    recall_at_20: Estimate
    recall_at_50: Estimate
    ndcg_at_100: Estimate
    coverage_at_10: float
    gini_at_10: float
    cold_recall_at_20: Estimate | None
    popularity_ndcg_at_100: float
    seed: int


@dataclass(frozen=True, slots=True)
class Beyond:
    """By how much an engine is better than popularity, listener by listener."""

    recall_at_20: Estimate
    recall_at_50: Estimate
    ndcg_at_100: Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """Recall at 20 within a part of the listeners, or of the targets; `count` of them."""

    label: str
    count: int
    recall_at_20: Estimate


@dataclass(frozen=True, slots=True)
class Temperature:
    """Recall at 20 where some songs are cold: of `listeners` with such targets."""

    listeners: int
    recall_at_20: Estimate


@dataclass(frozen=True, slots=True)
class Cold:
    """Warm targets among warm songs, cold ones among cold songs, cold ones among all songs."""

    warm: Temperature | None
    cold: Temperature
    mixed: Temperature


@dataclass(frozen=True, slots=True)
class Trial:
    """What options were worth on the validation listeners; `refused` says why they would not do."""

    options: Mapping[str, object]
    ndcg_at_100: Estimate | None
    recall_at_20: Estimate | None
    fit_seconds: float
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """How long training took, nothing for a model that came trained, and asking for a listener."""

    fit_seconds: float | None
    milliseconds_per_listener: float


@dataclass(frozen=True, slots=True)
class Result:
    """All that was found of one engine or model."""

    name: str
    algorithm: str
    trained_on: str
    options: Mapping[str, object]
    metrics: Metrics
    beyond_popularity: Beyond
    popularity_percentile_at_10: float
    by_history: Sequence[Group]
    by_popularity: Sequence[Group]
    cold: Cold | None
    times: Times
    trials: Sequence[Trial] = ()


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """How large the parts of a split are; shown songs and targets are those of test listeners."""

    songs: int
    training_listeners: int
    training_listens: int
    validation_listeners: int
    test_listeners: int
    dropped_listeners: int
    shown: int
    targets: int
    cold_songs: int
    held_out: float
    min_songs: int
    min_listeners: int
    cold: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Engines compared on one split of one dataset, the baseline first."""

    dataset: str
    fingerprint: str
    seed: int
    split: SplitFacts
    results: Sequence[Result]
