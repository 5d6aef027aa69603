"""A traffic file is taken as a whole, or refused with everything that is wrong with it."""

import json
from typing import Any

import pytest

from segue_server.traffic_settings import (
    HostedModel,
    ServedModel,
    TrafficError,
    parse,
    place_of,
)

GOOD: dict[str, Any] = {
    "engines": {"content": "content", "canary": "content@canary", "popular": "popular"},
    "default": "content",
    "experiment": {"name": "try", "arms": {"content": 90, "canary": 10.5}},
}


def test_all_that_is_said_arrives() -> None:
    told = parse(json.dumps(GOOD).encode())
    assert told.engines == GOOD["engines"]
    assert told.default == "content"
    assert told.experiment
    assert (told.experiment.name, told.experiment.arms) == ("try", {"content": 90, "canary": 10.5})


def test_an_experiment_may_be_left_out() -> None:
    assert parse(b'{"engines": {"a": "b"}, "default": "a"}').experiment is None
    assert parse(b'{"engines": {"a": "b"}, "default": "a", "experiment": null}').experiment is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"engines": {}}, "engines: "),
    ({"engines": {"content": 7}}, "engines.content: "),
    ({"engines": {"content": "a b"}}, "engines.content: 'a b' is not MODEL"),
    ({"engines": {"content": ""}}, "engines.content: "),
    ({"engines": {"con tent": "content"}}, "engines.con tent"),
    ({"engines": {"x" * 101: "content"}}, "engines."),
    ({"default": "tarot"}, "default: 'tarot' is not among the engines"),
    ({"default": None}, "default: "),
    ({"expirement": {}}, "expirement: "),
    ({"experiment": {"arms": {"content": 1}}}, "experiment.name: "),
    ({"experiment": {"name": "try", "arms": {}}}, "experiment.arms: "),
    ({"experiment": {"name": "try", "arms": {"content": -1}}}, "experiment.arms.content: "),
    ({"experiment": {"name": "try", "arms": {"content": "1"}}}, "experiment.arms.content: "),
    ({"experiment": {"name": "try", "arms": {"content": 0}}}, "experiment: the weights"),
    ({"experiment": {"name": "try", "arms": {"content": 1e308, "canary": 1e308}}}, "experiment: "),
    ({"experiment": {"name": "try", "arms": {"tarot": 1}}}, "experiment.arms.tarot: 'tarot'"),
    ({"experiment": {"name": "", "arms": {"content": 1}}}, "experiment.name: "),
]


@pytest.mark.parametrize(("change", "told"), WRONG, ids=[told for _, told in WRONG])
def test_each_field_at_fault_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(TrafficError) as caught:
        parse(json.dumps(GOOD | change).encode())
    assert told in str(caught.value)
    assert "Value error" not in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = GOOD | {"engines": {"content": "a b", "popular": "c d"}, "more": 1}
    with pytest.raises(TrafficError) as caught:
        parse(json.dumps(wrong).encode())
    for field in ("engines.content", "engines.popular", "more"):
        assert field in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"engines: {}",
        b'{"engines": {"a": "x", "a": "y"}, "default": "a"}',
        b"[" * 100_000,
        b'{"engines": {"a": "b"}, "default": "a", "experiment": {"name": "x", "arms": {"a": NaN}}}',
    ],
    ids=lambda content: repr(content[:30]),
)
def test_what_is_no_json_of_the_form_is_refused(content: bytes) -> None:
    with pytest.raises(TrafficError):
        parse(content)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("content", ServedModel("content")),
        ("content@canary", ServedModel("content", "canary")),
        ("grpc://models:8500/content", ServedModel("content", address="models:8500")),
        ("grpc://[::1]:8500/item-item@stable", ServedModel("item-item", "stable", "[::1]:8500")),
        (
            "http://models:8501/v1/models/content/labels/canary:predict",
            HostedModel("http://models:8501/v1/models/content/labels/canary:predict"),
        ),
    ],
)
def test_a_model_is_where_its_text_says(text: str, place: ServedModel | HostedModel) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "content@",
        "@canary",
        "content@a@b",
        "grpc://models/content",
        "grpc://models:0/content",
        "grpc://models:8500/",
        "grpc://models:8500/a/b",
        "grpc://:8500/content",
        "ftp://models/content",
        "https://:predict",
        "https://models/v1/models/content",
    ],
)
def test_a_text_of_no_form_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        place_of(text)
