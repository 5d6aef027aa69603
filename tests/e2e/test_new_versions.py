"""New model versions are dropped in while requests run: none fails, each tells its model."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path

import grpc.aio

from running_stack import RunningStack
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

SWAPS = 10
RATE = 100  # requests a second
REQUEST = rpb.RecommendSongsRequest(songs=[5, 15, 1249], k=3)
SOURCE_OF = {1: rpb.RECOMMENDATION_SOURCE_CONTENT, 0: rpb.RECOMMENDATION_SOURCE_POPULAR}

Answers = list[rpb.RecommendSongsResponse]


async def test_ten_new_versions_under_load_fail_no_request(running: RunningStack) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{running.stack.ports.grpc}") as channel:
        stop = asyncio.Event()
        load = asyncio.create_task(keep_asking(channel, stop))
        for version in range(2, 2 + SWAPS):
            drop_in(running.stack.models, version)
            await served(channel, version)
        stop.set()
        answers = await load
    assert len(answers) > RATE
    assert not [answer for answer in answers if answer.HasField("degraded")]
    # Odd versions are the content model, even ones the popularity model under its name: what
    # ranked shows in the answer, and the version that the answer names must be the one.
    for answer in answers:
        source = answer.recommendations[0].source
        assert source == SOURCE_OF[int(answer.model.version) % 2], answer
    seen = Counter(int(answer.model.version) for answer in answers)
    assert set(seen) == set(range(1, 2 + SWAPS))


def drop_in(models: Path, version: int) -> None:
    """Copy a version beside the others as anyone would, then give it its number."""
    source = models / ("content" if version % 2 else "popular") / "1"
    partial = models / f".{version}.partial"
    shutil.copytree(source, partial)
    partial.rename(models / "content" / str(version))


async def keep_asking(channel: grpc.aio.Channel, stop: asyncio.Event) -> Answers:
    """Ask at the rate, whether answers come or not; a failed request raises here."""
    stub = RecommendationServiceStub(channel)
    calls = []
    while not stop.is_set():
        calls.append(asyncio.ensure_future(stub.RecommendSongs(REQUEST, timeout=5)))
        await asyncio.sleep(1 / RATE)
    return await asyncio.gather(*calls)


async def served(channel: grpc.aio.Channel, version: int) -> None:
    async with asyncio.timeout(60):
        while True:
            answer = await RecommendationServiceStub(channel).RecommendSongs(REQUEST, timeout=5)
            if answer.model.version == str(version):
                return
            await asyncio.sleep(0.1)
