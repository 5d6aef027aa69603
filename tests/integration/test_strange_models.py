"""A model server that answers nonsense: only domain errors leave the engine, whatever comes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

import segue_signature as sig
from fakes import FakeCatalog
from segue.tfserving.v1.predict_pb2 import PredictResponse
from segue_server.domain.deadline import Deadline
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.errors import EngineUnavailable
from segue_server.domain.model import RankQuery
from segue_server.engines import tensors
from segue_server.engines.tf_serving import PREDICT, TfServingEngine
from segue_server.transport.readiness import INTERVAL, Readiness
from served import Served

QUERY = RankQuery((5, 15), 2, explain=True)


def good() -> PredictResponse:
    answer = PredictResponse()
    answer.model_spec.version.value = 3
    answer.outputs[sig.RECOM_SONGS_IDS].CopyFrom(tensors.int_rows((7, 8)))
    answer.outputs[sig.RECOM_SONGS_SCORES].CopyFrom(tensors.float_row((0.5, 0.25)))
    answer.outputs[sig.RECOM_SONGS_SOURCES].CopyFrom(tensors.int_rows((1, 1)))
    answer.outputs[sig.LISTENED_SONGS_KNOWN].CopyFrom(tensors.bools(True, False))
    parts = tensors.float_row((0.5, 0.0, 0.25, 0.0))
    del parts.tensor_shape.dim[:]
    for size in (1, 2, 2):
        parts.tensor_shape.dim.add(size=size)
    answer.outputs[sig.RECOM_SONGS_CONTRIBUTIONS].CopyFrom(parts)
    return answer


def strange_answers() -> Iterator[tuple[str, bytes]]:
    yield "no message", b"\xff\xff\xff"
    yield "nothing", b""
    for output in sorted(good().outputs):
        missing = good()
        del missing.outputs[output]
        yield f"no {output}", missing.SerializeToString()
        other = good()
        other.outputs[output].CopyFrom(tensors.string_row(("?",)))
        yield f"{output} of another type", other.SerializeToString()
        short = good()
        short.outputs[output].tensor_shape.dim.add(size=0)
        yield f"{output} of another shape", short.SerializeToString()
    fewer = good()
    fewer.outputs[sig.LISTENED_SONGS_KNOWN].CopyFrom(tensors.bools(True))
    yield "fewer listened songs", fewer.SerializeToString()
    source = good()
    source.outputs[sig.RECOM_SONGS_SOURCES].CopyFrom(tensors.int_rows((1, 99)))
    yield "an unknown source", source.SerializeToString()
    for text in ("{", "[]", '{"song_count": Infinity, "source": 1}'):
        described = PredictResponse()
        said = tensors.string_row((text,))
        del said.tensor_shape.dim[:]
        described.outputs[sig.DESCRIPTION].CopyFrom(said)
        yield f"the description {text}", described.SerializeToString()


@asynccontextmanager
async def engine_of(answer: bytes) -> AsyncIterator[TfServingEngine]:
    """Give an engine whose model server answers everything with these bytes."""

    async def predict(_: bytes, __: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        return answer

    service, method = PREDICT.strip("/").split("/")
    handler: Any = grpc.unary_unary_rpc_method_handler(predict)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield TfServingEngine(channel, "strange", "strange")
    await server.stop(None)


async def test_what_is_no_nonsense_is_a_ranking() -> None:
    async with engine_of(good().SerializeToString()) as engine:
        ranking = await engine.rank(QUERY, Deadline.after(5))
    assert [(song.id, song.score) for song in ranking.songs] == [(7, 0.5), (8, 0.25)]
    assert [[part.song_id for part in song.contributions] for song in ranking.songs] == [[5], [5]]
    assert (ranking.version, ranking.unknown_songs) == ("3", (15,))


ANSWERS = dict(strange_answers())


@pytest.mark.parametrize("what", ANSWERS)
async def test_nonsense_makes_an_engine_unavailable(what: str) -> None:
    async with engine_of(ANSWERS[what]) as engine:
        if not what.startswith("the description"):
            with pytest.raises(EngineUnavailable):
                await engine.rank(QUERY, Deadline.after(5))
        with pytest.raises(EngineUnavailable):
            await engine.describe(Deadline.after(5))


class ExplodingCatalog(FakeCatalog):
    async def ping(self, deadline: Deadline) -> None:
        self.reads.append(set())
        raise ZeroDivisionError


async def test_readiness_goes_on_looking_whatever_a_part_raises(served: Served) -> None:
    catalog = ExplodingCatalog()
    directory = EngineDirectory(served.traffic)
    watch = asyncio.create_task(
        Readiness(
            served.readiness._servicer, directory, catalog, served.readiness._playlists
        ).watch()
    )
    async with asyncio.timeout(INTERVAL * 20):
        while len(catalog.reads) < 2:  # noqa: ASYNC110 - the watch tells nobody
            await asyncio.sleep(0.05)
    assert not watch.done()
    watch.cancel()
