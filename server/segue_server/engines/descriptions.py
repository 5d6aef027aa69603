"""What a model says of itself in `describe_engine`, read as docs/signature.md spells it."""

import json
import math
from typing import Any

import segue_signature as sig
from segue_server.domain.evaluation import Estimate, OfflineMetrics, Retrieval
from segue_server.domain.model import EngineInfo, Source

SOURCES = {
    sig.SOURCE_CONTENT: Source.CONTENT,
    sig.SOURCE_COLLABORATIVE: Source.COLLABORATIVE,
    sig.SOURCE_BLEND: Source.BLEND,
    sig.SOURCE_POPULAR: Source.POPULAR,
}
# How a model finds songs, by the word for it.
EXACT, APPROXIMATE = "exact", "approximate"
# What the contract's integers hold.
INT32 = range(-(2**31), 2**31)


def engine_info(version: str, description: str) -> EngineInfo:
    """Return what the JSON text says; schema 1 knew neither metrics nor retrieval.

    Raises: LookupError, ValueError, TypeError where it is not of the form.
    """
    said = json.loads(description)
    return EngineInfo(
        version=text(version),
        algorithm=text(said["algorithm"]),
        source=SOURCES[_int(said["source"])],
        song_count=_int(said["song_count"]),
        explains=bool(said["explains"]),
        dataset=text(said["dataset"]),
        metrics=_metrics(said["metrics"]) if said.get("metrics") else None,
        retrieval=_retrieval(said["retrieval"]) if said.get("retrieval") else None,
    )


def text(value: object) -> str:
    """Return a value as text that can travel; raise ValueError for half a character of UTF-16."""
    said = str(value)
    said.encode()
    return said


def _metrics(said: dict[str, Any]) -> OfflineMetrics:
    cold = said["cold_recall_at_20"]
    return OfflineMetrics(
        protocol=text(said["protocol"]),
        listeners=_int(said["listeners"]),
        recall_at_20=_estimate(said["recall_at_20"]),
        recall_at_50=_estimate(said["recall_at_50"]),
        ndcg_at_100=_estimate(said["ndcg_at_100"]),
        seed=_int(said["seed"]),
        coverage_at_10=_number(said["coverage_at_10"]),
        gini_at_10=_number(said["gini_at_10"]),
        cold_recall_at_20=_estimate(cold) if cold else None,
        popularity_ndcg_at_100=_number(said["popularity_ndcg_at_100"]),
    )


def _estimate(said: dict[str, Any]) -> Estimate:
    return Estimate(_number(said["value"]), _number(said["standard_error"]))


def _retrieval(said: dict[str, Any]) -> Retrieval:
    if said["form"] not in (EXACT, APPROXIMATE):
        raise ValueError(f"{said['form']!r} is no form of retrieval")
    return Retrieval(_number(said["recall_at_10"]) if said["form"] == APPROXIMATE else None)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no integer")
    if value not in INT32:
        raise ValueError("an integer is no int32")
    return value
