"""The songs nearest to well-known ones, found as the content engine compares songs."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Numbers, Songs
from segue_model.data.dataset import Dataset

WELL_KNOWN: Final = 12
NEAREST: Final = 5
BLOCK: Final = 16_384

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Named:
    """A song by its title, which may be empty, and its artist."""

    title: str
    artist: str


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A song near another; `cosine` is that of their features, -1 to 1."""

    song: Named
    cosine: float
    same_artist: bool


@dataclass(frozen=True, slots=True)
class Neighborhood:
    """A song, its share of the listeners, and the songs nearest to it, the nearest first."""

    song: Named
    popularity: float
    neighbors: tuple[Neighbor, ...]


def neighborhoods(dataset: Dataset) -> list[Neighborhood]:
    """Return the best-known songs, each of another artist, with the songs nearest to them.

    A song whose features are all 0 has no neighbors.
    """
    songs = dataset.songs
    rows = best_known(songs)
    found = []
    for row, (near, cosines) in zip(rows, nearest(dataset.features.values, rows), strict=True):
        neighbors = tuple(
            Neighbor(
                _named(dataset, other), cosine, bool(songs.artists[other] == songs.artists[row])
            )
            for other, cosine in zip(near.tolist(), cosines.tolist(), strict=True)
        )
        popularity = float(songs.popularity[row])
        found.append(Neighborhood(_named(dataset, int(row)), popularity, neighbors))
    return found


def best_known(songs: Songs) -> Rows:
    """Return the rows of the most popular songs, one an artist, the lowest id first among equals.

    Where nobody listened to any song, the artists with the most songs go first.
    """
    _, artist, sizes = np.unique(songs.artists, return_inverse=True, return_counts=True)
    fame = songs.popularity if songs.popularity.any() else sizes[artist]
    order = np.argsort(-fame, kind="stable")
    firsts = np.unique(artist[order], return_index=True)[1]
    rows: Rows = order[np.sort(firsts)[:WELL_KNOWN]]
    return rows


def nearest(features: Numbers, rows: Rows) -> list[tuple[Rows, npt.NDArray[np.float64]]]:
    """Return for each of `rows` the nearest other rows of `features` [N, d] and their cosines.

    Rows of 0 are near to none. Of equals, the first goes first.
    """
    queries = _unit(features[rows])
    best: list[tuple[Rows, npt.NDArray[np.float64]]]
    best = [(np.zeros(0, np.int64), np.zeros(0)) for _ in rows]
    for start in range(0, len(features), BLOCK):
        block = _unit(features[start : start + BLOCK])
        # Not by BLAS: its sums, and so the order of near equals, vary with its threads.
        cosines = np.einsum("qd,nd->qn", queries, block)
        usable = np.einsum("nd,nd->n", block, block) > 0
        for at, row in enumerate(rows):
            mine = usable & (np.arange(start, start + len(block)) != row) & queries[at].any()
            best[at] = _merged(best[at], start + np.flatnonzero(mine), cosines[at, mine])
    return best


def _merged(
    best: tuple[Rows, npt.NDArray[np.float64]], rows: Rows, cosines: npt.NDArray[np.float64]
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Return the nearest of those found before and of others that follow them."""
    every, values = np.concatenate([best[0], rows]), np.concatenate([best[1], cosines])
    order = np.argsort(-values, kind="stable")[:NEAREST]
    return every[order], values[order]


def _unit(features: Numbers) -> npt.NDArray[np.float64]:
    exact = features.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", exact, exact))[:, np.newaxis]
    return np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)


def _named(dataset: Dataset, row: int) -> Named:
    songs, artists = dataset.songs, dataset.artists
    artist = int(np.searchsorted(artists.ids, songs.artists[row]))
    return Named(songs.titles[row], artists.names[artist])
