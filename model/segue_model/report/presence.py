"""How much of each field is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from segue_model.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Presence:
    """The field is known of `known` out of `total` things."""

    field: str
    known: int
    total: int

    @property
    def missing(self) -> int:
        """Of how many it is not known."""
        return self.total - self.known

    @property
    def share(self) -> float:
        """The share of which it is known, 0 to 1."""
        return self.known / self.total


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of one kind of thing, with the heading they stand under."""

    title: str
    fields: tuple[Presence, ...]


def presence(dataset: Dataset, raw: Mapping[str, int]) -> list[Group]:
    """Return what is known of songs and artists.

    `raw` tells of how many songs the values are known that the recipe of the features used.
    """
    total = len(dataset.songs.ids)
    groups = [
        Group("Songs", tuple(_of_songs(dataset))),
        Group("Identifiers", tuple(_identifiers(dataset))),
    ]
    if raw:
        columns = tuple(Presence(name, known, total) for name, known in raw.items())
        groups.append(Group("Behind the features", columns))
    return groups


def _of_songs(dataset: Dataset) -> Iterator[Presence]:
    songs = dataset.songs
    known = {
        "Title": _given(songs.titles),
        "Album": _given(songs.albums),
        "Genre": np.diff(songs.genres.offsets).astype(bool).sum(),
        "Year": _given(songs.years),
        "Duration": (~np.isnan(songs.durations)).sum(),
        "Tempo": (~np.isnan(songs.tempos)).sum(),
        "A listener": (songs.popularity > 0).sum(),
    }
    for field, count in known.items():
        yield Presence(field, int(count), len(songs.ids))


def _identifiers(dataset: Dataset) -> Iterator[Presence]:
    songs, artists = dataset.songs, dataset.artists
    yield Presence("MSD track of a song", _given(songs.msd_track_ids), len(songs.ids))
    yield Presence("MSD song", _given(songs.msd_song_ids), len(songs.ids))
    yield Presence("MSD artist of an artist", _given(artists.msd_artist_ids), len(artists.ids))


def _given(column: np.ndarray) -> int:
    """Return how many entries are neither empty nor 0."""
    return int(column.astype(bool).sum())
