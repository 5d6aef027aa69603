"""Invents listeners of a few tastes and what they play, more often than not what is popular."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Listens
from segue_model.data.synthetic_genres import GENRES
from segue_model.data.synthetic_music import Artists, Indexes, Reals, Songs, turned_to

TASTES: Final = 3
FAVORITES: Final = 4
# How often a listener's choice comes from a taste, from a favorite artist, or from everything.
FROM_TASTE: Final = 0.55
FROM_FAVORITE: Final = 0.33
TASTE_SHARES: Final = np.cumsum([0.6, 0.28, 0.12])
SONGS_AT_MOST: Final = 2_000
PLAYS_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Draws members of groups by weight: the members sorted by group, their weights summed up."""

    members: Indexes
    sums: Reals
    bounds: Reals

    @classmethod
    def of(cls, groups: Indexes, weights: Reals) -> Self:
        """Return the choice of positions in `groups`, whose numbers count from 0."""
        members = np.argsort(groups, kind="stable")
        sums = np.cumsum(weights[members])
        ends = np.searchsorted(groups[members], np.arange(int(groups.max()) + 2))
        return cls(members, sums, np.concatenate([[0.0], sums])[ends])

    def draw(self, rng: np.random.Generator, groups: Indexes) -> Indexes:
        """Return a member of each of `groups`, none of which is empty."""
        low, high = self.bounds[groups], self.bounds[groups + 1]
        drawn = low + rng.random(len(groups)) * (high - low)
        # Rounding can put a draw on the bound itself, which belongs to the next group.
        last = np.searchsorted(self.sums, high, side="left")
        return self.members[np.minimum(np.searchsorted(self.sums, drawn, side="right"), last)]


def invent_listens(
    rng: np.random.Generator, artists: Artists, songs: Songs, listeners: int
) -> Listens:
    """Return what `listeners` listeners played, each at least one song; ids count from 1."""
    favorites, tastes = _likings(rng, artists, songs, listeners)
    wanted = np.exp(rng.normal(3.85, 0.8, listeners))
    listener = np.repeat(np.arange(listeners), wanted.clip(5, SONGS_AT_MOST).astype(np.int64))
    by_scene = Choice.of(artists.scene[songs.artist], songs.weight)
    by_artist = Choice.of(songs.artist, songs.weight)
    by_all = Choice.of(np.zeros_like(songs.artist), songs.weight)
    source = rng.random(len(listener))
    slot = np.searchsorted(TASTE_SHARES[:-1], rng.random(len(listener)))
    song = by_scene.draw(rng, tastes[listener, slot])
    favorite = favorites[listener, rng.integers(FAVORITES, size=len(listener))]
    song = np.where(source < FROM_TASTE, song, by_artist.draw(rng, favorite))
    anything = by_all.draw(rng, np.zeros_like(listener))
    song = np.where(source < FROM_TASTE + FROM_FAVORITE, song, anything)
    return _counted(rng, listener, song)


def _likings(
    rng: np.random.Generator, artists: Artists, songs: Songs, listeners: int
) -> tuple[Indexes, Indexes]:
    """Return each listener's favorite artists [U, FAVORITES] and scenes [U, TASTES]."""
    fame: Reals = np.bincount(songs.artist, songs.weight).astype(np.float64)
    by_genre = Choice.of(artists.first, fame)
    there = np.flatnonzero(np.bincount(artists.first, minlength=len(GENRES)))
    home = there[np.searchsorted(_shares(artists, there), rng.random(listeners))]
    genres = np.stack([home, home, turned_to(rng, home), home], axis=1)
    # A small catalog has not every genre: then the listener stays at home.
    genres = np.where(np.isin(genres, there), genres, home[:, None])
    favorites = by_genre.draw(rng, genres.ravel()).reshape(genres.shape)
    return favorites, artists.scene[favorites[:, :TASTES]]


def _shares(artists: Artists, genres: Indexes) -> Reals:
    """Return the cumulated shares of `genres` in all artists, the last one left out."""
    return np.cumsum(np.bincount(artists.first)[genres] / len(artists.first))[:-1]


def _counted(rng: np.random.Generator, listener: Indexes, song: Indexes) -> Listens:
    """Return each pair once, with a long-tailed number of plays that grows with the draws."""
    pairs, draws = np.unique(listener << 32 | song, return_counts=True)
    plays = draws + rng.pareto(1.4, len(pairs)).clip(0, PLAYS_AT_MOST).astype(np.int64)
    ids: npt.NDArray[np.int64] = np.stack([pairs >> 32, pairs & 0xFFFFFFFF]) + 1
    return Listens(ids[0].astype(np.int32), ids[1].astype(np.int32), plays.astype(np.int32))
