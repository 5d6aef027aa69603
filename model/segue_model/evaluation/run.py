"""Puts together what is found of each engine and model: all meet the same listeners."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from segue_model.data.progress import Progress
from segue_model.evaluation.asking import Answers, Contender, ask, ask_cold, trained
from segue_model.evaluation.material import Material, facts
from segue_model.evaluation.metrics import (
    coverage,
    estimate,
    gini,
    mean_percentile,
    times_recommended,
)
from segue_model.evaluation.recommenders import Recommender
from segue_model.evaluation.results import (
    BASELINE,
    PROTOCOL,
    TRAINING,
    Cold,
    Evaluation,
    Metrics,
    Result,
    Times,
    Trial,
)
from segue_model.evaluation.scoring import Accuracy, accuracy, by_history, by_popularity
from segue_model.evaluation.search import search

SHORTLIST: Final = 10


@dataclass(frozen=True, slots=True)
class Outsider:
    """A model that came trained, on data that `trained_on` names."""

    recommender: Recommender
    trained_on: str


@dataclass(frozen=True, slots=True)
class Field:
    """Who competes: engines, popularity among them, and models. `trials` of 0 is no search."""

    contenders: Sequence[Contender]
    outsiders: Sequence[Outsider] = ()
    trials: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What is found of one before it is compared."""

    name: str
    algorithm: str
    trained_on: str
    options: Mapping[str, object]
    answers: Answers
    accuracy: Accuracy
    cold: Cold | None
    fit_seconds: float | None
    trials: Sequence[Trial] = ()


def evaluate(material: Material, field: Field, progress: Progress) -> Evaluation:
    """Return what was found on the test listeners, the popularity baseline first.

    Raises: EvaluationError.
    """
    first = sorted(field.contenders, key=lambda one: one.name != BASELINE)
    judged = [_engine(one, material, field.trials, _of(one.name, progress)) for one in first]
    judged += [
        _model(one, material, _of(one.recommender.name, progress)) for one in field.outsiders
    ]
    return Evaluation(
        dataset=material.whole.name,
        fingerprint=material.whole.fingerprint,
        seed=material.split.plan.seed,
        split=facts(material),
        results=[_result(one, judged[0].accuracy, material) for one in judged],
    )


def _engine(contender: Contender, material: Material, trials: int, progress: Progress) -> _Judged:
    ids, made = material.whole.songs.ids, list[Trial]()
    if trials and contender.engine.search:
        found = search(contender, material, trials, progress)
        contender, made = found.contender, found.trials
    best = trained(contender, material.training, ids, progress)
    answers = ask(best.recommender, material.split.test.shown, progress)
    return _Judged(
        name=contender.name,
        algorithm=best.recommender.algorithm,
        trained_on=TRAINING,
        options=asdict(contender.options),
        answers=answers,
        accuracy=accuracy(answers.recommended, material.split.test),
        cold=_cold(contender, material, progress),
        fit_seconds=best.seconds,
        trials=made,
    )


def _cold(contender: Contender, material: Material, progress: Progress) -> Cold | None:
    if material.cold is None or material.cold_training is None:
        return None
    made = trained(contender, material.cold_training, material.whole.songs.ids, progress)
    return ask_cold(made.recommender, material.cold, material.split.songs, progress)


def _model(one: Outsider, material: Material, progress: Progress) -> _Judged:
    recommender = one.recommender
    answers = ask(recommender, material.split.test.shown, progress)
    return _Judged(
        name=recommender.name,
        algorithm=recommender.algorithm,
        trained_on=one.trained_on,
        options=recommender.options,
        answers=answers,
        accuracy=accuracy(answers.recommended, material.split.test),
        cold=None,
        fit_seconds=None,
    )


def _result(one: _Judged, baseline: Accuracy, material: Material) -> Result:
    recommended, test = one.answers.recommended, material.split.test
    songs = material.split.songs
    listens = material.listens[songs]
    times = times_recommended(recommended, len(material.listens), SHORTLIST)[songs]
    figures = one.accuracy
    metrics = Metrics(
        protocol=PROTOCOL,
        listeners=len(test),
        recall_at_20=estimate(figures.recall_at_20),
        recall_at_50=estimate(figures.recall_at_50),
        ndcg_at_100=estimate(figures.ndcg_at_100),
        coverage_at_10=coverage(times),
        gini_at_10=gini(times),
        cold_recall_at_20=one.cold.cold.recall_at_20 if one.cold else None,
        popularity_ndcg_at_100=estimate(baseline.ndcg_at_100).value,
        seed=material.split.plan.seed,
    )
    return Result(
        name=one.name,
        algorithm=one.algorithm,
        trained_on=one.trained_on,
        options=one.options,
        metrics=metrics,
        beyond_popularity=figures.beyond(baseline),
        popularity_percentile_at_10=mean_percentile(times, listens.astype(float)),
        by_history=by_history(figures.recall_at_20, test),
        by_popularity=by_popularity(recommended, test, material.listens),
        cold=one.cold,
        times=Times(one.fit_seconds, one.answers.milliseconds_per_listener),
        trials=one.trials,
    )


def _of(name: str, progress: Progress) -> Progress:
    return lambda step, share: progress(f"{name}: {step}", share)
