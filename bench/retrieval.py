"""Exact and approximate ranking of a million songs, against the bars and against other libraries.

    python bench/retrieval.py [--songs 1000000] [--peers PYTHON] [--libraries faiss,scann]

Without --peers it measures Segue's graph alone. PYTHON is one that has faiss-cpu, hnswlib, usearch
and scann; each library runs in a process of its own on the same vectors, and rounds go around all
of them. One thread each, oneDNN off, as in the stock TensorFlow Serving image. Milliseconds a
query: the median over the rounds, and the fastest and slowest round. The bars are about finding
songs alone, as the libraries do; "all rules" is with filters, exclusions and so on, of which none
is asked for. Bars that need a library which is not there are left out. Run it on a quiet machine,
and trust ratios of one run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before TensorFlow and numpy are imported: both read these but once.
os.environ.update(TF_ENABLE_ONEDNN_OPTS="0", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # noqa: TID251

import numpy as np
import tensorflow as tf

import segue_signature as sig
from retrieval_bars import judge
from retrieval_songs import WIDTH, Catalog, K, catalog, listeners, song_arrays, true_neighbors
from segue_model.learning.clusters import cluster
from segue_model.learning.clusters_probing import probing
from segue_model.ranking.blocks import best_blocks
from segue_model.ranking.clustered import Clustered, blocks_of
from segue_model.ranking.constraints import no_constraints
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.listeners import Listeners as Batch
from segue_model.ranking.profile import Profile, together
from segue_model.ranking.ranker import Ranker
from segue_model.ranking.songs import SongTable

ROUNDS = 7
BATCHES = (1, 64)
CALLS = {1: 50, 64: 4}
LIBRARIES = ("faiss", "hnswlib", "usearch", "scann")
Search = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Contender:
    """`timed(batch)` is the milliseconds a query, now; `recall` and `note` were measured before."""

    timed: Callable[[int], float]
    recall: float | None = None
    note: str = ""


def searching(table: SongTable, scorer: InnerProduct | Clustered) -> Search:
    """Return the graph that finds the best songs of profiles [B, d], as other libraries do."""

    def found(profiles: tf.Tensor) -> tf.Tensor:
        profile = profile_of(profiles)
        count = scorer.blocks_for(profile, tf.constant(K))
        blocks = best_blocks(scorer.block_maxima(profile), count)
        best = tf.math.top_k(scorer.scores(profile, blocks), K).indices
        return table.ids_at(tf.gather(table.blocks.rows_of(blocks), best, batch_dims=1)) - 1

    def found_alone(profiles: tf.Tensor) -> tf.Tensor:
        one = tf.TensorSpec([K], tf.int32)
        return tf.map_fn(lambda row: found(row[tf.newaxis])[0], profiles, fn_output_signature=one)

    return compiled(found_alone if isinstance(scorer, Clustered) else found)


def profile_of(profiles: tf.Tensor) -> Profile:
    """Return what scorers take, with a column of the popularity that counts for nothing."""
    profile = together(profiles[:, tf.newaxis, :])
    return profile._replace(tastes=tf.pad(profile.tastes, [[0, 0], [0, 0], [0, 1]]))


def ranking(table: SongTable, scorer: InnerProduct | Clustered) -> Search:
    """Return the graph that ranks for profiles [B, d] by all rules: all but reading requests."""
    ranker = Ranker(table, scorer, alone=isinstance(scorer, Clustered))

    def ranked(profiles: tf.Tensor) -> tf.Tensor:
        batch = tf.shape(profiles)[0]
        nobody = tf.zeros([batch, 0], tf.int32)
        seeds = Batch(nobody, nobody, tf.zeros([batch, 0], tf.bool), nobody)
        top = ranker.rank(profile_of(profiles), seeds, no_constraints(batch), tf.fill([batch], K))
        return table.ids_at(top.rows) - 1

    return compiled(ranked)


def plain(vectors: np.ndarray) -> Search:
    """Return one product of matrices and one top-k over all scores."""
    variable = tf.Variable(vectors)

    def ranked(profiles: tf.Tensor) -> tf.Tensor:
        return tf.math.top_k(tf.matmul(profiles, variable.read_value(), transpose_b=True), K)[1]

    return compiled(ranked)


def compiled(function: Search) -> Search:
    """Return the concrete function, as serving calls it."""
    concrete: Search = tf.function(function).get_concrete_function(tf.TensorSpec([None, WIDTH]))
    return concrete


def timed(search: Search, queries: np.ndarray) -> Callable[[int], float]:
    """Return what times a search over different queries, warm."""
    inputs = {
        batch: [
            tf.constant(queries[start : start + batch])
            for start in range(0, min(len(queries), batch * CALLS[batch]) - batch + 1, batch)
        ]
        for batch in BATCHES
    }
    for batch in BATCHES:
        search(inputs[batch][0])

    def now(batch: int) -> float:
        started = time.perf_counter()
        for profiles in inputs[batch]:
            search(profiles)
        return (time.perf_counter() - started) * 1000 / (batch * len(inputs[batch]))

    return now


def recall(search: Search, queries: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the true neighbors that a search finds."""
    hits = 0
    for start in range(0, len(queries), 50):
        found = search(tf.constant(queries[start : start + 50])).numpy()
        hits += sum(np.isin(*pair).sum() for pair in zip(found, truth[start:], strict=False))
    return float(hits / truth.size)


