"""A million songs behind the embedded model server: loading, memory, and what batching gains.

    python bench/serving.py [--songs 1000000] [--tastes 6] [--seconds 4]

Exports the content model of invented songs, loads it in a process of its own, then serves it twice,
with and without `--enable_batching`, to 1, 8 and 32 callers in turns. Callers and servers share the
machine: the rates are floors, their ratio is what counts.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc.aio
import numpy as np

import segue_signature as sig
from callers import K, callers, line
from retrieval_songs import WIDTH, catalog, song_arrays
from segue_model.export import export
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.profile import mean
from segue_model.ranking.songs import SongTable
from segue_model.ranking.tastes import Tastes
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import EngineUnavailable
from segue_server.domain.model import RankQuery
from segue_server.engines.tf_serving import TfServingEngine

MODEL, ROUNDS, MIB = "content", 3, 2**20
PORTS = {"alone": 18500, "batched": 18501}
FLAGS = {"alone": (), "batched": ("--enable_batching",)}
LOADED = """
import sys, time, resource, tensorflow as tf
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
tf.Variable([1.0])  # what TensorFlow sets up once
before, started = resident(), time.perf_counter()
model = tf.saved_model.load(sys.argv[1])
print(time.perf_counter() - started, resident() - before)
"""


def exported(songs: int, tastes: int, base: Path) -> Path:
    """Return the folder of an exact content model of invented songs."""
    made = catalog(np.random.default_rng(1), songs)
    table = SongTable(song_arrays(made))
    profiler = Tastes(tastes) if tastes > 1 else mean
    scorer = InnerProduct(table, made.vectors, sig.SOURCE_CONTENT, profiler)
    description = Description(MODEL, sig.SOURCE_CONTENT, True, "bench")
    return export(RankingModel(table, scorer, description), base, MODEL, b"{}")


def loading(folder: Path, songs: int) -> None:
    """Print how long loading takes, and what the model holds over its features."""
    seconds, growths = [], []
    for _ in range(ROUNDS):
        told = subprocess.run(
            [sys.executable, "-c", LOADED, str(folder)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        seconds.append(float(told[0]))
        growths.append(float(told[1]))
    raw, held = songs * WIDTH * 4, statistics.median(growths)
    print(
        f"loads in {statistics.median(seconds):.2f} s; holds {held / MIB:.0f} MiB, "
        f"{held / raw:.2f} times its features' {raw / MIB:.0f}"
    )


@contextmanager
def server(base: Path, way: str) -> Iterator[None]:
    """Serve the models below `base` as long as the context lasts."""
    command = (
        *(sys.executable, "-m", "segue_model.serving", f"--port={PORTS[way]}"),
        *(f"--model_name={MODEL}", f"--model_base_path={base}", *FLAGS[way]),
    )
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def ready(engine: TfServingEngine, seconds: float) -> None:
    """Wait until the model serves; raise EngineUnavailable when it does not in time."""
    patience = Deadline.after(seconds)
    while True:
        try:
            await engine.describe(Deadline.after(5))
        except EngineUnavailable:
            if patience.remaining() <= 0:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def rates(seconds: float) -> None:
    """Print the rate and the times of both servers by the number of callers."""
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{PORTS['alone']}") as alone,
        grpc.aio.insecure_channel(f"127.0.0.1:{PORTS['batched']}") as batched,
    ):
        engines = {
            way: TfServingEngine(channel, way, MODEL)
            for way, channel in (("alone", alone), ("batched", batched))
        }
        for engine in engines.values():
            await ready(engine, 120)
        for count in (1, 8, 32):
            times: dict[str, list[float]] = {way: [] for way in engines}
            for _ in range(ROUNDS):
                for way, engine in engines.items():

                    async def ask(songs: list[int], engine: TfServingEngine = engine) -> None:
                        await engine.rank(RankQuery(tuple(songs), K), Deadline.after(30))

                    await callers(count, 0.5, ask)
                    times[way] += await callers(count, seconds, ask)
            for way, taken in times.items():
                print(line(way, count, ROUNDS * seconds, taken))
            print(f"        batched serves {len(times['batched']) / len(times['alone']):.2f} times")


def main(arguments: Sequence[str]) -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--songs", type=int, default=1_000_000)
    parser.add_argument("--tastes", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / MODEL
        folder = exported(given.songs, given.tastes, base)
        loading(folder, given.songs)
        with server(base, "alone"), server(base, "batched"):
            asyncio.run(rates(given.seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
