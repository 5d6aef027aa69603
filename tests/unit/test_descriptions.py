"""What a model says of itself is read whole, or not at all."""

import json
from typing import Any

import pytest

from segue_server.domain.evaluation import Estimate, OfflineMetrics, Retrieval
from segue_server.domain.model import EngineInfo, Source
from segue_server.engines.descriptions import engine_info
from segue_server.engines.models import MALFORMED

METRICS: dict[str, Any] = {
    "protocol": "strong generalization",
    "listeners": 500,
    "recall_at_20": {"value": 0.2, "standard_error": 0.01},
    "recall_at_50": {"value": 0.3, "standard_error": 0.02},
    "ndcg_at_100": {"value": 0.25, "standard_error": 0.015},
    "coverage_at_10": 0.4,
    "gini_at_10": 1,
    "cold_recall_at_20": None,
    "popularity_ndcg_at_100": 0.1,
    "seed": 7,
}
FIRST: dict[str, Any] = {
    "schema": 1,
    "algorithm": "content",
    "source": 1,
    "explains": True,
    "song_count": 10_000,
    "dataset": "f00d",
}
SECOND = FIRST | {
    "schema": 2,
    "options": {"neighbors": 100},
    "retrieval": {"form": "approximate", "recall_at_10": 0.99},
    "metrics": METRICS,
}


def read(said: dict[str, Any]) -> EngineInfo:
    return engine_info("3", json.dumps(said))


def test_a_model_of_schema_1_says_neither_metrics_nor_retrieval() -> None:
    assert read(FIRST) == EngineInfo("3", "content", Source.CONTENT, 10_000, True, "f00d")


def test_all_that_is_said_arrives() -> None:
    info = read(SECOND)
    assert info.retrieval == Retrieval(0.99)
    assert info.metrics == OfflineMetrics(
        protocol="strong generalization",
        listeners=500,
        recall_at_20=Estimate(0.2, 0.01),
        recall_at_50=Estimate(0.3, 0.02),
        ndcg_at_100=Estimate(0.25, 0.015),
        seed=7,
        coverage_at_10=0.4,
        gini_at_10=1.0,
        cold_recall_at_20=None,
        popularity_ndcg_at_100=0.1,
    )


def test_exact_retrieval_needs_no_figure_and_absent_metrics_are_none() -> None:
    info = read(SECOND | {"retrieval": {"form": "exact"}, "metrics": None})
    assert (info.retrieval, info.metrics) == (Retrieval(), None)


def test_cold_songs_have_an_estimate_where_they_were_measured() -> None:
    cold = {"value": 0.05, "standard_error": 0.005}
    info = read(SECOND | {"metrics": METRICS | {"cold_recall_at_20": cold}})
    assert info.metrics
    assert info.metrics.cold_recall_at_20 == Estimate(0.05, 0.005)


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": 9},
        {"source": True},
        {"song_count": "many"},
        {"retrieval": {"form": "by ear"}},
        {"retrieval": {"form": "approximate"}},
        {"metrics": {} | {"protocol": "x"}},
        {"metrics": METRICS | {"recall_at_20": 0.2}},
        {"metrics": METRICS | {"recall_at_20": {"value": "x", "standard_error": 0}}},
        {"metrics": METRICS | {"gini_at_10": float("nan")}},
        {"metrics": METRICS | {"listeners": 1.5}},
        {"song_count": 2**31},
        {"metrics": METRICS | {"listeners": 2**31}},
        {"metrics": METRICS | {"seed": -(2**31) - 1}},
        {"metrics": METRICS | {"protocol": "\ud800"}},
        {"algorithm": "\ud800"},
        {"dataset": "\udfff"},
    ],
    ids=str,
)
def test_what_is_not_of_the_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(MALFORMED):
        read(SECOND | wrong)


def test_the_widest_integers_of_the_contract_are_taken() -> None:
    assert read(SECOND | {"song_count": 2**31 - 1}).song_count == 2**31 - 1


def test_a_version_that_cannot_travel_is_refused() -> None:
    with pytest.raises(MALFORMED):
        engine_info("\udcff", json.dumps(SECOND))
