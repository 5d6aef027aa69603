"""A host that is slow, cuts connections or is not there ends in a domain error in time."""

import asyncio

import pytest
from aiohttp import web

from hosting_use import GOOD, QUERY, ranked, soon
from predict_service import PredictService, cut, reply
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.engines.rest_predict import RestEngine, open_rest_engine


async def test_a_slow_host_is_waited_for_until_the_deadline(
    service: PredictService, engine: RestEngine
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        return await reply(GOOD)(request)

    service.queue.append(slow)
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERY, soon(0.5))
    assert (await ranked(service, engine)).songs


async def test_a_host_that_stops_in_the_middle_is_waited_for_until_the_deadline(
    service: PredictService, engine: RestEngine
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"predictions": [')
        await asyncio.sleep(2)
        return response

    service.queue.append(half)
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERY, soon(0.3))


async def test_nothing_is_sent_when_the_deadline_has_passed(
    service: PredictService, engine: RestEngine
) -> None:
    for call in (engine.rank(QUERY, Deadline.after(-1)), engine.describe(Deadline.after(-1))):
        with pytest.raises(DeadlineExceeded):
            await call
    assert (service.requests, service.token_requests) == ([], 0)


async def test_a_connection_cut_once_is_tried_again(
    service: PredictService, engine: RestEngine
) -> None:
    service.queue.append(cut)
    assert (await ranked(service, engine)).songs
    assert len(service.requests) == 2


async def test_a_host_that_cuts_every_connection_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine
) -> None:
    service.queue.extend([cut] * 5)
    with pytest.raises(EngineUnavailable, match=r"^hosted: Server"):
        await engine.rank(QUERY, soon())
    assert len(service.requests) == 2


async def test_connections_are_kept(service: PredictService, engine: RestEngine) -> None:
    for _ in range(5):
        await ranked(service, engine)
    assert len(service.connections) == 1


@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b""]
)
async def test_what_is_no_http_makes_the_engine_unavailable(garbage: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(garbage)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        engine = open_rest_engine("hosted", f"http://127.0.0.1:{port}/v1/models/content:predict")
        with pytest.raises(EngineUnavailable):
            await engine.rank(QUERY, soon())
        await engine.close()


async def test_nobody_there_makes_the_engine_unavailable() -> None:
    engine = open_rest_engine("hosted", "http://127.0.0.1:1/v1/models/content:predict")
    for call in (engine.rank(QUERY, soon()), engine.describe(soon())):
        with pytest.raises(EngineUnavailable, match=r"hosted: .*127\.0\.0\.1:1"):
            await call
    await engine.close()


async def test_a_call_that_runs_when_its_engine_closes_ends_in_a_domain_error(
    service: PredictService,
) -> None:
    arrived = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(0.5)
        return await reply(GOOD)(request)

    service.queue.append(slow)
    engine = open_rest_engine("hosted", service.vertex)
    call = asyncio.create_task(engine.rank(QUERY, soon(2)))
    await arrived.wait()
    await engine.close()
    with pytest.raises((EngineUnavailable, DeadlineExceeded)):
        await call
    with pytest.raises(EngineUnavailable):
        await engine.rank(QUERY, soon())