def ours(songs: Catalog, queries: np.ndarray, truth: np.ndarray) -> dict[str, Contender]:
    """Return Segue's graphs, and what they are compared with."""

    def contender(search: Search, note: str = "") -> Contender:
        return Contender(timed(search, queries), recall(search, queries, truth), note)

    arrays = song_arrays(songs)
    table = SongTable(arrays)
    exact = InnerProduct(table, songs.vectors, sig.SOURCE_CONTENT)
    trivial = compiled(lambda profiles: profiles + 1)
    contenders = {
        "floor": Contender(lambda batch: _floor(songs.vectors) / batch, note="read all vectors"),
        "trivial call": Contender(timed(trivial, queries)),
        "plain": contender(plain(songs.vectors)),
        "exact": contender(searching(table, exact)),
        "exact, all rules": contender(ranking(table, exact)),
    }
    started = time.perf_counter()
    clusters = cluster(songs.vectors, seed=1)
    print(f"clustered in {time.perf_counter() - started:.0f} s")
    table = SongTable(arrays, blocks_of(clusters))
    exact = InnerProduct(table, songs.vectors, sig.SOURCE_CONTENT)
    tuning = listeners(songs, seed=3)
    for target in (0.95, 0.99):
        probed = probing(songs.vectors, clusters, tuning, target)
        share = probed.probes / len(probed.reach)
        scorer = Clustered(table, exact, clusters, probed)
        note = f"{probed.probes} blocks, {share:.2%} of rows"
        name = f"approximate @{target}"
        contenders[name] = contender(searching(table, scorer), note)
        contenders[f"{name}, all rules"] = contender(ranking(table, scorer))
    return contenders


def _floor(vectors: np.ndarray) -> float:
    started = time.perf_counter()
    vectors.sum()
    return (time.perf_counter() - started) * 1000


@dataclass(frozen=True)
class Peers:
    """A library in a process of its own."""

    process: subprocess.Popen[str]

    def asked(self, question: dict[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return its answer, or its first line when nothing is asked."""
        asked, answers = self.process.stdin, self.process.stdout
        if asked is None or answers is None:
            raise ValueError("process: it has no pipes")
        if question is not None:
            print(json.dumps(question), file=asked, flush=True)
        line = answers.readline()
        if not line:
            raise SystemExit("a library's process ended early; its message is above")
        return json.loads(line)

    def contenders(self) -> dict[str, Contender]:
        """Return the searches of the library, once it has built them."""

        def asked(name: str) -> Callable[[int], float]:
            return lambda batch: float(
                self.asked({"name": name, "batch": batch, "calls": CALLS[batch]})
            )

        return {
            name: Contender(asked(name), told["recall"], _note(told))
            for name, told in self.asked().items()
        }


def _note(told: dict[str, float]) -> str:
    setting = f"setting {told['setting']:.0f}, " if "setting" in told else ""
    return f"{setting}built in {told['build']:.0f} s"


def started(python: str, library: str, folder: Path, ends: ExitStack) -> Peers:
    """Return a library's process, which ends with `ends`."""
    script = str(Path(__file__).with_name("retrieval_peers.py"))
    process = subprocess.Popen(
        [python, script, library, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ends.callback(process.wait)
    ends.callback(process.terminate)
    return Peers(process)


def measured(contenders: dict[str, Contender]) -> dict[tuple[str, int], list[float]]:
    """Return the milliseconds a query of each contender and batch, by round."""
    times: dict[tuple[str, int], list[float]] = {}
    for number in range(ROUNDS + 1):
        for name, one in contenders.items():
            for batch in BATCHES:
                taken = one.timed(batch)
                if number:  # the first one warms up
                    times.setdefault((name, batch), []).append(taken)
    return times


def report(
    contenders: dict[str, Contender], times: dict[tuple[str, int], list[float]]
) -> dict[tuple[str, int], float]:
    """Print the table and return the medians."""
    for name, one in contenders.items():
        cells = [f"{name:29}"]
        for batch in BATCHES:
            of = times[name, batch]
            cells.append(f"B{batch} {statistics.median(of):7.3f} [{min(of):.3f}-{max(of):.3f}]")
        found = "" if one.recall is None else f"recall {one.recall:.3f}"
        print("  ".join([*cells, found, one.note]))
    return {key: statistics.median(of) for key, of in times.items()}


def main(arguments: Sequence[str]) -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--songs", type=int, default=1_000_000)
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--libraries", default=",".join(LIBRARIES))
    given = parser.parse_args(arguments)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    songs = catalog(np.random.default_rng(1), given.songs)
    queries = listeners(songs, seed=2).profiles
    truth = true_neighbors(songs.vectors, queries)
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        for part, array in (("vectors", songs.vectors), ("queries", queries), ("truth", truth)):
            np.save(Path(name) / f"{part}.npy", array)
        contenders = ours(songs, queries, truth)
        for library in given.libraries.split(",") if given.peers else ():
            contenders |= started(given.peers, library, Path(name), ends).contenders()
        print(f"{given.songs:,} songs, {WIDTH} features, k = {K}, milliseconds a query")
        judge(report(contenders, measured(contenders)))


if __name__ == "__main__":
    main(sys.argv[1:])
