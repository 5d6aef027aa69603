"""Finds songs by the beginnings of words.

`docs/catalog.md` says why there is a table of words instead of the databases' own full texts.
"""

from dataclasses import dataclass
from math import prod
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from segue_server.catalog import tokens
from segue_server.catalog.schema import catalog_info, song, song_word
from segue_server.catalog.songs import read_songs
from segue_server.catalog.words import title_key, without_implied, words
from segue_server.domain.errors import InvalidRequest, Violation
from segue_server.domain.model import Page, Song

LONGEST_QUERY: Final = 200

# Comes behind every letter and digit, so that a word's beginnings are a range of the index.
LAST_CHARACTER: Final = "\U0010ffff"

# Beyond this many songs of one word, how many exactly changes no plan.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """A song found and its place in the order: titles that are the query, then popularity."""

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
    found = _find_one_more(connection, wanted)
    page = found[: wanted.limit]
    known = read_songs(connection, [each.id for each in page])
    more = len(found) > len(page)
    return Page(tuple(known[each.id] for each in page), _token(wanted, page[-1]) if more else "")


def _bad_query(description: str) -> InvalidRequest:
    return InvalidRequest(Violation("query", description))


def _position(page_token: str, title: str) -> Found | None:
    if not page_token:
        return None
    asked = tokens.question("search", title)
    titled, popularity, song_id = tokens.decode(page_token, asked, (int, float, int))
    return Found(bool(titled), float(popularity), int(song_id))


def _token(wanted: Wanted, last: Found) -> str:
    asked = tokens.question("search", wanted.title)
    return tokens.encode(asked, int(last.titled), last.popularity, last.id)


def _find_one_more(connection: Connection, wanted: Wanted) -> list[Found]:
    """Return the songs of the page and, where there is one, the first of the next."""
    titled: list[Found] = []
    if wanted.after is None or wanted.after.titled:
        titled = _titled(connection, wanted)
    missing = wanted.limit + 1 - len(titled)
    return titled + (_untitled(connection, wanted, missing) if missing else [])


def _titled(connection: Connection, wanted: Wanted) -> list[Found]:
    """Return the songs whose title is the query; the index on it holds them in order."""
    statement = (
        select(song.c.popularity, song.c.id)
        .where(song.c.title_key == wanted.title, _behind(wanted.after))
        .order_by(song.c.popularity.desc(), song.c.id)
        .limit(wanted.limit + 1)
    )
    return [Found(True, row.popularity, row.id) for row in connection.execute(statement)]


def _untitled(connection: Connection, wanted: Wanted, limit: int) -> list[Found]:
    """Return the other songs that have the words, the most popular first."""
    songs, counts = _counts(connection, wanted.words)
    rarest = min(counts, key=lambda word: counts[word])
    if not counts[rarest]:
        return []
    # The empty text keeps a planner from reading the songs in the order of their titles.
    not_titled = song.c.title_key.concat("") != wanted.title
    have_words = [func.instr(song.c.search_text, f" {word}") > 0 for word in wanted.words]
    after = wanted.after if wanted.after and not wanted.after.titled else None
    of_all = select(song.c.popularity, song.c.id).where(*have_words, not_titled, _behind(after))
    if _is_rare(counts, songs, limit):
        ordered = _among(of_all, rarest)
    else:
        ordered = of_all.order_by(song.c.popularity.desc(), song.c.id)
    rows = connection.execute(ordered.limit(limit))
    return [Found(False, row.popularity, row.id) for row in rows]


def _is_rare(counts: dict[str, int], songs: int, limit: int) -> bool:
    """Whether to look at all songs of the rarest word rather than to go down the list.

    Down the list of all songs, the most popular first, `limit` are found the sooner, the more
    songs have the words; that they go together by chance only is a guess on the safe side.
    """
    fewest = min(counts.values())
    down_the_list = limit * prod(songs / count for count in counts.values())
    return fewest < COUNTED and fewest < down_the_list


def _among(of_all: Select[float, int], rarest: str) -> Select[float, int]:
    """Return the statement over the songs of one word only, sorted."""
    of_word = select(song_word.c.song_id).where(_begins(rarest)).distinct().subquery()
    # The sum keeps a planner from going down the list of all songs after all.
    return of_all.join(of_word, of_word.c.song_id == song.c.id).order_by(
        (song.c.popularity + 0).desc(), song.c.id
    )


def _counts(connection: Connection, wanted: tuple[str, ...]) -> tuple[int, dict[str, int]]:
    """Return how many songs there are, and how many have each word (`COUNTED` at the most)."""
    of_words = [
        select(func.count())
        .select_from(select(literal(1)).where(_begins(word)).limit(COUNTED).subquery())
        .scalar_subquery()
        for word in wanted
    ]
    songs = select(catalog_info.c.song_count).scalar_subquery()
    total, *counts = connection.execute(select(songs, *of_words)).one()
    return total or 0, dict(zip(wanted, counts, strict=True))


def _begins(word: str) -> ColumnElement[bool]:
    return song_word.c.word.between(word, word + LAST_CHARACTER)


def _behind(last: Found | None) -> ColumnElement[bool]:
    """Return the condition that a song comes after `last` within its part of the order."""
    if last is None:
        return literal(True)
    behind: ColumnElement[bool] = and_(
        song.c.popularity <= last.popularity,
        or_(song.c.popularity < last.popularity, song.c.id > last.id),
    )
    return behind
