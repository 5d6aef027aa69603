"""How long the model step takes: Segue's graph against the plain one, in one run.

    python bench/ranking.py 10000 41133 1000000

Medians over interleaved rounds, in milliseconds a batch; `plain` is one matmul and one top_k over
all scores, without exclusions; `floor` is reading the vectors once. Listened songs are drawn at
random, so that `tastes` has as many of them as it can. `item-item` has a table of 200 neighbors a
song, for catalogs of at most 100,000 songs.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

import segue_signature as sig
from segue_model.learning.neighbor_table import NeighborTable
from segue_model.ranking.constraints import no_constraints
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.neighbors import Neighbors
from segue_model.ranking.songs import SongArrays, SongTable
from segue_model.ranking.tastes import Tastes

WIDTH, LISTENED, K, ROUNDS = 32, 20, 10, 15
NEIGHBORS, MOST_WITH_NEIGHBORS = 200, 100_000
GENRES = 20


def songs_of(rng: np.random.Generator, count: int) -> SongArrays:
    """Return songs with everything that a filter asks about."""
    return SongArrays(
        ids=np.arange(1, count + 1, dtype=np.int32),
        artists=rng.integers(1, count // 10, count).astype(np.int32),
        years=rng.integers(1950, 2020, count).astype(np.int32),
        tempos=rng.uniform(60, 200, count).astype(np.float32),
        popularity=rng.random(count).astype(np.float32),
        genre_rows=np.arange(count),
        genre_positions=rng.integers(0, GENRES, count),
        genre_names=[f"genre {number}" for number in range(GENRES)],
    )


def neighbors_of(rng: np.random.Generator, count: int) -> NeighborTable:
    """Return a table in which every song speaks for others, drawn at random."""
    shape = (count, NEIGHBORS)
    others = (np.arange(count)[:, np.newaxis] + rng.integers(1, count, shape)) % count
    weights = rng.random(shape, np.float32)
    return NeighborTable(np.arange(count, dtype=np.int32), others.astype(np.int32), weights)


def measured(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median milliseconds of each call, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(of_name) for name, of_name in times.items()}


def bench(count: int) -> None:
    """Print the medians for a catalog of `count` songs."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(count, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    songs = songs_of(rng, count)
    table = SongTable(songs)
    description = Description("content", sig.SOURCE_CONTENT, True, "bench")
    models: dict[str, RankingModel[Any]] = {
        "mean": RankingModel(table, InnerProduct(table, vectors, sig.SOURCE_CONTENT), description),
        "tastes": RankingModel(
            table, InnerProduct(table, vectors, sig.SOURCE_CONTENT, Tastes()), description
        ),
    }
    if count <= MOST_WITH_NEIGHBORS:
        scorer = Neighbors(table, neighbors_of(rng, count))
        models["item-item"] = RankingModel(table, scorer, description)
    graphs = {name: model.signatures()[sig.RECOMMEND_BATCHED] for name, model in models.items()}
    matrix = tf.Variable(vectors)

    def plain(listened: tf.Tensor) -> tf.Tensor:
        profiles = tf.reduce_mean(tf.gather(matrix.read_value(), listened - 1), axis=1)
        return tf.math.top_k(tf.matmul(profiles, matrix.read_value(), transpose_b=True), K)

    plain_graph = tf.function(plain)

    def batched(batch: int, profile: str = "mean", **options: tf.Tensor) -> Callable[[], object]:
        listened = tf.constant(rng.integers(1, count, (batch, LISTENED)), tf.int32)
        constraints = no_constraints(batch)._replace(**options)
        return lambda: graphs[profile](listened, tf.fill([batch], K), *constraints)

    def naive(batch: int) -> Callable[[], object]:
        listened = tf.constant(rng.integers(1, count, (batch, LISTENED)), tf.int32)
        return lambda: plain_graph(listened)

    def flat(profile: str) -> Callable[[], object]:
        listened = tf.constant(rng.integers(1, count, LISTENED), tf.int32)
        recommend = models[profile].signatures()[sig.RECOMMEND]
        return lambda: recommend(listened, tf.constant(K))

    results = measured(
        {
            "floor": lambda: float(vectors.sum()),
            "flat": flat("mean"),
            **{f"batched {batch}": batched(batch) for batch in (1, 8, 32)},
            **{f"plain {batch}": naive(batch) for batch in (1, 8, 32)},
            "filtered 1": batched(1, years=tf.constant([[1990, 1999]])),
            "filtered 8": batched(8, years=tf.tile([[1990, 1999]], [8, 1])),
            **{f"tastes {batch}": batched(batch, "tastes") for batch in (1, 8, 32)},
            **(
                {
                    "item-item, flat": flat("item-item"),
                    "item-item 1": batched(1, "item-item"),
                    "item-item 32": batched(32, "item-item"),
                }
                if "item-item" in models
                else {}
            ),
            "diverse 1": batched(1, diversity=tf.constant([0.4])),
            "capped 1": batched(1, max_per_artist=tf.constant([1])),
        }
    )
    print(f"{count:,} songs, {WIDTH} features, {LISTENED} listened, k = {K}")
    for name, value in results.items():
        print(f"  {name:15} {value:8.2f} ms")
    print(
        f"  all rules of the signature, flat - plain 1: {results['flat'] - results['plain 1']:.2f}"
    )


if __name__ == "__main__":
    for size in sys.argv[1:] or ["10000"]:
        bench(int(size))
