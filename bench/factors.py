"""How fast factors are learned and how well they rank, next to `implicit`.

    python bench/factors.py [--peers PYTHON] [--data FOLDER] [--large]
                            [--only speed|quality]

PYTHON is an interpreter that has implicit 0.7.3, scipy and threadpoolctl; FOLDER has `lastfm2k` and
`triplets`. Without either the tables have fewer rows. Prints seconds of an epoch, of wall clock and
of processor, then recall and nDCG of listeners that nothing learned from.
"""

import argparse
import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import factors_quality as quality
from segue_model.data.interactions import Interactions
from segue_model.data.progress import silent
from segue_model.data.synthetic_listens import invent_listens
from segue_model.data.synthetic_music import invent_artists, invent_songs
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_fold_in import scores
from segue_model.learning.factors_options import FactorsOptions

ROUNDS, EPOCHS, SEEDS = 3, 6, (0, 1)
OURS = {"regularization": (0.003, 0.01, 0.03), "unobserved_weight": (0.03, 0.1, 0.3)}
THEIRS = {"regularization": (0.01, 1.0, 10.0, 30.0), "alpha": (1.0, 3.0, 10.0, 30.0)}
LONGER = {"dimensions": (32, 128, 256)}
NEIGHBORS = {"neighbors": (20, 100, 500), "shrinkage": (0.0, 3.0, 10.0, 30.0)}


