"""Turns the rows of a dataset into the rows of the tables, and checks all that they refer to."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from segue_server.catalog.dataset import DatasetError, Manifest, Row, read_rows
from segue_server.catalog.schema import GENRE_LENGTH, NAME_LENGTH
from segue_server.catalog.words import title_key, words_to_store

MSD_ID_LENGTH: Final = 32
LAST_YEAR: Final = 9999

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

Values = dict[str, Any]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Dataset:
    """A dataset on its way in: what later rows may refer to, and how far it has come.

    The files are read in the order of `COLUMNS`, each once. All methods raise `DatasetError`.
    """

    folder: Path
    manifest: Manifest
    progress: Progress
    done: int = 0
    artist_names: dict[int, str] = field(default_factory=dict)
    album_titles: dict[int, str] = field(default_factory=dict)
    genre_names: dict[int, str] = field(default_factory=dict)
    songs_of_genre: Counter[int] = field(default_factory=Counter)


def genres(dataset: Dataset) -> Iterator[Values]:
    """Yield the rows of `genre`, none of its songs counted yet."""
    keys: set[str] = set()
    for row in _rows(dataset, "genres"):
        name = row.text("name", GENRE_LENGTH)
        key = name.casefold()
        if name != name.strip() or len(key) > GENRE_LENGTH:
            raise row.error(f"name {name!r} is too long or has spaces around it")
        if key in keys:
            raise row.error(f"name {name!r} is that of another genre but for its case")
        keys.add(key)
        dataset.genre_names[row.integer("id")] = name
        yield {"id": row.integer("id"), "name": name, "name_key": key, "song_count": 0}


def artists(dataset: Dataset) -> Iterator[Values]:
    """Yield the rows of `artist`."""
    for row in _rows(dataset, "artists"):
        name = row.text("name", NAME_LENGTH)
        dataset.artist_names[row.integer("id")] = name
        msd_artist_id = row.optional_text("msd_artist_id", MSD_ID_LENGTH)
        yield {"id": row.integer("id"), "name": name, "msd_artist_id": msd_artist_id}


def albums(dataset: Dataset) -> Iterator[Values]:
    """Yield the rows of `album`."""
    for row in _rows(dataset, "albums"):
        title = row.optional_text("title", NAME_LENGTH) or ""
        dataset.album_titles[row.integer("id")] = title
        artist_id = _referred(row, "artist_id", row.integer("artist_id"), dataset.artist_names)
        yield {"id": row.integer("id"), "title": title, "artist_id": artist_id}


def songs(dataset: Dataset) -> Iterator[Values]:
    """Yield the rows of `song`, each with those of `song_genre` and `song_word` beside it.

    They stand under the keys `genres` and `words`, which are no columns.
    """
    for row in _rows(dataset, "songs"):
        title = row.optional_text("title", NAME_LENGTH) or ""
        artist_id = _referred(row, "artist_id", row.integer("artist_id"), dataset.artist_names)
        album_id = row.optional_integer("album_id")
        if album_id is not None:
            _referred(row, "album_id", album_id, dataset.album_titles)
        on_album = dataset.album_titles[album_id] if album_id is not None else ""
        words = sorted(words_to_store(title, dataset.artist_names[artist_id], on_album))
        yield {
            "id": row.integer("id"),
            "title": title,
            "artist_id": artist_id,
            "album_id": album_id,
            "year": _year(row),
            "duration": row.optional_number("duration"),
            "tempo": row.optional_number("tempo"),
            "popularity": _popularity(row),
            "msd_track_id": row.optional_text("msd_track_id", MSD_ID_LENGTH),
            "msd_song_id": row.optional_text("msd_song_id", MSD_ID_LENGTH),
            "title_key": title_key(title),
            "search_text": "".join(f" {word}" for word in words),
            "genres": _genres_of(dataset, row),
            "words": [{"word": word, "song_id": row.integer("id")} for word in words],
        }


def _genres_of(dataset: Dataset, row: Row) -> list[Values]:
    ids = row.integers("genre_ids")
    for each in ids:
        _referred(row, "genre_ids", each, dataset.genre_names)
    if len(set(ids)) < len(ids):
        raise row.error("genre_ids names a genre twice")
    dataset.songs_of_genre.update(ids)
    song_id = row.integer("id")
    return [{"song_id": song_id, "position": n, "genre_id": each} for n, each in enumerate(ids)]


def _year(row: Row) -> int | None:
    year = row.optional_integer("year")
    if year is not None and year > LAST_YEAR:
        raise row.error(f"year is {year}, after {LAST_YEAR}")
    return year


def _popularity(row: Row) -> float:
    popularity = row.number("popularity")
    if popularity > 1:
        raise row.error(f"popularity is {popularity}, more than 1")
    return popularity


def _referred(row: Row, column: str, wanted: int, known: Mapping[int, str]) -> int:
    if wanted not in known:
        raise row.error(f"{column} {wanted} does not exist")
    return wanted


def _rows(dataset: Dataset, name: str) -> Iterator[Row]:
    """Yield the rows of a file, their ids ascending and as many as the manifest says."""
    file = dataset.folder / f"{name}.csv"
    last = count = 0
    for row in read_rows(file, COLUMNS[name]):
        this = row.integer("id")
        if this <= last:
            reason = f"duplicate id {this}" if this == last else f"id {this} comes after {last}"
            raise row.error(reason)
        last, count = this, count + 1
        yield row
        dataset.done += 1
        dataset.progress(dataset.done, sum(dataset.manifest.counts.values()))
    if count != dataset.manifest.counts[name]:
        counted = dataset.manifest.counts[name]
        raise DatasetError(file, None, f"has {count} rows, but dataset.json counts {counted}")
