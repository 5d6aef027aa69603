"""Strong generalization: how well engines foretell what else unknown listeners listen to.

Listeners of at least 5 songs; 80 % of them teach, 10 % choose the options, 10 % judge. Of each of
the latter a fifth of the songs is hidden; only songs that teaching listeners know are ranked.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

LEAST, HELD_OUT, HIDDEN = 5, 0.1, 0.2
Scores = npt.NDArray[np.float32]
Measures = npt.NDArray[np.float64]
# Scores [B, N] of who listened to a history, learned from who teaches, with options by name.
Method = Callable[..., Scores]


@dataclass(frozen=True)
class Judges:
    """Listeners who are shown `history` and listened to `targets` too, [B, N] each."""

    history: sparse.csr_matrix
    targets: sparse.csr_matrix


Split = tuple[sparse.csr_matrix, Judges, Judges]


def lastfm(folder: Path) -> sparse.csr_matrix:
    """Return who listened to which artist."""
    table = np.loadtxt(folder / "user_artists.dat", skiprows=1, dtype=np.int64)
    return _matrix(table[:, 0], table[:, 1])


def triplets(file: Path) -> sparse.csr_matrix:
    """Return who listened to which song."""
    rows = [line.split("\t")[:2] for line in file.read_text().splitlines()]
    return _matrix([row[0] for row in rows], [row[1] for row in rows])


def _matrix(listeners: npt.ArrayLike, songs: npt.ArrayLike) -> sparse.csr_matrix:
    row, column = (np.unique(keys, return_inverse=True)[1] for keys in (listeners, songs))
    matrix = sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def split(matrix: sparse.csr_matrix, seed: int) -> Split:
    """Return who teaches, who chooses and who judges."""
    rng = np.random.default_rng(seed)
    matrix = matrix[np.diff(matrix.indptr) >= LEAST]
    order = rng.permutation(matrix.shape[0])
    held = int(HELD_OUT * len(order))
    train = matrix[order[2 * held :]]
    known = np.flatnonzero(np.bincount(train.indices, minlength=train.shape[1]))
    parts = (order[:held], order[held : 2 * held])
    choosing, judging = (_judges(matrix[part][:, known], rng) for part in parts)
    return train[:, known], choosing, judging


def _judges(matrix: sparse.csr_matrix, rng: np.random.Generator) -> Judges:
    matrix = matrix[np.diff(matrix.indptr) >= LEAST]
    hidden = np.zeros(matrix.nnz, np.float32)
    for start, end in zip(matrix.indptr, matrix.indptr[1:], strict=False):
        count = int(HIDDEN * (end - start))
        hidden[start + rng.choice(end - start, count, replace=False)] = 1
    targets, history = matrix.copy(), matrix.copy()
    targets.data, history.data = hidden, 1 - hidden
    targets.eliminate_zeros()
    history.eliminate_zeros()
    return Judges(history, targets)


def judged(judges: Judges, scores: Scores) -> Measures:
    """Return recall@20, recall@50 and nDCG@100 of each listener, [B, 3]."""
    scores = np.where(judges.history.toarray() > 0, -np.inf, scores)
    found = np.argsort(-scores, axis=1, kind="stable")[:, :100]
    hits = np.take_along_axis(judges.targets.toarray(), found, axis=1)
    counts = np.diff(judges.targets.indptr)
    gains = 1 / np.log2(np.arange(2, 102))
    best = np.cumsum(gains)[np.minimum(counts, 100) - 1]
    recalls = [hits[:, :at].sum(axis=1) / np.minimum(at, counts) for at in (20, 50)]
    return np.stack([*recalls, hits @ gains[: hits.shape[1]] / best], axis=1)


def tuned(
    method: Method, grid: Mapping[str, Sequence[Any]], then: Mapping[str, Any], data: Split
) -> tuple[dict[str, Any], Measures]:
    """Return the options that the choosing listeners like best by nDCG, and what these reach.

    All of `grid` is tried, and of the best of it the values of `then`, one by one.
    """
    train, choosing, judging = data

    def liked(options: dict[str, Any]) -> float:
        return float(judged(choosing, method(train, choosing.history, **options))[:, 2].mean())

    tried = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    best = max(tried, key=liked)
    more = [{**best, name: value} for name, values in then.items() for value in values]
    options = max([best, *more], key=liked)
    return options, judged(judging, method(train, judging.history, **options))


def popularity(train: sparse.csr_matrix, history: sparse.csr_matrix) -> Scores:
    """Return the number of listeners, whoever asks."""
    return np.repeat(np.asarray(train.sum(axis=0)), history.shape[0], axis=0)


def cosine_neighbors(
    train: sparse.csr_matrix, history: sparse.csr_matrix, neighbors: int, shrinkage: float
) -> Scores:
    """Return the sum of cosines with the songs listened to, where these are near neighbors."""
    counts = np.asarray(train.sum(axis=0)).ravel()
    near = (train.T @ train).tocsr()
    near.setdiag(0)
    near.eliminate_zeros()
    rows = np.repeat(np.arange(len(counts)), np.diff(near.indptr))
    lengths = np.sqrt(counts[rows] * counts[near.indices])
    near.data = (near.data / (lengths + shrinkage)).astype(np.float32)
    order = np.lexsort((-near.data, rows))
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows)) - near.indptr[rows]
    near.data[rank >= neighbors] = 0
    near.eliminate_zeros()
    # Row j has the neighbors of song j: it is worth what those of them listened to are.
    return np.asarray((history @ near.T).toarray())
