"""What a caller is told when something goes wrong, whoever noticed it."""

import json
import socket
from typing import Any

import pytest
from google.rpc import code_pb2

from canned_server import Canned
from envoy_process import Envoy, Reply

TYPE = "type.googleapis.com/google.rpc."


def error_of(reply: Reply, status: int, code: int) -> Any:  # noqa: ANN401 - JSON is anything
    """Return the details by their types after checking the shape of the error."""
    assert (reply.status, reply.headers["content-type"]) == (status, "application/json"), reply.body
    error = reply.json
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"]
    return {detail["@type"].removeprefix(TYPE): detail for detail in error["details"]}


def refused(reply: Reply, status: int, code: int, reason: str) -> str:
    """Return the message of an error that Envoy itself gave."""
    info = error_of(reply, status, code)["ErrorInfo"]
    assert (info["reason"], info["domain"]) == (reason, "segue.v1")
    return str(reply.json["message"])


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/recommend?songs=5&k=abc", 'k: invalid value "abc"'),
        ("/recommend?songs=5&k=99999999999", "k: invalid value"),
        ("/recommend?songs=", 'songs: invalid value ""'),
        ("/recommend?songs=5||15", "songs: invalid value"),
        ("/recommend?songs=5&kk=3", '"kk"'),
        ("/v1/recommendations?filter.genre=rock", '"genre"'),
        ("/v1/recommendations?view=EVERYTHING", "EVERYTHING"),
        ("/v1/songs/abc", "song_id: invalid value"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(
    envoy: Envoy, server: Canned, path: str, named: str
) -> None:
    before = len(server.calls)
    assert named in refused(envoy.get(path), 400, code_pb2.INVALID_ARGUMENT, "MALFORMED_REQUEST")
    assert len(server.calls) == before


@pytest.mark.parametrize(
    "body", [b'{"songs":["x"]}', b'{"songs":[1', b"[]", b'{"k":1.5}', b"\xff\xfe", b"songs=5"]
)
def test_a_body_that_cannot_be_read_is_refused(envoy: Envoy, body: bytes) -> None:
    reply = envoy.request("POST", "/v1/recommendations", body)
    refused(reply, 400, code_pb2.INVALID_ARGUMENT, "MALFORMED_REQUEST")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/"),
        ("GET", "/index"),
        ("GET", "/nowhere?x=1"),
        ("POST", "/v1/genres"),
        ("DELETE", "/v1/recommendations"),
        ("POST", "/segue.v1.CatalogService/ListGenres"),
    ],
)
def test_a_path_that_nothing_answers_is_named(envoy: Envoy, verb: str, path: str) -> None:
    reply = envoy.request(verb, path)
    message = refused(reply, 404, code_pb2.NOT_FOUND, "UNKNOWN_PATH")
    plain = path.partition("?")[0]
    assert message == f"Nothing answers {verb} {plain}"
    assert reply.json["details"][0]["metadata"] == {"verb": verb, "path": plain}


def test_a_body_of_more_than_a_mebibyte_is_too_large(envoy: Envoy, server: Canned) -> None:
    body = json.dumps({"songs": [1_000_000] * 130_000}).encode()
    before = len(server.calls)
    reply = envoy.request("POST", "/v1/recommendations", body)
    refused(reply, 413, code_pb2.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE")
    assert len(server.calls) == before


def test_a_body_of_less_than_a_mebibyte_is_read(envoy: Envoy, server: Canned) -> None:
    body = json.dumps({"songs": [1_000_000] * 100_000}).encode()
    assert 900_000 < len(body) < 1_048_576
    assert envoy.request("POST", "/v1/recommendations", body).status == 200
    assert len(server.calls) > 0


def test_headers_of_more_than_60_kibibytes_are_too_large(envoy: Envoy) -> None:
    reply = envoy.get("/v1/genres", x="y" * 62_000)
    refused(reply, 431, code_pb2.RESOURCE_EXHAUSTED, "HEADERS_TOO_LARGE")


def test_an_answer_too_large_to_pass_on_is_said_to_be(envoy: Envoy) -> None:
    refused(envoy.get("/recommend?engine=huge"), 500, code_pb2.INTERNAL, "BAD_ANSWER")


def test_a_header_with_an_underscore_is_refused(envoy: Envoy) -> None:
    reply = envoy.request("GET", "/v1/genres", headers={"grpc_timeout": "1S"})
    refused(reply, 400, code_pb2.INVALID_ARGUMENT, "MALFORMED_REQUEST")


def test_what_is_no_http_is_refused_in_json(envoy: Envoy) -> None:
    with socket.create_connection(("127.0.0.1", envoy.port), timeout=5) as connection:
        connection.sendall(b"GET /v1/genres HTTP/1.1\r\nhost x\r\n\r\n")
        answer = connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["code"] == code_pb2.INVALID_ARGUMENT


def test_the_deadline_of_a_caller_in_json_holds_and_reaches_the_server(
    envoy: Envoy, server: Canned
) -> None:
    reply = envoy.get("/recommend?engine=slow", grpc_timeout="250m")
    error_of(reply, 504, code_pb2.DEADLINE_EXCEEDED)
    remaining = server.last.time_remaining
    assert remaining is not None
    assert 0 < remaining < 0.3


def test_a_deadline_further_off_than_ten_seconds_is_brought_nearer(
    envoy: Envoy, server: Canned
) -> None:
    assert envoy.get("/recommend", grpc_timeout="1M").status == 200
    remaining = server.last.time_remaining
    assert remaining is not None
    assert 9 < remaining < 10.5


def test_violations_of_the_contract_arrive_with_their_fields(envoy: Envoy) -> None:
    details = error_of(envoy.get("/recommend?songs=5|-1"), 400, code_pb2.INVALID_ARGUMENT)
    assert details["ErrorInfo"]["reason"] == "INVALID_FIELD"
    (violation,) = details["BadRequest"]["fieldViolations"]
    assert violation["field"] == "songs[1]"
    assert violation["description"] == "must be at least 1 — não zero"


def test_an_absent_engine_arrives_with_its_name(envoy: Envoy) -> None:
    reply = envoy.get("/v1/engines/r%C3%B6ck")
    details = error_of(reply, 404, code_pb2.NOT_FOUND)
    assert details["ResourceInfo"]["resourceName"] == "röck"
    assert details["ErrorInfo"]["metadata"] == {"name": "röck"}
    assert reply.json["message"] == "engine 'röck' does not exist"


def test_an_unavailable_server_is_asked_once_more_and_its_delay_arrives(
    envoy: Envoy, server: Canned
) -> None:
    before = len(server.calls)
    details = error_of(envoy.get("/recommend?engine=down"), 503, code_pb2.UNAVAILABLE)
    assert details["RetryInfo"]["retryDelay"] == "1.500s"
    assert len(server.calls) - before == 2


def test_a_server_that_recovers_at_once_is_not_noticed(envoy: Envoy, server: Canned) -> None:
    server.failures = 1
    assert envoy.get("/recommend?engine=flaky").status == 200


def test_any_other_error_is_not_tried_again(envoy: Envoy, server: Canned) -> None:
    before = len(server.calls)
    reply = envoy.get("/recommend?engine=broken")
    assert (reply.status, reply.json["code"]) == (500, code_pb2.INTERNAL)
    assert len(server.calls) - before == 1


def test_one_failing_server_is_not_put_aside(envoy: Envoy) -> None:
    for _ in range(12):
        assert envoy.get("/recommend?engine=broken").status == 500
    assert envoy.get("/recommend").status == 200
