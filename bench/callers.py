"""How long a recommendation takes on a running stack, over gRPC and over JSON through Envoy.

    make run                          # in one shell
    python bench/callers.py          # in another

Callers ask one after the other, each of its own connection's; the doors take turns, so that they
compare. The load generator shares the machine with everything else.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp
import grpc.aio

from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

LISTENED, K, SONGS, SEED = 5, 10, 5_000, 1
Ask = Callable[[list[int]], Awaitable[None]]


async def callers(count: int, seconds: float, ask: Ask) -> list[float]:
    """Return the seconds of every call that `count` callers made meanwhile."""
    rng = random.Random(SEED)  # noqa: S311 - songs, not secrets
    stop = time.perf_counter() + seconds
    times: list[float] = []

    async def caller() -> None:
        while time.perf_counter() < stop:
            songs = rng.sample(range(1, SONGS), LISTENED)
            started = time.perf_counter()
            await ask(songs)
            times.append(time.perf_counter() - started)

    await asyncio.gather(*(caller() for _ in range(count)))
    return times


def line(name: str, count: int, seconds: float, times: list[float]) -> str:
    """Return what a person compares: rate, median and tail."""
    cuts = statistics.quantiles(times, n=100)
    rate = len(times) / seconds
    p50, p95, p99 = (cuts[at] * 1000 for at in (49, 94, 98))
    return f"{name:7} {count:3} callers  {rate:7.0f}/s  {p50:6.2f} {p95:6.2f} {p99:6.2f} ms"


async def main() -> None:
    """Measure both doors and print a line each; any failed call ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grpc", default="127.0.0.1:50051")
    parser.add_argument("--http", default="http://127.0.0.1:8080")
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    async with grpc.aio.insecure_channel(given.grpc) as channel, aiohttp.ClientSession() as web:
        stub = RecommendationServiceStub(channel)

        async def by_grpc(songs: list[int]) -> None:
            await stub.RecommendSongs(rpb.RecommendSongsRequest(songs=songs, k=K), timeout=10)

        async def by_json(songs: list[int]) -> None:
            ids = "|".join(map(str, songs))
            async with web.get(f"{given.http}/recommend?songs={ids}&k={K}") as answer:
                answer.raise_for_status()
                await answer.read()

        print("door    callers        rate     p50    p95    p99")
        for count in (1, 8, 32):
            for name, ask in (("gRPC", by_grpc), ("JSON", by_json)):
                await callers(count, 0.5, ask)
                times = await callers(count, given.seconds, ask)
                print(line(name, count, given.seconds, times))


if __name__ == "__main__":
    asyncio.run(main())
