"""What Envoy does beside JSON: gRPC, gRPC-Web, health, origins, request ids, its log."""

import base64
import socket
import struct
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from canned_server import Canned, canned_server
from envoy_process import Envoy, ask, rendered, running_envoy
from segue.v1.catalog_service_pb2 import ListGenresRequest, ListGenresResponse
from segue.v1.recommendation_service_pb2 import RecommendSongsRequest
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

LIST_GENRES = "/segue.v1.CatalogService/ListGenres"
RECOMMEND_SONGS = "/segue.v1.RecommendationService/RecommendSongs"
REQUEST_ID = "7f8e2a44-1111-4aaa-8bbb-123456789abc"


@pytest.fixture
def channel(envoy: Envoy) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{envoy.port}") as channel:
        yield channel


def framed(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        yield flag, body[5 : 5 + length]
        body = body[5 + length :]


def test_grpc_passes_untouched(channel: grpc.Channel, server: Canned) -> None:
    answer = RecommendationServiceStub(channel).RecommendSongs(
        RecommendSongsRequest(songs=[5], k=1), timeout=5, metadata=(("x-request-id", REQUEST_ID),)
    )
    assert answer.recommendations[0].song.title == "Hoppípolla"
    assert server.last.metadata["x-request-id"] == REQUEST_ID


def test_errors_of_the_server_reach_grpc_with_their_details(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        RecommendationServiceStub(channel).RecommendSongs(
            RecommendSongsRequest(songs=[-1]), timeout=5
        )
    assert isinstance(caught.value, grpc.Call)
    status = rpc_status.from_call(caught.value)
    assert status is not None
    assert (status.code, status.message) == (
        code_pb2.INVALID_ARGUMENT,
        "songs: must be at least 1 — não zero",
    )
    bad = error_details_pb2.BadRequest()
    assert [status.details[1].Unpack(bad), bad.field_violations[0].field] == [True, "songs[0]"]


def test_a_grpc_message_larger_than_a_json_body_passes(channel: grpc.Channel) -> None:
    request = RecommendSongsRequest(songs=[1 << 20] * 500_000)
    assert request.ByteSize() > 1 << 20
    assert RecommendationServiceStub(channel).RecommendSongs(request, timeout=10).recommendations


def test_the_health_service_can_be_watched(channel: grpc.Channel) -> None:
    # The type stubs of the package do not know Watch.
    stub: Any = health_pb2_grpc.HealthStub(channel)
    watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=5)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def test_grpc_web_is_answered_in_frames(envoy: Envoy) -> None:
    reply = envoy.request(
        "POST",
        LIST_GENRES,
        framed(ListGenresRequest().SerializeToString()),
        {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )
    assert (reply.status, reply.headers["content-type"]) == (200, "application/grpc-web+proto")
    (data, message), (trailer, trailers) = frames(reply.body)
    assert (data, trailer) == (0, 0x80)
    assert ListGenresResponse.FromString(message).genres[0].name == "ambient"
    assert b"grpc-status:0" in trailers


def test_grpc_web_text_hears_of_errors(envoy: Envoy) -> None:
    request = RecommendSongsRequest(engine="absent").SerializeToString()
    reply = envoy.request(
        "POST",
        RECOMMEND_SONGS,
        base64.b64encode(framed(request)),
        {"content-type": "application/grpc-web-text"},
    )
    assert reply.headers["grpc-status"] == str(code_pb2.NOT_FOUND)
    assert "absent" in reply.headers["grpc-message"]


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1"])
def test_a_page_of_an_allowed_origin_may_ask(envoy: Envoy, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    preflight = envoy.request("OPTIONS", "/v1/recommendations", headers=asked)
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "POST" in preflight.headers["access-control-allow-methods"]
    reply = envoy.get("/v1/genres", origin=origin)
    assert reply.headers["access-control-allow-origin"] == origin
    assert "x-request-id" in reply.headers["access-control-expose-headers"]


def test_a_page_of_an_allowed_origin_may_read_errors(envoy: Envoy) -> None:
    reply = envoy.get("/nowhere", origin="http://localhost")
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (404, "http://localhost")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost.evil.example", "http://127x0.0.1"]
)
def test_a_page_of_another_origin_may_not(envoy: Envoy, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    preflight = envoy.request("OPTIONS", "/v1/recommendations", headers=asked)
    assert "access-control-allow-origin" not in preflight.headers


def test_health_is_what_the_server_says(envoy: Envoy, server: Canned) -> None:
    assert envoy.get("/healthz").status == 200
    server.serve(False)
    try:
        assert envoy.until("/healthz", 503).json["code"] == code_pb2.UNAVAILABLE
        assert envoy.get("/recommend").status == 200, "a sick server is better than none"
    finally:
        server.serve(True)
    envoy.until("/healthz", 200)


def test_the_admin_page_is_on_the_loopback_address_alone(envoy: Envoy) -> None:
    socket.create_connection(("127.0.0.1", envoy.admin_port), timeout=1).close()
    with pytest.raises(ConnectionRefusedError):
        # Another loopback address reaches whatever listens on all of them.
        socket.create_connection(("127.0.0.2", envoy.admin_port), timeout=1)
    everywhere = rendered(LISTEN_ADDRESS="0.0.0.0")
    assert everywhere.count("0.0.0.0") == 1


def test_a_request_id_goes_to_the_server_and_comes_back(envoy: Envoy, server: Canned) -> None:
    reply = envoy.get("/v1/genres", x_request_id=REQUEST_ID)
    assert reply.headers["x-request-id"] == REQUEST_ID
    assert server.last.metadata["x-request-id"] == REQUEST_ID


def test_a_request_id_is_made_when_none_came(envoy: Envoy, server: Canned) -> None:
    made = envoy.get("/v1/genres").headers["x-request-id"]
    assert made == server.last.metadata["x-request-id"]
    assert len(made) == len(REQUEST_ID)


def test_the_server_gets_no_copy_of_a_long_address(envoy: Envoy, server: Canned) -> None:
    assert envoy.get("/recommend?songs=5|15").status == 200
    assert not [name for name in server.last.metadata if name.startswith("x-envoy-original")]


def test_each_call_leaves_a_line_of_json_without_its_query(envoy: Envoy, server: Canned) -> None:
    envoy.get("/recommend?songs=5|15", x_request_id="line-1")
    line = envoy.logged("line-1")
    assert (line["http_verb"], line["http_path"], line["status"]) == ("GET", "/recommend", 200)
    assert line["path"] == RECOMMEND_SONGS
    assert line["upstream"] == server.target
    assert isinstance(line["duration_ms"], int)
    assert line["response_flags"] == "-"
    assert "songs=" not in envoy.access_log.read_text()


def test_a_refused_call_leaves_a_line_that_says_why(envoy: Envoy) -> None:
    envoy.get("/nowhere?songs=5", x_request_id="line-2")
    line = envoy.logged("line-2")
    assert (line["path"], line["status"], line["upstream"]) == ("/nowhere", 404, None)
    assert "transcode" in line["status_details"]


def test_calls_in_json_are_counted_by_method(envoy: Envoy) -> None:
    envoy.get("/v1/engines")
    stats = ask(envoy.admin_port, "GET", "/stats?filter=ListEngines.total", None, None).body
    assert stats.strip() == b"cluster.server.grpc.segue.v1.EngineService.ListEngines.total: 1"


def test_a_server_that_is_gone_is_said_to_be_and_its_return_is_noticed() -> None:
    with canned_server() as first:
        port = first.port
        with running_envoy(port) as envoy:
            envoy.until("/healthz", 200)
            first.stop()
            reply = envoy.get("/recommend?songs=5|15")
            assert (reply.status, reply.headers["content-type"]) == (503, "application/json")
            info, retry = reply.json["details"]
            assert (reply.json["code"], info["reason"]) == (14, "SERVER_UNAVAILABLE")
            assert retry["retryDelay"] == "1s"
            assert "127.0.0.1" not in reply.json["message"]
            envoy.until("/healthz", 503)
            with canned_server(port):
                envoy.until("/recommend", 200)
                envoy.until("/healthz", 200)


def test_grpc_hears_of_a_server_that_is_gone_in_its_own_words() -> None:
    with canned_server() as canned:
        port = canned.port
    with running_envoy(port) as envoy, grpc.insecure_channel(f"127.0.0.1:{envoy.port}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            RecommendationServiceStub(channel).RecommendSongs(RecommendSongsRequest(), timeout=5)
        assert isinstance(caught.value, grpc.Call)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "{" not in (caught.value.details() or "")
