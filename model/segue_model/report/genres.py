"""Genres: how many songs and listens each has, and when its songs were released."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.dataset import Dataset
from segue_model.report.listening import Counts

LISTED: Final = 25
OVER_TIME: Final = 12
# A year alone is noisy, and shares of fewer songs say nothing.
YEARS_EITHER_SIDE: Final = 2
FEWEST_SONGS: Final = 20


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre, the songs that have it, and its shares (0 to 1) of all songs and all listens."""

    name: str
    songs: int
    of_songs: float
    of_listens: float


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The `shares` (0 to 1) of the songs around each of `years` that have a genre.

    NaN where there are too few songs to tell.
    """

    name: str
    years: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]

    @property
    def peak(self) -> int:
        """The position of the largest share."""
        return int(np.nanargmax(self.shares))


def genres(dataset: Dataset, heard: Counts) -> list[Genre]:
    """Return the genres of the most songs; `heard` [N] are the listens of each song."""
    belongs = dataset.songs.genres
    at = np.searchsorted(dataset.genres.ids, belongs.values)
    number = len(dataset.genres.ids)
    songs = np.bincount(at, minlength=number)
    listens = np.bincount(at, weights=heard[belongs.rows()], minlength=number)
    order = np.argsort(-songs, kind="stable")[:LISTED]
    return [
        Genre(
            name=dataset.genres.names[row],
            songs=int(songs[row]),
            of_songs=float(songs[row]) / len(heard),
            of_listens=float(listens[row]) / max(1, int(heard.sum())),
        )
        for row in order
        if songs[row]
    ]


def courses(dataset: Dataset, first: int, last: int) -> list[Course]:
    """Return how the largest genres fared from the year `first` to `last`."""
    totals, table = _songs_by_year(dataset, first, last)
    enough = np.flatnonzero(totals >= FEWEST_SONGS)
    if len(enough) < 2:  # noqa: PLR2004 - one year is no course
        return []
    shares = np.where(totals >= FEWEST_SONGS, table / np.maximum(totals, 1), np.nan)
    seen = slice(enough[0], enough[-1] + 1)
    largest = np.argsort(-table.sum(axis=1), kind="stable")[:OVER_TIME]
    years, names = np.arange(first, last + 1)[seen], dataset.genres.names
    return [Course(names[row], years, shares[row, seen]) for row in largest if table[row].any()]


def _songs_by_year(
    dataset: Dataset, first: int, last: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the songs around each year, [years], and those of each genre, [G, years]."""
    years, belongs = dataset.songs.years, dataset.songs.genres
    rows = belongs.rows()
    genre = np.searchsorted(dataset.genres.ids, belongs.values)
    counted = (years >= first) & (years <= last)
    table = np.zeros((1 + len(dataset.genres.ids), last + 1 - first))
    np.add.at(table[0], years[counted] - first, 1)
    counts = counted[rows]
    np.add.at(table, (1 + genre[counts], years[rows[counts]] - first), 1)
    window = np.ones(2 * YEARS_EITHER_SIDE + 1)
    around = np.array(
        [np.convolve(row, window)[YEARS_EITHER_SIDE:-YEARS_EITHER_SIDE] for row in table]
    )
    return around[0], around[1:]