class Peer:
    """`implicit`, in a process of its own."""

    def __init__(self, python: str, folder: Path) -> None:
        script = str(Path(__file__).with_name("factors_peer.py"))
        self.folder = folder
        self.process = subprocess.Popen(
            [python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def train(self, train: sparse.csr_matrix, **job: str | float) -> dict[str, Any]:
        """Return the seconds of each epoch but the first, `wall` and `cpu`."""
        sparse.save_npz(self.folder / "train.npz", train, compressed=False)
        asked = {"train": str(self.folder / "train.npz"), "seed": 0, "threads": 1} | job
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(next(iter(self.process.stdout or ())))
        return answer

    def rank(
        self, train: sparse.csr_matrix, history: sparse.csr_matrix, **options: float
    ) -> quality.Scores:
        """Return scores of who listened to `history`."""
        files = {name: str(self.folder / f"{name}.npz") for name in ("history", "output")}
        sparse.save_npz(files["history"], history, compressed=False)
        self.train(train, **files, **{"dimensions": 64, "epochs": 16} | options)
        found = np.load(files["output"])
        return np.asarray(found["listeners"] @ found["songs"].T)


def rank(train: sparse.csr_matrix, history: sparse.csr_matrix, **options: float) -> quality.Scores:
    """Return our scores of who listened to `history`."""
    chosen = replace(FactorsOptions(dimensions=64), **options)  # type: ignore[arg-type]
    factors = fit_factors(_interactions(train), chosen, silent)
    result = np.full(history.shape, -np.inf, np.float32)
    result[:, factors.songs] = scores(factors, history)
    return result


def _interactions(matrix: sparse.csr_matrix) -> Interactions:
    matrix.sort_indices()
    return Interactions(np.arange(matrix.shape[0], dtype=np.int32), matrix)


def train(matrix: sparse.csr_matrix, dimensions: int) -> dict[str, list[float]]:
    """Return the seconds of each of our epochs but the first, `wall` and `cpu`."""
    marks: list[tuple[float, float]] = []

    def mark(_: str, __: float) -> None:
        marks.append((time.perf_counter(), time.process_time()))

    fit_factors(_interactions(matrix), FactorsOptions(dimensions, epochs=EPOCHS), mark)
    wall, cpu = np.diff(np.array(marks)[2::2], axis=0).T
    return {"wall": wall.tolist(), "cpu": cpu.tolist()}


@contextlib.contextmanager
def processors(count: int) -> Iterator[None]:
    """Let us have no more than so many threads."""
    found = os.cpu_count
    os.cpu_count = lambda: count
    try:
        yield
    finally:
        os.cpu_count = found


def invented(songs: int, listeners: int) -> sparse.csr_matrix:
    """Return invented listens."""
    rng = np.random.default_rng(7)
    artists = invent_artists(rng, songs)
    found = invent_listens(rng, artists, invent_songs(rng, artists), listeners)
    ones = np.ones(len(found.songs), np.float32)
    matrix = sparse.csr_matrix((ones, (found.listeners - 1, found.songs - 1)), (listeners, songs))
    print(f"\n{listeners:,} listeners, {songs:,} songs, {matrix.nnz:,} listens")
    return matrix


def speed(matrix: sparse.csr_matrix, peer: Peer | None) -> None:
    """Print medians of the seconds of an epoch, of rounds in turns."""
    print("| d | threads | ours, wall | cpu | implicit, wall | cpu | wall ours / theirs | cpu |")
    for dimensions, threads in ((64, 1), (64, 2), (128, 1), (128, 2)):
        seconds: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            with processors(threads):
                found = {"ours": train(matrix, dimensions)}
            if peer:
                job = {"dimensions": dimensions, "threads": threads, "epochs": EPOCHS}
                terms = {"regularization": 1.0, "alpha": 10.0}
                found["theirs"] = peer.train(matrix, **job, **terms)
            for name, times in found.items():
                for kind, each in times.items():
                    seconds.setdefault(f"{name} {kind}", []).extend(each)
        row = [float(np.median(each)) for each in seconds.values()]
        ratios = [row[0] / row[2], row[1] / row[3]] if peer else []
        told = [f"{each:.3f}" for each in row] + [f"{each:.2f}" for each in ratios]
        print(f"| {dimensions} | {threads} |", " | ".join(told), "|", flush=True)


Grid = Mapping[str, Sequence[Any]]


def compare(name: str, matrix: sparse.csr_matrix, peer: Peer | None) -> None:
    """Print what the methods reach, each tuned alike, and how surely ours beats each."""
    methods: dict[str, tuple[quality.Method, Grid, Grid]] = {
        "popularity": (quality.popularity, {}, {}),
        "cosine neighbors": (quality.cosine_neighbors, NEIGHBORS, {}),
        "ours": (rank, OURS, LONGER),
    }
    if peer:
        methods["implicit"] = (peer.rank, THEIRS, LONGER)
    found: dict[str, list[quality.Measures]] = {}
    chosen: dict[str, list[str]] = {}
    for seed in SEEDS:
        data = quality.split(matrix, seed)
        for method, how in methods.items():
            options, measures = quality.tuned(*how, data)
            found.setdefault(method, []).append(measures)
            chosen.setdefault(method, []).append(" ".join(map(str, options.values())))
    ours = np.concatenate(found["ours"])
    print(
        f"\n{name}, {len(ours)} judges\n| method | recall@20 | recall@50 | nDCG@100 | ours ahead |"
    )
    for method, parts in found.items():
        measures = np.concatenate(parts)
        ahead = (ours - measures)[:, 2]
        error = ahead.std(ddof=1) / np.sqrt(len(ours))
        told = " | ".join(f"{each:.4f}" for each in measures.mean(axis=0))
        said = f"{ahead.mean():+.4f} ± {error:.4f}"
        print(f"| {method} ({'; '.join(chosen[method])}) | {told} | {said} |", flush=True)


def data_sets(folder: Path | None) -> Iterator[tuple[str, sparse.csr_matrix]]:
    """Yield what there is to learn from, by name."""
    if folder:
        yield "Last.fm-2k", quality.lastfm(folder / "lastfm2k")
        for name in ("taste_profile_10000txt_prefix", "taste_profile_msd10k_songs"):
            yield name, quality.triplets(folder / "triplets" / f"{name}.tsv")
    else:
        yield "invented", invented(3_000, 2_000)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--data", metavar="FOLDER", type=Path)
    parser.add_argument(
        "--large", action="store_true", help="100,000 listeners to 41,000 songs too"
    )
    parser.add_argument("--only", choices=("speed", "quality"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(given.peers, Path(folder)) if given.peers else None
        if given.only != "quality":
            speed(invented(10_000, 20_000), peer)
            if given.large:
                speed(invented(41_000, 100_000), peer)
        if given.only != "speed":
            for name, matrix in data_sets(given.data):
                compare(name, matrix, peer)
        if peer:
            peer.process.communicate()


if __name__ == "__main__":
    main()
