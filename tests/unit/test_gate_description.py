"""A field of the description that is missing or not as the schema says fails, and is named."""

import re
from collections.abc import Iterator

import pytest

from gate_toy import Toy
from gate_use import few_requests, opened_toy
from segue_model.gate.description_checks import description
from segue_model.gate.errors import Failed
from segue_model.gate.subject import Subject

ESTIMATE = {"value": 0.3, "standard_error": 0.01}
METRICS = {
    "protocol": "strong generalization",
    "listeners": 500,
    "recall_at_20": ESTIMATE,
    "recall_at_50": ESTIMATE,
    "ndcg_at_100": ESTIMATE,
    "coverage_at_10": 0.5,
    "gini_at_10": 1,
    "cold_recall_at_20": None,
    "popularity_ndcg_at_100": 0.05,
    "seed": 7,
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return opened_toy(tmp_path_factory.getbasetemp()).toy


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return opened_toy(tmp_path_factory.getbasetemp()).subject


@pytest.fixture
def subject(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    with few_requests(opened, monkeypatch) as subject:
        yield subject


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"schema": 1}, "schema is 1, not 2"),
        ({"algorithm": " "}, "algorithm"),
        ({"source": 5}, "source is 5, not 1 to 4"),
        ({"source": True}, "source is True"),
        ({"explains": 1}, "explains is 1, not true or false"),
        ({"song_count": 0}, "song_count is 0"),
        ({"dataset": None}, "dataset is None, not a text"),
        ({"options": []}, "options"),
        ({"retrieval": "exact"}, "retrieval"),
        ({"retrieval": {}}, "retrieval.form is None"),
        ({"retrieval": {"form": "approximate"}}, "retrieval.recall_at_10"),
        ({"retrieval": {"form": "approximate", "recall_at_10": 1.5}}, "retrieval.recall_at_10"),
        ({"metrics": []}, "metrics is [], not an object or null"),
        ({"metrics": {**METRICS, "seed": 0.5}}, "metrics.seed"),
        ({"metrics": {**METRICS, "gini_at_10": -0.1}}, "metrics.gini_at_10"),
        ({"metrics": {**METRICS, "ndcg_at_100": 0.3}}, "metrics.ndcg_at_100"),
        ({"metrics": {**METRICS, "ndcg_at_100": {"value": 0.3}}}, "metrics.ndcg_at_100"),
        ({"metrics": METRICS}, None),
        ({"retrieval": {"form": "approximate", "recall_at_10": 1.0}}, None),
        ({"more": "of a later schema"}, None),
    ],
)
def test_each_field_of_the_description_is_looked_at(
    subject: Subject, toy: Toy, changed: dict[str, object], what: str | None
) -> None:
    subject.__dict__["description"] = toy.description() | changed
    if what is None:
        description(subject)
    else:
        with pytest.raises(Failed, match=re.escape(what)):
            description(subject)


@pytest.mark.parametrize("field", ["schema", "options", "retrieval", "metrics", "song_count"])
def test_a_field_that_is_missing_is_told(subject: Subject, toy: Toy, field: str) -> None:
    said = toy.description()
    del said[field]
    subject.__dict__["description"] = said
    with pytest.raises(Failed, match=field):
        description(subject)
