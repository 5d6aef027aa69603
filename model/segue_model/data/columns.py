"""The parts of a dataset as columns: numpy arrays whose entry i belongs to row i of a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

Ids: TypeAlias = npt.NDArray[np.int32]
Text: TypeAlias = npt.NDArray[np.object_]
Numbers: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Lists of ids of different lengths: row i is `values[offsets[i]:offsets[i + 1]]`.

    `offsets` has one entry more than there are rows and starts at 0.
    """

    offsets: npt.NDArray[np.int64]
    values: Ids

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> Self:
        """Return `rows` in this form."""
        lists = list(rows)
        offsets = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        return cls(offsets, np.fromiter(chain.from_iterable(lists), np.int32, int(offsets[-1])))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Ids:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def rows(self) -> npt.NDArray[np.int64]:
        """Return the row that each of `values` belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


@dataclass(frozen=True, slots=True, eq=False)
class Artists:
    """A artists, by id; an empty MSD id is unknown."""

    ids: Ids
    names: Text
    msd_artist_ids: Text


@dataclass(frozen=True, slots=True, eq=False)
class Albums:
    """L albums, by id; `artists` are ids."""

    ids: Ids
    titles: Text
    artists: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Genres:
    """G genres, by id."""

    ids: Ids
    names: Text


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """N songs, by id.

    `artists`, `albums` and `genres` are ids, the strongest genre first. Unknown is an empty text,
    an album or year of 0, a duration (seconds) or tempo (beats per minute) of NaN. `popularity`
    is the share of listeners who have listened to the song, 0 to 1.
    """

    ids: Ids
    titles: Text
    artists: Ids
    albums: Ids
    years: Ids
    genres: Ragged
    durations: Numbers
    tempos: Numbers
    popularity: npt.NDArray[np.float64]
    msd_track_ids: Text
    msd_song_ids: Text


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of the songs: `values` is [N, d], its rows in the order of the songs.

    `columns` names the d features; `recipe` says how they were made.
    """

    columns: tuple[str, ...]
    values: Numbers
    recipe: str


@dataclass(frozen=True, slots=True, eq=False)
class Listens:
    """M listens, by listener, then song: who listened to which song how often."""

    listeners: Ids
    songs: Ids
    plays: Ids


def texts(values: Iterable[str]) -> Text:
    """Return `values` as a column."""
    entries = list(values)
    column = np.empty(len(entries), np.object_)
    column[:] = entries
    return column


def popularity(song_ids: Ids, listens: Listens) -> npt.NDArray[np.float64]:
    """Return each song's number of listeners divided by that of all listeners; 0 without any.

    Expects `song_ids` in order.
    """
    at = np.searchsorted(song_ids, listens.songs)
    known = at < len(song_ids)
    known[known] = song_ids[at[known]] == listens.songs[known]
    counts = np.bincount(at[known], minlength=len(song_ids))
    # A pair that is there twice is an error, told of the listens and not of what comes of them.
    return np.minimum(1.0, counts / max(1, len(np.unique(listens.listeners))))
