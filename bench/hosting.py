"""How much longer a ranking takes over REST than over gRPC, of one model of one model server.

    make run                          # in one shell
    python bench/hosting.py           # in another

One caller asks one after the other; the doors take turns, so that they compare. What is measured
is the engine: building the request, the call, reading the answer.
"""

import argparse
import asyncio
import random
import statistics
import time

import grpc.aio

from segue_server.domain.deadline import Deadline
from segue_server.domain.model import RankQuery
from segue_server.domain.ports import Engine
from segue_server.engines.rest_predict import open_rest_engine
from segue_server.engines.tf_serving import TfServingEngine

SONGS, SEED = 2_000, 1
# What is asked: listened songs, songs wanted, with reasons or without.
QUESTIONS = ((5, 10, False), (20, 100, True), (1000, 100, False), (1000, 100, True))


async def seconds(engine: Engine, query: RankQuery) -> float:
    """Return how long one ranking took."""
    began = time.perf_counter()
    await engine.rank(query, Deadline.after(30))
    return time.perf_counter() - began


async def main() -> None:
    """Print a line for each question: medians, their ratio, and the tails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grpc", default="127.0.0.1:8500")
    parser.add_argument("--rest", default="http://127.0.0.1:8501/v1/models/content:predict")
    parser.add_argument("--rounds", type=int, default=300)
    given = parser.parse_args()
    rest = open_rest_engine("content", given.rest)
    async with grpc.aio.insecure_channel(given.grpc) as channel:
        doors: dict[str, Engine] = {
            "gRPC": TfServingEngine(channel, "content", "content"),
            "REST": rest,
        }
        for listened, k, explain in QUESTIONS:
            times = await taking_turns(doors, (listened, k, explain), given.rounds)
            direct, hosted = (statistics.median(times[name]) for name in doors)
            tails = (statistics.quantiles(times[name], n=20)[18] * 1000 for name in doors)
            print(
                f"{listened:5} listened, k {k:3}, explain {explain!s:5}: "
                f"gRPC {direct * 1000:6.2f} ms, REST {hosted * 1000:6.2f} ms, "
                f"x {hosted / direct:.2f}; p95 {next(tails):.2f}, {next(tails):.2f}"
            )
    await rest.close()


async def taking_turns(
    doors: dict[str, Engine], question: tuple[int, int, bool], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of every ranking by door; the first tenth warms up and is left out."""
    rng = random.Random(SEED)  # noqa: S311 - songs, not secrets
    listened, k, explain = question
    times: dict[str, list[float]] = {name: [] for name in doors}
    for _ in range(rounds):
        songs = tuple(rng.sample(range(1, SONGS), listened))
        for name, engine in doors.items():
            times[name].append(await seconds(engine, RankQuery(songs, k, explain=explain)))
    return {name: values[rounds // 10 :] for name, values in times.items()}


if __name__ == "__main__":
    asyncio.run(main())
