"""What the OpenAPI document takes out of the contract's comments and descriptors."""

import json
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from openapi import calls, errors, limits, paths, texts
from openapi.contract import Contract
from stack import DESCRIPTORS, OPENAPI

Json = Any
DOCUMENT: Json = json.loads(OPENAPI.read_text(encoding="utf-8"))
INTEGER = {"type": "integer"}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "comment", "found"),
    [
        (INTEGER, "The id of the song, at least 1.", {"minimum": 1}),
        (INTEGER, "0 means 10; more than 100 means 100; negative is an error.", {"minimum": 0}),
        (INTEGER, "Its position; less than 1 is an error.", {"minimum": 1}),
        (INTEGER, "The year, 1 to 9999, not before.", {"minimum": 1, "maximum": 9999}),
        (INTEGER, "The place in the list, from 1.", {}),
        (TEXT, "What was typed, 1 to 200 characters.", {"minLength": 1, "maxLength": 200}),
        (TEXT, "The name, at most 100 characters.", {"maxLength": 100}),
        (TEXT, "Opaque, some 150 characters and 6 more a song.", {}),
        (
            TEXT,
            "The id, 22 letters, digits, `-` and `_`.",
            {"minLength": 22, "maxLength": 22, "pattern": "^[A-Za-z0-9_-]*$"},
        ),
        (
            TEXT,
            "At most, that is at most 64 letters, digits, `-` and `_`.",
            {"minLength": 0, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]*$"},
        ),
        ({**TEXT, "format": "date-time"}, "When, 1 to 3 characters.", {}),
        (
            {"type": "array", "items": INTEGER},
            "The ids, at most 1,000, each at least 1.",
            {"maxItems": 1000, "items": {"type": "integer", "minimum": 1}},
        ),
        (
            {"type": "array", "items": TEXT},
            "Names, at most 20 of at most 100 characters.",
            {"maxItems": 20, "items": {"type": "string", "maxLength": 100}},
        ),
        (
            {"type": "array", "items": {}},
            "The requests, 1 to 100.",
            {"minItems": 1, "maxItems": 100},
        ),
    ],
)
def test_limits_are_read_out_of_comments(schema: Json, comment: str, found: Json) -> None:
    assert limits.of(schema, comment) == found


def test_comments_are_unwrapped_and_lists_kept() -> None:
    comment = (
        " One\n line.\n\n Fails with\n   - ABORTED: it has\n     changed.\n and otherwise not."
    )
    assert texts.unwrapped(comment) == (
        "One line.\n\nFails with\n- ABORTED: it has changed.\n\nand otherwise not."
    )


def test_errors_are_taken_out_of_a_comment() -> None:
    comment = "Does it.\n\nErrors, at first:\n- NOT_FOUND: none; such.\n- ABORTED: changed."
    told = {"NOT_FOUND": "none; such.", "ABORTED": "changed."}
    assert texts.errors_of(comment) == ("Does it.", told)


def test_quoted_names_are_those_of_json() -> None:
    assert (
        texts.json_names("`min_year` of `RETRY` in google_rpc")
        == "`minYear` of `RETRY` in google_rpc"
    )


def test_a_nested_variable_is_short_in_the_path() -> None:
    assert paths.json_path("/v1/a/{playlist.playlist_id}:go") == "/v1/a/{playlistId}:go"


def test_what_the_service_says_of_all_its_calls_is_among_the_responses_of_each() -> None:
    found = errors.responses({"NOT_FOUND": "none."}, "- UNAUTHENTICATED: nobody.", "/v1/a")
    assert found["404"]["description"] == "NOT_FOUND: none."
    assert "401" in found
    assert "409" not in found


def test_every_way_to_call_is_in_the_document_under_a_name_of_its_own() -> None:
    contract = Contract(FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()))
    names = [DOCUMENT["paths"][call.path][call.verb]["operationId"] for call in contract.calls]
    assert len(names) == len(set(names)) == sum(map(len, DOCUMENT["paths"].values()))
    assert {"RecommendSongs", "RecommendSongs2", "RecommendSongs3"} <= set(names)


def test_a_field_without_presence_is_always_in_an_answer_and_one_with_it_is_not() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Song"]["required"] == ["id", "genres"]
    assert "degraded" not in schemas["RecommendSongsResponse"]["required"]


def test_a_body_holds_what_its_call_takes() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas["UpdatePlaylistBody"]["properties"]) == {"title", "etag"}
    assert "playlistId" not in schemas["AddSongBody"]["properties"]
    assert schemas["MoveSongBody"]["required"] == ["songId", "position"]


def test_a_visitor_is_asked_for_or_may_be_told() -> None:
    operations = DOCUMENT["paths"]
    assert operations["/v1/playlists"]["get"]["security"] == [{"visitor": []}]
    assert "security" not in operations["/v1/genres"]["get"]
    assert calls._security("`use_history` is set, and nobody is told.", "") == [{}, {"visitor": []}]


def test_every_value_of_an_enumeration_that_callers_meet_is_described() -> None:
    diversity = DOCUMENT["components"]["schemas"]["Diversity"]
    assert all(f"- `{value}`: " in diversity["description"] for value in diversity["enum"])
    state = DOCUMENT["components"]["schemas"]["EngineState"]["enum"]
    assert state == ["ENGINE_STATE_AVAILABLE", "ENGINE_STATE_UNAVAILABLE"]
