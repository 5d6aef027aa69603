"""Makes all rows that a dataset puts into the tables, chunk by chunk.

The same dataset always makes the same chunks in the same order.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from operator import itemgetter
from typing import Final

from sqlalchemy import Table

from segue_server.catalog.records import (
    Dataset,
    Values,
    read_albums,
    read_artists,
    read_genres,
)
from segue_server.catalog.schema import album, artist, genre, song, song_genre, song_text, word
from segue_server.catalog.song_records import Songs, read_popularities, read_songs
from segue_server.catalog.tsv import encode
from segue_server.catalog.words import marked

Rows = Sequence[Values]

# Where the values of a song have its id and its place.
ID: Final = itemgetter(0)
PLACE: Final = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that go together: `done` of `total` of their `kind` are there once they are.

    Each stands behind the name of its table, as values in `rows` or, of a chunk for a database that
    reads text, in `lines`.
    """

    kind: str
    done: int
    total: int
    rows: tuple[tuple[str, Rows], ...]
    lines: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class _Seen:
    """What the songs leave behind for the tables made after them; texts are by place."""

    texts: list[str]
    songs_of_word: Counter[str] = field(default_factory=Counter)
    songs_of_genre: Counter[int] = field(default_factory=Counter)


def chunks(dataset: Dataset) -> Iterator[Chunk]:
    """Yield the chunks of all tables in turn, of `dataset.size` artists, songs and so on at most.

    Raises: DatasetError.
    """
    counts, size = dataset.manifest.counts, dataset.size
    genres = list(chain.from_iterable(read_genres(dataset)))
    yield from _of_table(artist, read_artists(dataset), counts["artists"])
    yield from _of_table(album, read_albums(dataset), counts["albums"])
    places = _places(dataset)
    seen = _Seen([""] * len(places))
    yield from _of_songs(read_songs(dataset, places), seen, counts["songs"])
    yield from _of_table(song_text, _batches(enumerate(seen.texts, 1), size), len(seen.texts))
    words = sorted(seen.songs_of_word.items())
    yield from _of_table(word, _batches(words, size), len(words))
    counted = [(*each, seen.songs_of_genre[each[0]]) for each in genres]
    yield from _of_table(genre, _batches(counted, size), len(counted))


def as_lines(chunk: Chunk) -> Chunk:
    """Return the chunk with lines in the place of its rows, see `tsv.encode`."""
    lines = tuple((table, encode(rows)) for table, rows in chunk.rows)
    return replace(chunk, rows=(), lines=lines)


def _places(dataset: Dataset) -> Sequence[int]:
    """Return each song's place, in the order of the file, which is that of the ids."""
    unpopular = array("d", (-popularity for popularity in read_popularities(dataset)))
    places = array("i", bytes(4 * len(unpopular)))
    for place, row in enumerate(sorted(range(len(unpopular)), key=unpopular.__getitem__), 1):
        places[row] = place
    return places


def _of_table(table: Table, batches: Iterable[Rows], total: int) -> Iterator[Chunk]:
    done = 0
    for batch in batches:
        done += len(batch)
        yield Chunk(f"{table.name}s", done, total, ((table.name, batch),))


def _of_songs(batches: Iterable[Songs], seen: _Seen, total: int) -> Iterator[Chunk]:
    done = 0
    for songs in batches:
        places = map(PLACE, songs.values)
        for place, words in zip(places, songs.words, strict=True):
            seen.texts[place - 1] = marked(words)
        seen.songs_of_word.update(chain.from_iterable(songs.words))
        seen.songs_of_genre.update(chain.from_iterable(songs.genres))
        done += len(songs.values)
        rows = ((song.name, songs.values), (song_genre.name, _genre_rows(songs)))
        yield Chunk("songs", done, total, rows)


def _genre_rows(songs: Songs) -> list[Values]:
    return [
        (song_id, position, genre_id)
        for song_id, genre_ids in zip(map(ID, songs.values), songs.genres, strict=True)
        for position, genre_id in enumerate(genre_ids)
    ]


def _batches(rows: Iterable[Values], size: int) -> Iterator[list[Values]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
