"""Which profile of a listener finds more of what they listen to, by the content of songs alone.

    python bench/tastes.py DATASET [TRIPLETS]

Listens are those of the dataset, or of a file of `user, MSD song id, plays` lines. A fifth of the
songs of each listener of five or more is hidden, five times where lists are short, and looked for:
by every listener, by listeners made of two, and among songs put aside as new. Prints means,
standard errors, and in brackets the paired differences from the mean of cosines with theirs.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segue_model.data.dataset import Dataset, read_dataset
from segue_model.data.interactions import interactions_of
from segue_model.learning.tastes import SHARPNESS, profiles, tastes

LEAST, SHORT, LISTENERS, PAIRS, NEW = 5, 20, 400, 400, 0.2
Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Way = Callable[[Scores, Scores], Scores]


class Songs(NamedTuple):
    """Vectors of length 1, [N, d], and genres of the songs."""

    vectors: Scores
    genres: list[set[int]]


class Case(NamedTuple):
    """What a listener is known by, in order, and what is hidden."""

    listener: int
    known: Rows
    hidden: Rows


def mean(songs: Scores, listened: Scores) -> Scores:
    """Score by the mean cosine."""
    return np.asarray(songs @ listened.mean(axis=0))


def kernel(songs: Scores, listened: Scores) -> Scores:
    """Score by the mean likeness: as many products as songs, so no candidate but a yardstick."""
    return np.asarray(np.exp(SHARPNESS * (songs @ listened.T - 1)).mean(axis=1))


def nearest(songs: Scores, listened: Scores) -> Scores:
    """Score by the largest cosine."""
    return np.asarray((songs @ listened.T).max(axis=1))


def largest(most: int, sharpness: float = SHARPNESS) -> Way:
    """Score by the best of at most `most` tastes."""

    def way(songs: Scores, listened: Scores) -> Scores:
        groups, shares = tastes(listened, most)
        directions, added = profiles(listened, groups, shares)
        return np.asarray((songs @ directions.T + added * (SHARPNESS / sharpness)).max(axis=1))

    return way


def summed(most: int) -> Way:
    """Score by the sum over the tastes of share times likeness."""

    def way(songs: Scores, listened: Scores) -> Scores:
        groups, shares = tastes(listened, most)
        directions, _ = profiles(listened, groups, shares)
        return np.asarray(np.exp(SHARPNESS * (songs @ directions.T - 1)) @ shares)

    return way


def farthest(most: int, below: float = 0.5) -> Way:
    """Score by the best taste's mean cosine times its share^1/4; centers far apart."""

    def way(songs: Scores, listened: Scores) -> Scores:
        cosines = listened @ listened.T
        centers = [int(np.argmax(cosines.sum(axis=0)))]
        while len(centers) < most and (near := cosines[centers].max(axis=0)).min() < below:
            centers.append(int(np.argmin(near)))
        groups = np.argmax(cosines[:, centers], axis=1)
        parts = [
            (groups == taste).mean() ** 0.25 * listened[groups == taste].mean(axis=0)
            for taste in np.unique(groups)
        ]
        return np.asarray((songs @ np.stack(parts).T).max(axis=1))

    return way


WAYS: dict[str, Way] = {
    "mean cosine": mean,
    "mean likeness": kernel,
    "nearest song": nearest,
    "farthest-first, 4, share^1/4": farthest(4),
    **{f"best of {most} tastes": largest(most) for most in (2, 4, 6, 8)},
    **{f"best of 6, sharpness {sharp}": largest(6, sharp) for sharp in (12, 16)},
    **{f"sum of {most} tastes": summed(most) for most in (4, 6)},
}


def cases_of(listens: list[Rows], rng: np.random.Generator) -> list[Case]:
    """Return listeners with a fifth hidden, each fifth once where all lists are short."""
    long = [rows for rows in listens if len(rows) >= LEAST]
    if len(long) > LISTENERS:
        long = [long[at] for at in np.sort(rng.choice(len(long), LISTENERS, replace=False))]
    once = np.median([len(rows) for rows in long]) > SHORT
    cases = []
    for listener, rows in enumerate(long):
        parts = np.array_split(rng.permutation(rows), LEAST)
        cases += [
            Case(listener, np.setdiff1d(rows, hidden), hidden)
            for hidden in (parts[:1] if once else parts)
        ]
    return cases


def places(scores: Scores, hidden: Rows) -> Rows:
    """Return how many songs stand before each hidden one, equal scores by row."""
    before = np.array([np.count_nonzero(scores > scores[row]) for row in hidden])
    return before + [np.count_nonzero(scores[:row] == scores[row]) for row in hidden]


def recall(at: Rows, most: int) -> float:
    """Return recall, divided by what can be found at most."""
    return float((at < most).sum() / min(most, len(at)))


def quality(at: Rows) -> list[float]:
    """Return recall at 20 and 50 and the normalized discounted gain at 100."""
    gain = (1 / np.log2(at[at < 100] + 2)).sum()  # noqa: PLR2004 - of the metric
    ideal = (1 / np.log2(np.arange(min(len(at), 100)) + 2)).sum()
    return [recall(at, 20), recall(at, 50), float(gain / ideal)]


