"""How well and how fast EASE learns, against popularity and public models.

    python bench/item_item.py quality FILE [--peers PYTHON] [--splits 3]
    python bench/item_item.py time [--songs 41140] [--listeners 100000] [--peers PYTHON]

FILE has a listener and an item a line, parted by tabs. `quality` splits its listeners (80 % are
learned from, 10 % choose settings, 10 % are judged by; of a judged one's items a fifth is hidden)
and prints means over all splits, with standard errors; the last column is the mean difference to
popularity in its standard errors. `time` invents data. PYTHON is of an environment with
`implicit` and `sansa`.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from item_item_peers import PEERS, Figures, Matrix, Values, figures
from segue_model.data.interactions import Interactions
from segue_model.data.synthetic import synthetic_dataset
from segue_model.learning.item_item import CLOSED_AT_MOST, Form, ItemItemOptions, fit_item_item
from segue_model.learning.neighbor_table import NONE, NeighborTable, scores

REGULARIZATIONS = (10.0, 30.0, 100.0, 300.0, 1000.0)
SEED, LEAST, HIDDEN, HELD_OUT = 98765, 5, 0.2, 0.1


class Split(NamedTuple):
    """Listeners to learn from, to choose settings by (`history`), and to judge by (`asked`)."""

    train: Matrix
    history: Matrix
    targets: Matrix
    asked: Matrix
    wanted: Matrix


def read(path: Path) -> Matrix:
    """Return who listened to what [U, N]."""
    rows = [line.rstrip("\n").split("\t") for line in path.open(encoding="utf-8")]
    rows = rows[1:] if rows[0][-1:] and not rows[0][-1].isdigit() else rows
    listeners, items = (np.unique([row[at] for row in rows], return_inverse=True) for at in (0, 1))
    shape = (len(listeners[0]), len(items[0]))
    heard = sparse.csr_matrix((np.ones(len(rows), np.float32), (listeners[1], items[1])), shape)
    heard.data[:] = 1
    return heard


def split(heard: Matrix, rng: np.random.Generator, most: int = 10_000) -> Split:
    """Return a split by listeners; songs that nobody learned from has played are left out."""
    order = rng.permutation(heard.shape[0])
    size = min(int(heard.shape[0] * HELD_OUT), most)
    train = heard[np.sort(order[2 * size :])]
    known = np.flatnonzero(np.bincount(train.indices, minlength=heard.shape[1]))
    parts = [heard[np.sort(part)][:, known] for part in (order[:size], order[size : 2 * size])]
    train = train[:, known]
    train.sort_indices()
    return Split(train, *_hidden(parts[0], rng), *_hidden(parts[1], rng))


def _hidden(heard: Matrix, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
    heard = heard[np.diff(heard.indptr) >= LEAST].tocsr()
    targets = np.zeros(heard.nnz, bool)
    for start, end in zip(heard.indptr[:-1], heard.indptr[1:], strict=True):
        chosen = rng.permutation(end - start)[: int(HIDDEN * (end - start))]
        targets[start + chosen] = True
    halves = []
    for keep in (~targets, targets):
        half = heard.copy()
        half.data = keep.astype(np.float32)
        half.eliminate_zeros()
        halves.append(half)
    return halves[0], halves[1]


def learn(train: Matrix, options: ItemItemOptions) -> NeighborTable:
    """Return the table learned from the split's listeners."""
    return fit_item_item(Interactions(np.arange(train.shape[0], dtype=np.int32), train), options)


def judged(table: NeighborTable, train: Matrix, history: Matrix, targets: Matrix) -> Figures:
    """Return the figures of a table; what it scores 0 comes in order of popularity."""
    popular = 1e-9 * np.bincount(train.indices, minlength=train.shape[1])
    found = np.tile(popular, (history.shape[0], 1))
    found[:, table.songs] += scores(table, history)
    return figures(found, history, targets)


def by_target(table: NeighborTable, most: int) -> NeighborTable:
    """Return the table with the `most` largest weights of each song that is scored, by column."""
    count = len(table.songs)
    full = np.zeros((count, count), np.float32)
    rows, columns = np.nonzero(table.neighbors != NONE)
    full[rows, table.neighbors[rows, columns]] = table.weights[rows, columns]
    least = -np.partition(-np.abs(full), most - 1, axis=0)[most - 1]
    weights = np.take_along_axis(full, table.neighbors, 1)
    kept = (table.neighbors != NONE) & (np.abs(weights) >= least[table.neighbors])
    return replace(
        table,
        neighbors=np.where(kept, table.neighbors, NONE).astype(np.int32),
        weights=np.where(kept, weights, 0).astype(np.float32),
    )


