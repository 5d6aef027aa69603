"""Makes the page of an evaluation: tables and pictures in one file that needs no other."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from segue_model.evaluation.page import pictures, words
from segue_model.evaluation.results import BASELINE, TRAINING, Evaluation, Result
from segue_model.evaluation.table import in_errors, label
from segue_model.report.templating import environment

PACKAGE: Final = "segue_model.evaluation.page"


def render(evaluation: Evaluation) -> str:
    """Return the page; the same evaluation makes the same text."""
    templates = environment(PACKAGE)
    wordings = (words.fraction, words.with_error, words.settings, in_errors, label)
    templates.filters.update({wording.__name__: wording for wording in wordings})
    return templates.get_template("evaluation.html").render(_content(evaluation))


def _content(evaluation: Evaluation) -> Mapping[str, Any]:
    results = evaluation.results
    return {
        "evaluation": evaluation,
        "facts": evaluation.split,
        "results": results,
        "baseline": BASELINE,
        "best": _best(results),
        "popular": results[0],
        "accuracy": list(pictures.accuracy(results)),
        "breadth": pictures.breadth(results),
        "by_history": list(pictures.by_history(results)),
        "by_popularity": list(pictures.by_popularity(results)),
        "cold": list(pictures.cold(results)),
        "searches": list(pictures.searches(results)),
    }


def _best(results: Sequence[Result]) -> Result:
    """Return the most accurate of those that have not met the listeners, maybe the baseline."""
    fair = [one for one in results if one.trained_on == TRAINING]
    return max(fair, key=lambda one: one.metrics.ndcg_at_100.value)
