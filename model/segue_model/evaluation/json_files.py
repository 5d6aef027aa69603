"""Evaluations as JSON: written whole, read with the place of what is wrong."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.results import Evaluation

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An engine as it was evaluated: its options, and the metrics that its model will carry."""

    options: Mapping[str, object]
    metrics: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EvaluationFile:
    """What a file of an evaluation tells: the dataset's fingerprint, and engines by name."""

    fingerprint: str
    engines: Mapping[str, Evaluated]


def as_json(evaluation: Evaluation) -> str:
    """Return an evaluation as JSON; the same figures make the same text."""
    fields = asdict(evaluation)
    results = fields.pop("results")
    for trial in (trial for result in results for trial in result["trials"]):
        if not trial["refused"]:
            del trial["refused"]
    fields["engines"] = {result.pop("name"): result for result in results}
    return json.dumps({"format": FORMAT, **fields}, indent=2, ensure_ascii=False) + "\n"


def read_evaluation(path: Path) -> EvaluationFile:
    """Return what `segue-model evaluate --json` wrote.

    Whether it is of the dataset at hand is for the caller to see. Models that came trained are left
    out: their metrics are theirs. Raises: EvaluationError naming the file and the field.
    """
    try:
        return _evaluation(_Fields(str(path), "", _load(path)))
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object and where it stands."""

    file: str
    place: str
    values: Mapping[str, Any]

    def get(self, name: str, *kinds: type) -> Any:  # noqa: ANN401 - JSON
        value = self.values.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            found = "missing" if name not in self.values else f"unexpected {json.dumps(value)[:40]}"
            raise EvaluationError(f"{self.file}: {self.place}{name}: {found}")
        return value

    def inside(self, name: str) -> "_Fields":
        return _Fields(self.file, f"{self.place}{name}.", self.get(name, dict))


def _evaluation(fields: _Fields) -> EvaluationFile:
    if fields.get("format", int) != FORMAT:
        raise EvaluationError(
            f"{fields.file}: format: {fields.values['format']}; {FORMAT} is known"
        )
    engines = fields.inside("engines")
    found = {name: engines.inside(name) for name in engines.values}
    return EvaluationFile(
        fields.get("fingerprint", str),
        {name: _evaluated(each) for name, each in found.items() if _was_trained_here(each)},
    )


def _was_trained_here(fields: _Fields) -> bool:
    return fields.inside("times").get("fit_seconds", int, float, type(None)) is not None


def _evaluated(fields: _Fields) -> Evaluated:
    metrics = fields.inside("metrics")
    for name in ("recall_at_20", "recall_at_50", "ndcg_at_100"):
        _check_estimate(metrics.inside(name))
    if metrics.get("cold_recall_at_20", dict, type(None)) is not None:
        _check_estimate(metrics.inside("cold_recall_at_20"))
    for name in ("coverage_at_10", "gini_at_10", "popularity_ndcg_at_100"):
        metrics.get(name, int, float)
    for name in ("listeners", "seed"):
        metrics.get(name, int)
    metrics.get("protocol", str)
    return Evaluated(fields.get("options", dict), metrics.values)


def _check_estimate(fields: _Fields) -> None:
    for name in ("value", "standard_error"):
        fields.get(name, int, float)


def _load(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_bytes().decode())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise EvaluationError(f"{path}: not a JSON object")
    return fields
