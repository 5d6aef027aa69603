"""Invents artists of genres, their albums and songs, and what these sound like."""

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Ragged
from segue_model.data.normalizing import SEMITONES_OF_A_FIFTH
from segue_model.data.synthetic_genres import GENRES, affinity, column

Reals = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]

SONGS_PER_ARTIST: Final = 12
ARTISTS_PER_SCENE: Final = 12
NO_GENRE: Final = -1
# How many artists have a second genre, how many of their songs are of both, and of these first of
# the second.
TWO_GENRES: Final = 0.5
OF_BOTH: Final = 0.6
SECOND_FIRST: Final = 0.2
YEAR_UNKNOWN: Final = 0.08
TEMPO_UNKNOWN: Final = 0.02
ZIPF: Final = 1.1
ZIPF_SHIFT: Final = 8
LAST_YEAR: Final = 2024


@dataclass(frozen=True, slots=True, eq=False)
class Artists:
    """A artists: positions of their genres and scene, how many songs, how well liked, since when.

    A scene is a corner of the first genre, whose artists sound alike; `second` may be NO_GENRE.
    """

    first: Indexes
    second: Indexes
    scene: Indexes
    sizes: Indexes
    appeal: Reals
    start: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """N songs: the positions of artist and album, year (0 unknown), what they sound like.

    `tonic` is the first note of the major key with the same notes, in semitones from C;
    `weight` is how often a song is played compared with others, by Zipf's law.
    """

    artist: Indexes
    album: Indexes
    year: Indexes
    tempo: Reals
    loudness: Reals
    tonic: Indexes
    minor: npt.NDArray[np.bool_]
    triple: npt.NDArray[np.bool_]
    duration: Reals
    weight: Reals

    def taken(self, rows: Indexes) -> Self:
        """Return the songs at `rows`, in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def invent_artists(rng: np.random.Generator, songs: int) -> Artists:
    """Return artists for so many songs, whose numbers of songs follow Pareto's law."""
    number = max(1, songs // SONGS_PER_ARTIST)
    share = column("share")
    first = rng.choice(len(GENRES), number, p=share / share.sum())
    second = turned_to(rng, first)
    second[rng.random(number) >= TWO_GENRES] = NO_GENRE
    scenes = max(2, number // (ARTISTS_PER_SCENE * len(GENRES)))
    # Without the bound one artist would have a tenth of a small catalog.
    productivity = np.minimum(rng.pareto(1.2, number) + 1, 40)
    return Artists(
        first=first,
        second=second,
        scene=first * scenes + rng.integers(scenes, size=number),
        sizes=1 + rng.multinomial(songs - number, productivity / productivity.sum()),
        appeal=rng.standard_normal(number),
        start=np.maximum(1925, column("year")[first] + rng.normal(0, 8, number)),
    )


def invent_songs(rng: np.random.Generator, artists: Artists) -> Songs:
    """Return the songs of the artists in an order that tells nothing."""
    artist = np.repeat(np.arange(len(artists.sizes)), artists.sizes)
    album, year = _albums(rng, artists, artist)
    genre, number = artists.first[artist], len(artist)
    home_key = rng.integers(12, size=len(artists.sizes))[artist]
    fifths_away = np.rint(rng.normal(0, 1.5, number)).astype(np.int64)
    songs = Songs(
        artist=artist,
        album=album,
        year=np.where(rng.random(number) < YEAR_UNKNOWN, 0, year),
        tempo=_tempos(rng, artists, artist),
        loudness=_around(rng, column("loudness")[artists.first], artist, (1.5, 1.0)),
        tonic=SEMITONES_OF_A_FIFTH * (home_key + fifths_away) % 12,
        minor=rng.random(number) < column("minor")[genre],
        triple=rng.random(number) < column("triple")[genre],
        duration=_durations(rng, column("duration")[artists.first], artist),
        weight=_zipf(artists.appeal[artist] + rng.normal(0, 0.8, number)),
    )
    return songs.taken(rng.permutation(number))


def genres_of(rng: np.random.Generator, artists: Artists, songs: Songs) -> Ragged:
    """Return the ids of each song's genres: its artist's first, and often the second."""
    first, second = artists.first[songs.artist], artists.second[songs.artist]
    second = np.where(rng.random(len(first)) < OF_BOTH, second, NO_GENRE)
    swapped = (second != NO_GENRE) & (rng.random(len(first)) < SECOND_FIRST)
    pairs = np.stack([np.where(swapped, second, first), np.where(swapped, first, second)], axis=1)
    given = pairs != NO_GENRE
    offsets = np.concatenate([[0], np.cumsum(given.sum(axis=1))])
    return Ragged(offsets, (pairs[given] + 1).astype(np.int32))


def turned_to(rng: np.random.Generator, genres: Indexes) -> Indexes:
    """Return another genre for each of `genres`, likelier the nearer it is."""
    cumulative = np.cumsum(affinity(), axis=1)[genres]
    beyond = (rng.random(len(genres))[:, None] > cumulative).sum(axis=1)
    return np.minimum(beyond, len(GENRES) - 1)


def _albums(rng: np.random.Generator, artists: Artists, artist: Indexes) -> tuple[Indexes, Indexes]:
    """Return the position of each song's album, and its year; an artist's songs stand together."""
    number = 1 + (artists.sizes - 1) // rng.integers(5, 14, len(artists.sizes))
    before = np.cumsum(number) - number
    place = np.arange(len(artist)) - (np.cumsum(artists.sizes) - artists.sizes)[artist]
    album = before[artist] + place * number[artist] // artists.sizes[artist]
    passed = np.cumsum(1 + rng.poisson(1.2, int(number.sum())))
    years = np.repeat(artists.start - passed[before], number) + passed
    return album, np.minimum(LAST_YEAR, years.astype(np.int64))[album]


def _tempos(rng: np.random.Generator, artists: Artists, artist: Indexes) -> Reals:
    tempos = _around(rng, column("tempo")[artists.first], artist, (10, 12)).clip(52, 212)
    tempos[rng.random(len(tempos)) < TEMPO_UNKNOWN] = np.nan
    return np.round(tempos, 3)


def _durations(rng: np.random.Generator, usual: Reals, artist: Indexes) -> Reals:
    logs = _around(rng, np.log(usual), artist, (0.12, 0.22))
    return np.round(np.exp(logs).clip(35, 1500), 2)


def _around(
    rng: np.random.Generator, usual: Reals, artist: Indexes, deviations: tuple[float, float]
) -> Reals:
    """Return a figure a song: around its artist's, which is around what is `usual` [A]."""
    of_artist = rng.normal(usual, deviations[0])
    return np.round(rng.normal(of_artist[artist], deviations[1]), 3)


def _zipf(appeal: Reals) -> Reals:
    """Return weights that fall with the rank of the appeal, the few first ones less steeply."""
    rank = np.empty(len(appeal))
    rank[np.argsort(-appeal, kind="stable")] = np.arange(len(appeal))
    return np.asarray((rank + ZIPF_SHIFT) ** -ZIPF)
