"""What a dataset says of its songs that requests ask about, and which songs a request allows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Songs
from segue_model.data.dataset import Dataset
from segue_model.gate.requests import Request

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Attributes:
    """N songs by id, and the ids of the genres by case-folded name."""

    songs: Songs
    genre_ids: dict[str, int]
    fingerprint: str

    @cached_property
    def _genre_rows(self) -> npt.NDArray[np.int64]:
        return self.songs.genres.rows()

    def rows(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the row of each id, all of which there are."""
        return np.searchsorted(self.songs.ids, ids)

    def allowed(self, request: Request) -> Mask:
        """Return which songs the request allows, bool [N]; listened ones are out."""
        songs = self.songs
        listened = np.isin(songs.ids, request.listened_songs)
        out = listened | np.isin(songs.ids, request.excluded_songs)
        out |= np.isin(songs.artists, request.excluded_artists)
        if request.exclude_seed_artists:
            out |= np.isin(songs.artists, songs.artists[listened])
        if request.artists:
            out |= ~np.isin(songs.artists, request.artists)
        if request.genres:
            out |= ~self._of_genres(request.genres)
        years, tempos = songs.years, songs.tempos
        return ~out & _within(years, request.years) & _within(tempos, request.tempos)

    def capped(self, order: npt.NDArray[np.int64], most: int) -> Mask:
        """Return which of the rows `order`, best first, stay with `most` of an artist (0: all)."""
        artists = self.songs.artists[order]
        by_artist = np.argsort(artists, kind="stable")
        starts = np.searchsorted(artists, artists[by_artist], sorter=by_artist)
        before = np.empty(len(order), np.int64)
        before[by_artist] = np.arange(len(order)) - starts
        return (before < most) | (most <= 0)

    def similarity(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Return how alike P songs are, [P, P]: half for the artist, half for the genres."""
        rows = self.rows(ids)
        artists = self.songs.artists[rows]
        every = np.array(list(self.genre_ids.values()))
        has = np.array([np.isin(every, self.songs.genres[row]) for row in rows], np.int64)
        has = has.reshape(len(rows), len(every))
        common, sizes = has @ has.T, has.sum(axis=1)
        either = sizes[:, np.newaxis] + sizes - common
        shared = np.divide(common, either, out=np.zeros(common.shape), where=common > 0)
        same: npt.NDArray[np.float64] = (artists[:, np.newaxis] == artists) / 2 + shared / 2
        return same

    def _of_genres(self, names: tuple[str, ...]) -> Mask:
        wanted = [self.genre_ids[name] for name in names if name in self.genre_ids]
        found = np.zeros(len(self.songs.ids), np.bool_)
        found[self._genre_rows[np.isin(self.songs.genres.values, wanted)]] = True
        return found


def attributes_of(dataset: Dataset) -> Attributes:
    """Return the attributes of a dataset's songs."""
    names = [str(name).casefold() for name in dataset.genres.names]
    genre_ids = dict(zip(names, dataset.genres.ids.tolist(), strict=True))
    return Attributes(dataset.songs, genre_ids, dataset.fingerprint)


def _within(values: npt.NDArray[Any], bounds: tuple[float, float]) -> Mask:
    """Return whether each value is known and within the bounds; 0 leaves one open."""
    low, high = (np.asarray(bound, values.dtype) for bound in bounds)
    if not low and not high:
        return np.ones(len(values), np.bool_)
    # An unknown value is 0 or not a number.
    inside: Mask = (values > 0) & (values >= low) & ((values <= high) | (high == 0))
    return inside
