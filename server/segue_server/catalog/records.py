"""Turns the rows of a dataset into the rows of the tables, and checks all that they refer to."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue_server.catalog import fields
from segue_server.catalog.dataset import Batch, DatasetError, Manifest, Record, read_batches
from segue_server.catalog.fields import FieldError
from segue_server.catalog.schema import GENRE_LENGTH, MSD_ID_LENGTH, NAME_LENGTH
from segue_server.catalog.words import words_to_store

# The files that the catalog is made of, in the order in which they refer to one another.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "genres": ("id", "name"),
    "artists": ("id", "name", "msd_artist_id"),
    "albums": ("id", "title", "artist_id"),
    "songs": (
        *("id", "title", "artist_id", "album_id", "year", "genre_ids"),
        *("duration", "tempo", "popularity", "msd_track_id", "msd_song_id"),
    ),
}

# A row of a table: its values in the order of the table's columns.
Values = tuple[int | float | str | None, ...]
Words = frozenset[str]


@dataclass(slots=True)
class Dataset:
    """A dataset on its way in, `size` rows at a time, and what its later rows may refer to.

    The files are read in the order of `COLUMNS`. All that reads them raises `DatasetError`.
    """

    folder: Path
    manifest: Manifest
    size: int
    genre_ids: frozenset[int] = frozenset()
    words_of_artist: dict[int, Words] = field(default_factory=dict)
    words_of_album: dict[int | None, Words] = field(default_factory=lambda: {None: frozenset()})

    def batches(self, name: str) -> Iterator[Batch]:
        """Yield the rows of a file, which are as many as the manifest says."""
        file = self.folder / f"{name}.csv"
        count = 0
        for batch in read_batches(file, COLUMNS[name], self.size):
            count += len(batch.rows)
            yield batch
        if count != self.manifest.counts[name]:
            counted = self.manifest.counts[name]
            raise DatasetError(file, None, f"has {count} rows, but dataset.json counts {counted}")


def read_genres(dataset: Dataset) -> Iterator[list[tuple[int, str, str]]]:
    """Yield id, name and case-folded name of every genre."""
    keys: set[str] = set()

    def convert(genre_id: int, row: Sequence[str]) -> tuple[int, str, str]:
        name = fields.text("name", row[1], GENRE_LENGTH)
        key = name.casefold()
        if name != name.strip() or len(key) > GENRE_LENGTH:
            raise FieldError(f"name {name!r} is too long or has spaces around it")
        if key in keys:
            raise FieldError(f"name {name!r} is that of another genre but for its case")
        keys.add(key)
        dataset.genre_ids |= {genre_id}
        return genre_id, name, key

    return _rows(dataset, "genres", convert)


def read_artists(dataset: Dataset) -> Iterator[list[Values]]:
    """Yield the rows of `artist`."""

    def convert(artist_id: int, row: Sequence[str]) -> Values:
        name = fields.text("name", row[1], NAME_LENGTH)
        dataset.words_of_artist[artist_id] = words_to_store(name)
        return artist_id, name, fields.optional_text("msd_artist_id", row[2], MSD_ID_LENGTH)

    return _rows(dataset, "artists", convert)


def read_albums(dataset: Dataset) -> Iterator[list[Values]]:
    """Yield the rows of `album`."""

    def convert(album_id: int, row: Sequence[str]) -> Values:
        title = fields.optional_text("title", row[1], NAME_LENGTH) or ""
        artist_id = fields.integer("artist_id", row[2])
        refer("artist_id", artist_id, dataset.words_of_artist)
        dataset.words_of_album[album_id] = words_to_store(title)
        return album_id, title, artist_id

    return _rows(dataset, "albums", convert)


def refer(column: str, wanted: int | None, known: Container[int | None]) -> None:
    """Raise FieldError when `wanted` is not known."""
    if wanted not in known:
        raise FieldError(f"{column} {wanted} does not exist")


def ascending(
    last: int, convert: Callable[[int, Sequence[str]], Record]
) -> Callable[[Sequence[str]], Record]:
    """Return `convert` with the row's id beside the row; all ids must ascend from behind `last`."""

    def checked(row: Sequence[str]) -> Record:
        nonlocal last
        this = fields.integer("id", row[0])
        if this <= last:
            duplicate = this == last
            reason = f"duplicate id {this}" if duplicate else f"id {this} comes after {last}"
            raise FieldError(reason)
        last = this
        return convert(this, row)

    return checked


def _rows(
    dataset: Dataset, name: str, convert: Callable[[int, Sequence[str]], Record]
) -> Iterator[list[Record]]:
    checked = ascending(0, convert)
    for batch in dataset.batches(name):
        yield batch.each(checked)
