"""Turns the songs of a dataset into rows, a million of them in seconds.

Songs are converted and checked column by column, which takes a third of the time of doing so row
by row. Only what is plainly right passes there. A batch that is not goes row by row through the
rules of `fields.py`, which name what is wrong or find that it is merely unusual.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from operator import lt
from typing import Final, TypeVar

from segue_server.catalog import fields
from segue_server.catalog.dataset import Batch
from segue_server.catalog.fields import LARGEST_INT, FieldError
from segue_server.catalog.records import COLUMNS, Dataset, Values, ascending, refer
from segue_server.catalog.schema import MSD_ID_LENGTH, NAME_LENGTH
from segue_server.catalog.words import title_words

LAST_YEAR: Final = 9999

POPULARITY: Final = COLUMNS["songs"].index("popularity")

# No number of so few digits is infinite.
PLAIN_LENGTH: Final = 300
# Of how many lists of genres it is kept what they stand for.
REMEMBERED: Final = 65_536
DIGITS_AND_POINTS: Final = re.compile(r"[0-9.]*")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Songs:
    """Songs in the order of their ids: rows of `song`, genres' ids and words, a song each."""

    values: list[Values]
    genres: list[tuple[int, ...]]
    words: list[AbstractSet[str]]


def read_popularities(dataset: Dataset) -> Iterator[float]:
    """Yield the popularity of every song, in the order of their ids."""
    for batch in dataset.batches("songs"):
        try:
            yield from _each_once([row[POPULARITY] for row in batch.rows], _popularity)
        except FieldError:
            yield from batch.each(lambda row: _popularity(row[POPULARITY]))


def read_songs(dataset: Dataset, places: Sequence[int]) -> Iterator[Songs]:
    """Yield all songs; `places` are theirs, in the order of their ids. Raises: DatasetError."""
    done = last = 0
    for batch in dataset.batches("songs"):
        here = places[done : done + len(batch.rows)]
        try:
            songs = _by_column(dataset, batch, here, last)
        except (FieldError, ValueError, KeyError):
            songs = _by_row(dataset, batch, here, last)
        yield songs
        done += len(batch.rows)
        last = int(batch.rows[-1][0])


def _by_row(dataset: Dataset, batch: Batch, places: Sequence[int], last: int) -> Songs:
    """Return the songs of the batch; the first that is not right is named."""
    songs = Songs([], [], [])
    next_place = iter(places).__next__

    def convert(song_id: int, row: Sequence[str]) -> None:
        title = fields.optional_text("title", row[1], NAME_LENGTH) or ""
        artist_id = fields.integer("artist_id", row[2])
        refer("artist_id", artist_id, dataset.words_of_artist)
        album_id = fields.optional_integer("album_id", row[3])
        refer("album_id", album_id, dataset.words_of_album)
        title_key, words = title_words(title)
        values = (
            *(song_id, next_place(), title, artist_id, album_id, _year(row[4])),
            fields.optional_number("duration", row[6]),
            fields.optional_number("tempo", row[7]),
            _popularity(row[8]),
            fields.optional_text("msd_track_id", row[9], MSD_ID_LENGTH),
            fields.optional_text("msd_song_id", row[10], MSD_ID_LENGTH),
            title_key,
        )
        songs.values.append(values)
        songs.genres.append(_genres(row[5], dataset.genre_ids))
        others = dataset.words_of_artist[artist_id] | dataset.words_of_album[album_id]
        songs.words.append(words | others)

    batch.each(ascending(last, convert))
    return songs


def _by_column(dataset: Dataset, batch: Batch, places: Sequence[int], last: int) -> Songs:
    """Return the songs of the batch; FieldError, ValueError or KeyError if not all are plain."""
    known = dataset.genre_ids
    (ids, titles, artists, albums, years, genres, *numbers, tracks, msd_songs) = batch.columns()
    durations, tempos, popularities = numbers
    song_ids, artist_ids = map(_plain_integers, (ids, artists))
    album_ids = [int(each) if each else None for each in _plain_digits(albums)]
    if not all(map(lt, (last, *song_ids), (*song_ids, LARGEST_INT + 1))):
        raise ValueError("ids that do not ascend")
    keys_and_words = list(map(title_words, _plain_texts(titles, NAME_LENGTH)))
    words = zip(
        (of_title for _, of_title in keys_and_words),
        map(dataset.words_of_artist.__getitem__, artist_ids),
        map(dataset.words_of_album.__getitem__, album_ids),
        strict=True,
    )
    columns = (
        *(song_ids, places, titles, artist_ids, album_ids, _each_once(years, _year)),
        *map(_plain_numbers, (durations, tempos)),
        _each_once(popularities, _popularity),
        *map(_msd_ids, (tracks, msd_songs)),
        [key for key, _ in keys_and_words],
    )
    return Songs(
        list(zip(*columns, strict=True)),
        [_genres(joined, known) for joined in genres],
        [{*of_title, *of_artist, *of_album} for of_title, of_artist, of_album in words],
    )


def _each_once(column: Sequence[str], convert: Callable[[str], Value]) -> list[Value]:
    """Return the column converted, each of its few different fields once."""
    converted = {value: convert(value) for value in set(column)}
    return [converted[value] for value in column]


def _plain_digits(column: Sequence[str]) -> Sequence[str]:
    joined = "".join(column)
    if joined and not (joined.isascii() and joined.isdigit()):
        raise ValueError("not digits alone")
    return column


def _plain_integers(column: Sequence[str]) -> list[int]:
    return list(map(int, _plain_digits(column)))


def _plain_numbers(column: Sequence[str]) -> list[float | None]:
    if not DIGITS_AND_POINTS.fullmatch("".join(column)) or max(map(len, column)) > PLAIN_LENGTH:
        raise ValueError("not digits and points alone")
    numbers = [float(value) if value else None for value in column]
    if 0.0 in numbers:
        raise ValueError("not more than 0")
    return numbers


def _plain_texts(column: Sequence[str], longest: int) -> Sequence[str]:
    if max(map(len, column)) > longest:
        raise ValueError("too long")
    joined = "".join(column)
    if "\n" in joined or "\r" in joined:
        raise ValueError("line breaks")
    return column


def _msd_ids(column: Sequence[str]) -> list[str | None]:
    return [text or None for text in _plain_texts(column, MSD_ID_LENGTH)]


@lru_cache(maxsize=REMEMBERED)
def _genres(joined: str, known: frozenset[int]) -> tuple[int, ...]:
    ids = fields.integers("genre_ids", joined)
    for each in ids:
        refer("genre_ids", each, known)
    if len(set(ids)) < len(ids):
        raise FieldError("genre_ids names a genre twice")
    return ids


def _year(value: str) -> int | None:
    year = fields.optional_integer("year", value)
    if year is not None and year > LAST_YEAR:
        raise FieldError(f"year is {year}, after {LAST_YEAR}")
    return year


def _popularity(value: str) -> float:
    popularity = fields.number("popularity", value)
    if popularity > 1:
        raise FieldError(f"popularity is {popularity}, more than 1")
    return popularity
