"""The gRPC server as operators see it: ids and logs, load, health, reflection."""

import asyncio
import json
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from segue.v1 import catalog_service_pb2 as cpb
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.transport.readiness import LIVENESS
from served import Served


async def test_the_request_id_is_taken_given_back_and_logged(served: Served) -> None:
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        call = served.recommendations.RecommendSongs(
            rpb.RecommendSongsRequest(songs=[5], k=1), metadata=(("x-request-id", "mine-1"),)
        )
        await call
        assert dict(await call.trailing_metadata())["x-request-id"] == "mine-1"
        other = served.songs.GetSong(cpb.GetSongRequest(song_id=5))
        await other
        given = dict(await other.trailing_metadata())["x-request-id"]
    assert [(line["request_id"], line["code"]) for line in lines] == [
        ("mine-1", "OK"),
        (given, "OK"),
    ]
    assert lines[0]["method"] == "/segue.v1.RecommendationService/RecommendSongs"
    assert {"engine", "version", "recommended", "duration_ms", "model_ms"} <= lines[0].keys()
    assert "engine" not in lines[1], "one call's line tells of another"
    json.dumps(lines)


async def test_more_calls_than_allowed_are_refused_at_once(served: Served) -> None:
    served.engine.hangs = served.substitute.hangs = True
    calls = [
        served.recommendations.RecommendSongs(rpb.RecommendSongsRequest(songs=[5]))
        for _ in range(60)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    codes = [result.code() for result in results if isinstance(result, grpc.aio.AioRpcError)]
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 40
    assert codes.count(grpc.StatusCode.DEADLINE_EXCEEDED) == 20
    served.engine.hangs = False
    for _ in range(30):  # more than run at once, one after the other
        await served.recommendations.RecommendSongs(rpb.RecommendSongsRequest(songs=[5]))


async def test_health_answers_however_many_calls_run(served: Served) -> None:
    served.engine.hangs = served.substitute.hangs = True
    request = rpb.RecommendSongsRequest(songs=[5])
    calls = [served.recommendations.RecommendSongs(request) for _ in range(60)]
    running = asyncio.gather(*calls, return_exceptions=True)
    await asyncio.sleep(0.1)
    stub: Any = health_pb2_grpc.HealthStub(served.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=LIVENESS))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert not running.done()
    await running


async def test_readiness_follows_the_parts_and_liveness_does_not(served: Served) -> None:
    stub: Any = health_pb2_grpc.HealthStub(served.channel)

    async def serving(service: str) -> bool:
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    assert await serving(LIVENESS)
    assert not await serving("")
    await served.readiness.look()
    assert await serving("")
    assert await serving("segue.v1.CatalogService")
    served.catalog.down = True
    await served.readiness.look()
    assert await serving("")
    assert not await serving("segue.v1.CatalogService")
    served.engine.down = True
    await served.readiness.look()
    assert await serving(""), "another engine still answers"
    assert await serving(LIVENESS)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_tells_the_whole_contract(served: Served, version: str) -> None:
    stream = served.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )

    async def ask(**question: Any) -> Any:  # noqa: ANN401 - one of several questions
        return await stream(iter([reflection_pb2.ServerReflectionRequest(**question)])).read()

    listed = await ask(list_services="")
    names = {service.name for service in listed.list_services_response.service}
    assert names >= {
        "segue.v1.RecommendationService",
        "segue.v1.CatalogService",
        "segue.v1.EngineService",
        "segue.v1.PlaylistService",
        "grpc.health.v1.Health",
        f"grpc.reflection.{version}.ServerReflection",
    }
    for name in names:
        found = await ask(file_containing_symbol=name)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(file)
            for file in found.file_descriptor_response.file_descriptor_proto
        ]
        services = {f"{file.package}.{service.name}" for file in files for service in file.service}
        assert name in services
