"""Finds songs by the beginnings of words: first the titles that are the query, then by popularity.

`docs/catalog.md` says how, and what it costs.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from segue_server.catalog.places import Sought, find_places
from segue_server.catalog.schema import catalog_info, song, word
from segue_server.catalog.songs import read_places
from segue_server.catalog.words import title_key, without_implied, words
from segue_server.domain.errors import InvalidRequest, Violation
from segue_server.domain.model import Page, Song
from segue_server.sql import page_tokens as tokens
from segue_server.sql.threads import snapshot

LONGEST_QUERY: Final = 200

# Comes behind every letter and digit, so that a word's beginnings are a range of the index.
LAST_CHARACTER: Final = "\U0010ffff"

TITLED: Final = (
    select(song.c.place)
    .where(song.c.title_key == bindparam("title"), song.c.place > bindparam("after"))
    .order_by(song.c.place)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Found:
    """A song found and where it stands: titles that are the query, then popularity.

    Its place may be another once a dataset is loaded, so a page token holds none.
    """

    titled: bool
    popularity: float
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question: the words whose beginnings to find, the title to prefer, and which page."""

    words: tuple[str, ...]
    title: str
    limit: int
    after: Found | None


@dataclass(frozen=True, slots=True)
class Known:
    """How many songs there are, whether any is titled as asked, and how many have each word.

    A song of several words that begin alike counts for each.
    """

    songs: int
    titled: bool
    of_words: Mapping[str, int]


def understand(query: str, limit: int, page_token: str) -> Wanted:
    """Return what is asked.

    Raises: InvalidRequest (field `query` or `page_token`).
    """
    if len(query) > LONGEST_QUERY:
        raise _bad_query(f"has {len(query)} characters, more than {LONGEST_QUERY}")
    wanted = without_implied(words(query))
    if not wanted:
        raise _bad_query("holds no letter or digit")
    title = title_key(query)
    return Wanted(wanted, title, limit, _position(page_token, title))


def find(connection: Connection, wanted: Wanted) -> Page[Song]:
    """Return the page of songs asked for."""
    with snapshot(connection):
        return _find(connection, wanted)


def _find(connection: Connection, wanted: Wanted) -> Page[Song]:
    last = wanted.after
    behind = _place(connection, last) if last else 0
    known = _survey(connection, wanted)
    titled: list[int] = []
    if known.titled and (last is None or last.titled):
        asked = {"title": wanted.title, "after": behind, "most": wanted.limit + 1}
        titled = list(connection.scalars(TITLED, asked))
    places = list(titled)
    if len(places) <= wanted.limit:
        after = behind if last and not last.titled else 0
        sought = Sought(known.of_words, known.songs, after, wanted.title if known.titled else None)
        places += find_places(connection, sought, wanted.limit + 1 - len(places))
    songs = read_places(connection, places[: wanted.limit])
    page = tuple(songs[place] for place in places[: wanted.limit])
    more = len(places) > wanted.limit
    return Page(page, _token(wanted, page[-1], len(titled) >= wanted.limit) if more else "")


def _bad_query(description: str) -> InvalidRequest:
    return InvalidRequest(Violation("query", description))


def _position(page_token: str, title: str) -> Found | None:
    if not page_token:
        return None
    asked = tokens.question("search", title)
    titled, popularity, song_id = tokens.decode(page_token, asked, (int, float, int))
    return Found(bool(titled), float(popularity), int(song_id))


def _token(wanted: Wanted, last: Song, titled: bool) -> str:
    asked = tokens.question("search", wanted.title)
    return tokens.encode(asked, int(titled), last.popularity or 0.0, last.id)


def _survey(connection: Connection, wanted: Wanted) -> Known:
    """Return what decides how to search, all of it from indexes."""
    of_words = [
        select(func.coalesce(func.sum(word.c.songs), 0))
        .where(word.c.word.between(each, each + LAST_CHARACTER))
        .scalar_subquery()
        for each in wanted.words
    ]
    titled = select(func.min(song.c.place)).where(song.c.title_key == wanted.title)
    statement = select(catalog_info.c.song_count, titled.scalar_subquery(), *of_words)
    row = connection.execute(statement).one_or_none()
    if row is None:  # nothing is loaded yet
        return Known(0, False, dict.fromkeys(wanted.words, 0))
    songs, first_titled, *counts = row
    counted = map(int, counts)  # sums are decimal numbers to MySQL
    return Known(songs, first_titled is not None, dict(zip(wanted.words, counted, strict=True)))


def _place(connection: Connection, last: Found) -> int:
    """Return the place of the last song that does not come after `last`, 0 if there is none.

    It is that of the song itself, unless a dataset was loaded since the page before.
    """
    of_song = select(song.c.place, song.c.popularity).where(song.c.id == last.id)
    row = connection.execute(of_song).one_or_none()
    if row is not None and row.popularity == last.popularity:
        return int(row.place)

    def order(place: int) -> tuple[float, int]:
        at = select(song.c.popularity, song.c.id).where(song.c.place == place)
        popularity, song_id = connection.execute(at).one()
        return -popularity, song_id

    songs = connection.scalar(select(catalog_info.c.song_count)) or 0
    return bisect_right(range(1, songs + 1), (-last.popularity, last.id), key=order)
