"""An evaluation made up, for tests of what shows evaluations."""

from dataclasses import replace

from segue_model.evaluation.metrics import Estimate
from segue_model.evaluation.results import (
    BASELINE,
    PROTOCOL,
    SEEN,
    TRAINING,
    UNKNOWN,
    Beyond,
    Cold,
    Evaluation,
    Group,
    Metrics,
    Result,
    SplitFacts,
    Temperature,
    Times,
    Trial,
)

FACTS = SplitFacts(
    songs=1200,
    training_listeners=900,
    training_listens=20_000,
    validation_listeners=100,
    test_listeners=98,
    dropped_listeners=2,
    shown=2_345,
    targets=567,
    cold_songs=120,
    held_out=0.1,
    min_songs=5,
    min_listeners=0,
    cold=0.1,
)


def result(name: str, worth: float, **given: object) -> Result:
    """Return a result whose NDCG is `worth` and whose other figures follow from it."""
    about = Estimate(worth, 0.01)
    metrics = Metrics(
        PROTOCOL,
        98,
        Estimate(worth * 0.9, 0.012),
        Estimate(worth * 1.1, 0.011),
        about,
        worth / 2,
        1 - worth,
        Estimate(worth / 4, 0.005),
        0.1,
        98_765,
    )
    groups = [
        Group(label, 49, Estimate(worth * part, 0.02)) for label, part in (("1-4", 0.5), ("5-9", 1))
    ]
    cold = Cold(*(Temperature(97, Estimate(worth * part, 0.01)) for part in (0.8, 0.4, 0.1)))
    made = Result(
        name=name,
        algorithm=f"algorithm of {name}",
        trained_on=TRAINING,
        options={},
        metrics=metrics,
        beyond_popularity=Beyond(*[Estimate(worth - 0.1, 0.01 if worth != 0.1 else 0.0)] * 3),
        popularity_percentile_at_10=0.9,
        by_history=groups,
        by_popularity=groups,
        cold=cold,
        times=Times(1.25, 0.75),
    )
    return replace(made, **given)  # type: ignore[arg-type]


def evaluation() -> Evaluation:
    """Return popularity, an engine that was searched for, a worse one, and two models."""
    trials = [
        Trial({"shrink": 1.0, "form": "auto"}, Estimate(0.21, 0.01), Estimate(0.2, 0.01), 0.5),
        Trial({"shrink": -1.0, "form": "auto"}, None, None, 0.0, "shrink: below 0"),
        Trial({"shrink": 3.0, "form": "auto"}, Estimate(0.29, 0.01), Estimate(0.2, 0.01), 0.5),
    ]
    outside = {"times": Times(None, 0.5), "cold": None}
    results = [
        result(BASELINE, 0.1),
        result("item-item", 0.3, options=trials[2].options, trials=trials),
        result("content", 0.05, cold=None),
        result("item-item/7", 0.4, trained_on=SEEN, **outside),
        result("mine", 0.2, trained_on=UNKNOWN, **outside),
    ]
    return Evaluation("a <sample>", "f" * 64, 98_765, FACTS, results)
