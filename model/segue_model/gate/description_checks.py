"""Checks of what a model says of itself, and of the songs that it has."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

import segue_signature as sig
from segue_model.gate.answer_shapes import SHAPES
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.requests import Request
from segue_model.gate.subject import Subject

Is = Callable[[Any], bool]
SOURCES: Final = (
    sig.SOURCE_CONTENT,
    sig.SOURCE_COLLABORATIVE,
    sig.SOURCE_BLEND,
    sig.SOURCE_POPULAR,
)


def _whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _share(value: object) -> bool:
    number = _whole_number(value) or isinstance(value, float)
    return number and math.isfinite(value) and 0 <= value <= 1  # type: ignore[arg-type,operator]


def _estimate(value: object) -> bool:
    return isinstance(value, dict) and all(
        _share(value.get(part)) for part in ("value", "standard_error")
    )


FIELDS: Final[Mapping[str, tuple[str, Is]]] = {
    "schema": ("2", lambda value: value == sig.DESCRIPTION_SCHEMA_VERSION),
    "algorithm": ("a word", lambda value: isinstance(value, str) and value.strip() != ""),
    "source": ("1 to 4", lambda value: _whole_number(value) and value in SOURCES),
    "explains": ("true or false", lambda value: isinstance(value, bool)),
    "song_count": ("a number of songs", lambda value: _whole_number(value) and value > 0),
    "dataset": ("a text", lambda value: isinstance(value, str)),
    "options": ("an object", lambda value: isinstance(value, dict)),
    "retrieval": ("an object", lambda value: isinstance(value, dict)),
}
METRICS: Final[Mapping[str, tuple[str, Is]]] = {
    "protocol": ("a text", lambda value: isinstance(value, str)),
    "listeners": ("a number", lambda value: _whole_number(value) and value > 0),
    "recall_at_20": ("a value and its standard_error", _estimate),
    "recall_at_50": ("a value and its standard_error", _estimate),
    "ndcg_at_100": ("a value and its standard_error", _estimate),
    "coverage_at_10": ("0 to 1", _share),
    "gini_at_10": ("0 to 1", _share),
    "cold_recall_at_20": ("an object or null", lambda value: value is None or _estimate(value)),
    "popularity_ndcg_at_100": ("0 to 1", _share),
    "seed": ("a whole number", _whole_number),
}


def description(subject: Subject) -> Passed:
    """Compare the JSON object's fields with those of the schema."""
    said = subject.description
    faults = [*_faults("", said, FIELDS), *_further_faults(said)]
    if faults:
        raise Failed("; ".join(faults), {"output": said})
    for schema in (1, sig.DESCRIPTION_SCHEMA_VERSION + 7):
        subject.model.description(schema)
    return Passed(f"{said['algorithm']}, source {said['source']}, {said['song_count']:,} songs")


def song_count(subject: Subject) -> Passed:
    """Compare the number of songs with how many there are."""
    count = subject.song_count
    wanted = min(count + 7, np.iinfo(np.int32).max)
    request = Request((), int(wanted))
    ids = subject.model.rank_one(request).ids
    if len(ids) != count:
        raise Failed(f"says {count:,} songs, has {len(ids):,}", subject.example(request))
    return Passed(f"{count:,} songs")


def dataset(subject: Subject) -> Passed:
    """Compare songs and fingerprint with the dataset's."""
    attributes = subject.known_attributes()
    has, should = set(subject.song_ids.tolist()), set(attributes.songs.ids.tolist())
    if has != should:
        few = {"missing": sorted(should - has)[:5], "too many": sorted(has - should)[:5]}
        raise Failed("its songs are not those of the dataset", few)
    said = subject.description["dataset"]
    if attributes.fingerprint and said != attributes.fingerprint:
        compared = {"model": said, "dataset": attributes.fingerprint}
        raise Failed("names the fingerprint of another dataset", compared)
    return Passed("same songs, same fingerprint")


def _faults(place: str, said: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[str]:
    for name, (wanted, holds) in fields.items():
        if name not in said:
            yield f"{place}{name} is missing"
        elif not holds(said[name]):
            yield f"{place}{name} is {said[name]!r}, not {wanted}"


def _further_faults(said: Mapping[str, Any]) -> Iterator[str]:
    retrieval, metrics = said.get("retrieval"), said.get("metrics", "missing")
    if isinstance(retrieval, dict):
        form = retrieval.get("form")
        if form not in ("exact", "approximate"):
            yield f"retrieval.form is {form!r}, not 'exact' or 'approximate'"
        if form == "approximate" and not _share(retrieval.get("recall_at_10")):
            yield "retrieval.recall_at_10 is not 0 to 1"
    if isinstance(metrics, dict):
        yield from _faults("metrics.", metrics, METRICS)
    elif metrics is not None:
        yield f"metrics is {metrics!r}, not an object or null"


CHECKS: Final = (
    Check(
        "description",
        "describe_engine answers with a JSON object that has every field of schema 2.",
        "Compare the fields with docs/signature.md, describe_engine.",
        description,
        ("signatures",),
    ),
    SHAPES,
    Check(
        "song-count",
        "song_count is the number of songs: so many come to who wants more.",
        "A listener of nothing who wants more songs than there are must get each once.",
        song_count,
        ("answer-shapes",),
    ),
    Check(
        "dataset",
        "The model has the songs of the dataset, and names its fingerprint.",
        "Check against the dataset that it was trained on, or train it again.",
        dataset,
        ("song-count",),
    ),
)