def compare(title: str, songs: Songs, cases: list[Case], new: npt.NDArray[np.bool_]) -> None:
    """Print the quality of every way; with any `new` songs, only they are ranked and hidden."""
    figures: dict[str, dict[int, list[list[float]]]] = {name: defaultdict(list) for name in WAYS}
    for listener, known, hidden in cases:
        seen, target = (known[~new[known]], hidden[new[hidden]]) if new.any() else (known, hidden)
        if not (len(seen) and len(target)):
            continue
        for name, way in WAYS.items():
            scores = way(songs.vectors, songs.vectors[seen])
            scores[seen] = -np.inf
            if new.any():
                scores[~new] = -np.inf
            figures[name][listener].append(quality(places(scores, target)))
    table = {
        name: np.array([np.mean(each, axis=0) for each in of.values()])
        for name, of in figures.items()
    }
    show(f"{title}, {len(table['mean cosine'])} listeners: recall@20, recall@50, NDCG@100", table)


def mix(songs: Songs, cases: list[Case], rng: np.random.Generator) -> None:
    """Print what becomes of two tastes: the second has a third of the first's songs, at least 2."""
    table: dict[str, list[list[float]]] = {name: [] for name in WAYS}
    while len(table["mean cosine"]) < PAIRS:
        one, other = (cases[at] for at in rng.integers(len(cases), size=2))
        genres = [dominant(songs, case.known) for case in (one, other)]
        everything = np.concatenate([one.known, one.hidden, other.known, other.hidden])
        if genres[0] == genres[1] or len(np.unique(everything)) < len(everything):
            continue
        few = rng.permutation(other.known)[: max(2, len(one.known) // 3)]
        known = np.sort(np.concatenate([one.known, few]))
        for name, way in WAYS.items():
            scores = way(songs.vectors, songs.vectors[known])
            scores[known] = -np.inf
            top = np.argsort(-scores, kind="stable")[:10]
            of = np.array([[genre in songs.genres[row] for genre in genres] for row in top])
            table[name].append(
                [
                    recall(places(scores, one.hidden), 20),
                    recall(places(scores, other.hidden), 20),
                    float((of[:, 0] & ~of[:, 1]).mean()),
                    float((of[:, 1] & ~of[:, 0]).mean()),
                    float((~of).all(axis=1).mean()),
                ]
            )
    title = "two listeners in one: recall@20 of the first, of the second; in the top 10 the genre"
    show(
        f"{title} of the first, of the second, neither", {k: np.array(v) for k, v in table.items()}
    )


def dominant(songs: Songs, rows: Rows) -> int:
    """Return the genre of the most of these songs, 0 for none."""
    counts = Counter(genre for row in rows for genre in songs.genres[row])
    return min(counts, key=lambda genre: (-counts[genre], genre), default=0)


def show(title: str, table: dict[str, npt.NDArray[np.float64]]) -> None:
    """Print means and standard errors by way, with differences from the mean cosine."""
    print(f"\n{title}")
    for name, values in table.items():
        away = values - table["mean cosine"]
        cells = [
            f"{one:.4f} ±{error:.4f} ({by:+.4f} ±{doubt:.4f})"
            for one, error, by, doubt in zip(
                values.mean(0), standard(values), away.mean(0), standard(away), strict=True
            )
        ]
        print(f"{name:29}", "  ".join(cells))


def standard(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the standard errors of the columns' means."""
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def listens_of(dataset: Dataset, triplets: Path | None) -> list[Rows]:
    """Return the rows that each listener listened to, in order."""
    if triplets is None:
        matrix = interactions_of(dataset).matrix
        return np.split(matrix.indices.astype(np.int64), matrix.indptr[1:-1])
    rows = {song: row for row, song in enumerate(dataset.songs.msd_song_ids) if song}
    found: dict[str, set[int]] = defaultdict(set)
    for line in triplets.read_text(encoding="utf-8").splitlines():
        user, song, _ = line.split("\t")
        if song in rows:
            found[user].add(rows[song])
    return [np.array(sorted(found[user]), np.int64) for user in sorted(found)]


def songs_of(dataset: Dataset) -> Songs:
    """Return the songs as the content engine sees them."""
    features = dataset.features.values
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    genres = dataset.songs.genres
    return Songs(
        np.divide(features, lengths, out=np.zeros_like(features), where=lengths > 0),
        [set(genres[row].tolist()) for row in range(len(genres))],
    )


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    dataset = read_dataset(Path(sys.argv[1]))
    songs = songs_of(dataset)
    cases = cases_of(listens_of(dataset, Path(sys.argv[2]) if sys.argv[2:] else None), rng)
    print(f"{dataset.name}: {len(cases)} cases")
    compare("all songs", songs, cases, np.zeros(len(songs.vectors), bool))
    compare("new songs", songs, cases, rng.random(len(songs.vectors)) < NEW)
    mix(songs, cases, rng)
