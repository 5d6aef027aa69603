"""Whose listens are learned from and whose are guessed: strong generalization over listeners.

After Liang et al. (2018): whole listeners are held out. Of each, some songs are shown to an engine
that has never met the listener, and the others are what it should recommend.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.data.columns import Ids
from segue_model.data.interactions import Interactions
from segue_model.evaluation.errors import EvaluationError

TARGET_SHARE: Final = 0.2  # of a listener's songs
MOST_BY_SHARE: Final = 10_000

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How listens are split; the same plan splits the same listens the same way.

    `held_out` listeners are for validation and as many for test: a share if below 1, at most
    10,000, else a number. `cold` is the share of songs that nobody is known to have listened to in
    the cold protocol.
    Raises: ValueError naming the field.
    """

    seed: int = 98_765
    held_out: float = 0.1
    min_songs: int = 5
    min_listeners: int = 0
    cold: float = 0.1

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError("seed: below 0")
        if not (0 < self.held_out < 0.5 or (self.held_out >= 1 and self.held_out % 1 == 0)):  # noqa: PLR2004 - a half would leave nobody to learn from
            raise ValueError("held_out: neither a share of 0 to 0.5 nor a whole number")
        if self.min_songs < 2:  # noqa: PLR2004 - one to show, one to guess
            raise ValueError("min_songs: below 2, and a song shown leaves none to guess")
        if self.min_listeners < 0:
            raise ValueError("min_listeners: below 0")
        if not 0 <= self.cold < 1:
            raise ValueError("cold: not a share of 0 to below 1")


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """B listeners, what is shown of each and what is to be guessed: each some songs, none both.

    `shown` and `targets` are binary CSR [B, N], columns the songs of the dataset.
    """

    listeners: Ids
    shown: sparse.csr_matrix
    targets: sparse.csr_matrix

    def __len__(self) -> int:
        return len(self.listeners)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Who is learned from and who is held out.

    `songs` are the rows of the dataset's songs that training listeners have listened to, in order:
    all that is shown, guessed or recommended. `dropped` held-out listeners had no two of them.
    """

    plan: Plan
    training: Ids
    songs: Rows
    validation: HeldOut
    test: HeldOut
    dropped: int


def split(interactions: Interactions, plan: Plan) -> Split:
    """Return the split of listens, whatever their plays.

    First songs with too few listeners are left out, then listeners with too few of those songs.
    Raises: EvaluationError when too few listeners or songs are left.
    """
    matrix = interactions.binary()
    often = np.asarray(matrix.sum(axis=0)).ravel() >= plan.min_listeners
    matrix = entries(matrix, often[matrix.indices])
    rng, *rngs, _ = streams(plan)
    order = rng.permutation(np.flatnonzero(np.diff(matrix.indptr) >= plan.min_songs))
    number = _number(plan, len(order))
    training = np.sort(order[2 * number :])
    heard = np.asarray(matrix[training].sum(axis=0)).ravel() > 0
    known = entries(matrix, heard[matrix.indices])
    held = order[:number], order[number : 2 * number]
    parts = [
        _held_out(interactions.listeners, known, np.sort(rows), rng)
        for rows, rng in zip(held, rngs, strict=True)
    ]
    if any(not len(part) for part in parts):
        raise EvaluationError("no held-out listener has two songs that others listen to")
    dropped = 2 * number - sum(map(len, parts))
    songs = np.flatnonzero(heard)
    return Split(plan, interactions.listeners[training], songs, parts[0], parts[1], dropped)


def entries(matrix: sparse.csr_matrix, kept: npt.NDArray[np.bool_]) -> sparse.csr_matrix:
    """Return the matrix with those of its entries that are `kept`, a bool each."""
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sparse.csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def streams(plan: Plan) -> list[np.random.Generator]:
    """Return a stream a purpose, so that one does not change with what another draws.

    They are for who is held out, what of validation and of test is shown, and which songs are cold.
    """
    return np.random.default_rng(plan.seed).spawn(4)


def _number(plan: Plan, listeners: int) -> int:
    """Return how many listeners are held out for validation, and again for test."""
    asked = plan.held_out
    number = int(asked) if asked >= 1 else min(MOST_BY_SHARE, max(1, round(asked * listeners)))
    if 2 * number >= listeners:
        raise EvaluationError(
            f"{listeners:,} listeners with {plan.min_songs} songs or more are too few to hold out "
            f"{number:,} for validation and as many for test"
        )
    return number


def _held_out(
    listeners: Ids, matrix: sparse.csr_matrix, rows: Rows, rng: np.random.Generator
) -> HeldOut:
    """Return the listeners at `rows` that have two songs, a random fifth of them the targets."""
    rows = rows[np.diff(matrix.indptr)[rows] >= 2]  # noqa: PLR2004 - one to show, one to guess
    matrix = matrix[rows]
    lengths = np.diff(matrix.indptr)
    owner = np.repeat(np.arange(len(rows)), lengths)
    # A random order within each listener: the first of it are the targets.
    order = np.lexsort((rng.random(matrix.nnz), owner))
    place = np.empty(matrix.nnz, np.int64)
    place[order] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], lengths)
    wanted = np.maximum(1, (TARGET_SHARE * lengths).astype(np.int64))
    target = place < wanted[owner]
    return HeldOut(listeners[rows], entries(matrix, ~target), entries(matrix, target))
