"""Puts a dataset folder in the place of what the catalog holds, wholly or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from segue_server.catalog import records
from segue_server.catalog.connect import opened, parse_url
from segue_server.catalog.dataset import Manifest, read_manifest
from segue_server.catalog.records import COLUMNS, Dataset, Progress, Values
from segue_server.catalog.schema import (
    album,
    artist,
    catalog_info,
    genre,
    metadata,
    song,
    song_genre,
    song_word,
)
from segue_server.catalog.version import check

BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the catalog holds after a load; `changed` is whether it was loaded just now."""

    manifest: Manifest
    changed: bool


def show_nothing(_done: int, _total: int) -> None:
    """Take the progress of a load without a word."""


def load(
    url: str, folder: Path, *, if_changed: bool = False, progress: Progress = show_nothing
) -> Loaded:
    """Make the catalog hold the dataset; with `if_changed` only if it holds another.

    All in one transaction: readers see the old songs until they see the new ones, and an error
    leaves everything as it was. `progress` is called with the rows read and the rows to read.
    Raises: CatalogUrlError, DatasetError, CatalogUnavailable.
    """
    manifest = read_manifest(folder, tuple(COLUMNS))
    with opened(parse_url(url)) as engine:
        with engine.begin() as connection:
            check(connection)
            if if_changed and _fingerprint(connection) == manifest.fingerprint:
                return Loaded(manifest, changed=False)
        with engine.begin() as connection:
            _replace(connection, Dataset(folder, manifest, progress))
    return Loaded(manifest, changed=True)


def _fingerprint(connection: Connection) -> str | None:
    return connection.scalar(select(catalog_info.c.fingerprint))


def _replace(connection: Connection, dataset: Dataset) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
    _insert(connection, genre, records.genres(dataset))
    _insert(connection, artist, records.artists(dataset))
    _insert(connection, album, records.albums(dataset))
    _insert_songs(connection, dataset)
    _count_songs_of_genres(connection, dataset)
    connection.execute(
        insert(catalog_info).values(
            id=1,
            fingerprint=dataset.manifest.fingerprint,
            name=dataset.manifest.name,
            song_count=dataset.manifest.counts["songs"],
            loaded_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        )
    )


def _insert(connection: Connection, table: Table, values: Iterable[Values]) -> None:
    for batch in _batches(values):
        connection.execute(insert(table), batch)


def _insert_songs(connection: Connection, dataset: Dataset) -> None:
    for batch in _batches(records.songs(dataset)):
        genres = [row for each in batch for row in each.pop("genres")]
        words = [row for each in batch for row in each.pop("words")]
        connection.execute(insert(song), batch)
        # An insert of no rows is one of defaults to SQLAlchemy.
        if genres:
            connection.execute(insert(song_genre), genres)
        if words:
            connection.execute(insert(song_word), words)


def _count_songs_of_genres(connection: Connection, dataset: Dataset) -> None:
    statement = (
        update(genre)
        .where(genre.c.id == bindparam("of_genre"))
        .values(song_count=bindparam("songs"))
    )
    counts = [{"of_genre": each, "songs": n} for each, n in dataset.songs_of_genre.items()]
    if counts:
        connection.execute(statement, counts)


def _batches(values: Iterable[Values]) -> Iterator[list[Values]]:
    iterator = iter(values)
    while batch := list(islice(iterator, BATCH)):
        yield batch
