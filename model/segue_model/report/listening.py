"""Who listens to what: listens of songs, plays of listeners, and how few songs have most."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Listens
from segue_model.data.dataset import Dataset

BLOCK: Final = 1 << 20
TAIL_POINTS: Final = 120

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """`of_songs` [N] are the listens of each song, `of_listeners` the plays of each listener."""

    of_songs: Counts
    of_listeners: Counts

    @property
    def plays(self) -> int:
        """How often anything was played."""
        return int(self.of_listeners.sum())

    @property
    def unheard(self) -> int:
        """How many songs nobody listened to."""
        return int((self.of_songs == 0).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """The most heard `songs[i]` of all songs have `listens[i]` of all listens; shares 0 to 1."""

    songs: npt.NDArray[np.float64]
    listens: npt.NDArray[np.float64]
    half: float  # the share of songs that have half of the listens

    def of_top(self, songs: float) -> float:
        """Return the share of listens of the most heard share of `songs`."""
        return float(np.interp(songs, self.songs, self.listens))


def listening(dataset: Dataset) -> Listening:
    """Return how much is listened to in a dataset."""
    return Listening(_of_songs(dataset), _of_listeners(dataset.listens))


def tail(of_songs: Counts) -> Tail:
    """Return how the listens of songs add up, the most heard first; there must be some."""
    most_first = np.cumsum(np.sort(of_songs)[::-1])
    total = len(of_songs)
    tops = np.unique(np.geomspace(1, total, TAIL_POINTS).round().astype(np.int64))
    half = int(np.searchsorted(most_first * 2, most_first[-1])) + 1
    return Tail(tops / total, most_first[tops - 1] / most_first[-1], half / total)


def _of_songs(dataset: Dataset) -> Counts:
    ids, heard = dataset.songs.ids, dataset.listens.songs
    counts = np.zeros(len(ids), np.int64)
    # In blocks: the rows of all listens at once would take twice the memory of the listens.
    for start in range(0, len(heard), BLOCK):
        rows = np.searchsorted(ids, heard[start : start + BLOCK])
        counts += np.bincount(rows, minlength=len(ids))
    return counts


def _of_listeners(listens: Listens) -> Counts:
    """Return the plays of each listener; the listens are in the order of listeners."""
    if len(listens.listeners) == 0:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.diff(listens.listeners, prepend=0))
    plays: Counts = np.add.reduceat(listens.plays, starts, dtype=np.int64)
    return plays