def ours(split: Split) -> Iterator[tuple[str, Figures]]:
    """Yield the figures of popularity and of our forms, the penalty chosen on `history`."""
    train, asked, wanted = split.train, split.asked, split.wanted
    popular = np.bincount(train.indices, minlength=train.shape[1])
    yield "popularity", figures(np.tile(popular, (asked.shape[0], 1)), asked, wanted)

    def value(options: ItemItemOptions) -> float:
        table = learn(train, options)
        return float(judged(table, train, split.history, split.targets)[0].mean())

    tried = [ItemItemOptions(regularization=penalty) for penalty in REGULARIZATIONS]
    best = max(tried, key=value)
    default = learn(train, ItemItemOptions())
    yield "closed, defaults", judged(default, train, asked, wanted)
    table = learn(train, best)
    yield f"closed, lambda {best.regularization:g}", judged(table, train, asked, wanted)
    whole = learn(train, replace(best, neighbors=len(table.songs)))
    yield "… all weights", judged(whole, train, asked, wanted)
    for kept in (100, 50, 20):
        row = replace(table, neighbors=table.neighbors[:, :kept], weights=table.weights[:, :kept])
        yield f"… {kept} of a listened song", judged(row, train, asked, wanted)
    for kept in (200, 50, 20):
        yield f"… {kept} of a scored song", judged(by_target(whole, kept), train, asked, wanted)
    few = learn(train, replace(best, form="sparse"))
    yield "sparse, the same lambda", judged(few, train, asked, wanted)


def theirs(
    split: Split, python: str, names: list[str]
) -> Iterator[tuple[str, dict[str, str | float | list[float]]]]:
    """Yield what each peer says."""
    with tempfile.TemporaryDirectory() as folder:
        for name, part in split._asdict().items():
            sparse.save_npz(Path(folder) / f"{name}.npz", part)
        script = Path(__file__).with_name("item_item_peers.py")
        for name in names:
            ran = subprocess.run(
                [python, script, folder, name], stdout=subprocess.PIPE, check=True, text=True
            )
            yield name, json.loads(ran.stdout.splitlines()[-1])


def quality(path: Path, peers: str | None, splits: int) -> None:
    """Print the table of quality."""
    heard, rng = read(path), np.random.default_rng(SEED)
    found: dict[str, list[Figures]] = {}
    for _ in range(splits):
        one = split(heard, rng)
        for name, each in ours(one):
            key = "closed, lambda chosen" if name.startswith("closed, lambda") else name
            found.setdefault(key, []).append(each)
        names = [name for name in PEERS if name != "SANSA once"]
        for name, told in theirs(one, peers, names) if peers else ():
            found.setdefault(name, []).append((np.array(told["ndcg"]), np.array(told["recall"])))
            print(f"  {name}: {told['setting']}")
    print(f"{path.name}: {heard.shape[0]} listeners, {heard.shape[1]} items, {heard.nnz} listens")
    print("| | NDCG@100 | Recall@20 | over popularity, in standard errors |\n|---|---|---|---|")
    popular = np.concatenate([each[0] for each in found["popularity"]])
    for name, parts in found.items():
        ndcg, recall = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
        more = ndcg - popular
        errors = more.mean() / (more.std() / len(more) ** 0.5) if more.any() else 0.0
        print(f"| {name} | {_told(ndcg)} | {_told(recall)} | {errors:.1f} |")


def _told(values: Values) -> str:
    return f"{values.mean():.4f} ± {values.std() / len(values) ** 0.5:.4f}"


def timed(songs: int, listeners: int, peers: str | None) -> None:
    """Print how long a fit takes, by the clock and by the processors, and what it reaches."""
    listens = synthetic_dataset(songs, listeners, SEED).listens
    ones = np.ones(len(listens.songs), np.float32)
    heard = sparse.csr_matrix((ones, (listens.listeners - 1, listens.songs - 1)))
    one = split(heard, np.random.default_rng(SEED), most=2_000)
    print(f"{one.train.shape[0]} listeners, {one.train.shape[1]} songs, {one.train.nnz} listens")
    print("| | seconds | of processors | NDCG@100 | Recall@20 |\n|---|---|---|---|---|")
    forms: tuple[Form, ...] = ("sparse", "closed") if songs <= CLOSED_AT_MOST else ("sparse",)
    for form in forms:
        spent = _clock(partial(learn, one.train, ItemItemOptions(form=form)))
        each = judged(spent[0], one.train, one.asked, one.wanted)
        print(f"| {form} | {spent[1]:.1f} | {spent[2]:.1f} | {_told(each[0])} | {_told(each[1])} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"at most {peak / 1e6:.1f} GB of memory")
    for name, told in theirs(one, peers, ["SANSA once"]) if peers else ():
        both = _told(np.array(told["ndcg"])), _told(np.array(told["recall"]))
        print(f"| {name} | {told['seconds']:.1f} | {told['cpu']:.1f} | {both[0]} | {both[1]} |")


def _clock(work: Callable[[], NeighborTable]) -> tuple[NeighborTable, float, float]:
    began, worked = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - began, time.process_time() - worked


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("quality", "time"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--peers")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--songs", type=int, default=41_140)
    parser.add_argument("--listeners", type=int, default=100_000)
    given = parser.parse_args()
    if given.what == "quality":
        quality(given.file, given.peers, given.splits)
    else:
        timed(given.songs, given.listeners, given.peers)


if __name__ == "__main__":
    main()
