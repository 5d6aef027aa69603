"""Finds the places of the songs that have words, by whichever way costs less.

Down the list, text by text, a page of frequent words is full soon; the text index finds rare ones
at once. Which words are which is known before: `word` counts the songs of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, prod
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, select

from segue_server.catalog.schema import song, song_text
from segue_server.catalog.text_index import TextIndex, text_index

# How much of what the text index would cost is spent on a walk that may well lead nowhere.
TRIED: Final = 0.25


@dataclass(frozen=True, slots=True)
class Sought:
    """What to find: songs that have a word beginning with each of `words`, by place.

    `words` say how many songs have each, at the most; `songs` is how many there are. Only places
    beyond `after` count, and no song whose folded title is `not_titled`, when that is not `None`.
    """

    words: Mapping[str, int]
    songs: int
    after: int
    not_titled: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Go down the list as far as the place `walk_to`, then ask the text index for `indexed`."""

    walk_to: int
    indexed: tuple[str, ...]


def find_places(connection: Connection, sought: Sought, limit: int) -> list[int]:
    """Return the first `limit` places, ascending."""
    if not all(sought.words.values()):
        return []
    index = text_index(connection)
    planned = plan(index, sought, limit)
    found: list[int] = []
    if planned.walk_to > sought.after:
        found += connection.scalars(walk(index, sought, planned.walk_to, limit))
    if len(found) < limit and planned.walk_to < sought.songs:
        after = max(sought.after, planned.walk_to)
        asked = index.find(planned.indexed, after).where(*_conditions(index, sought))
        found += connection.scalars(asked.limit(limit - len(found)))
    return found


def plan(index: TextIndex, sought: Sought, limit: int) -> Plan:
    """Return how to find `limit` songs: along the list for about as long as the index would take.

    Words of one name meet more often than by chance, so where chance alone would not fill the page
    in that time, a quarter of it is tried. There is no walk where not even every song of the rarest
    word would fill the page.
    """
    indexed, cost = _indexed(index, sought)
    rows = cost / index.reading
    if rows >= sought.songs - sought.after:
        return Plan(sought.songs, indexed)
    shares = [count / sought.songs for count in sought.words.values()]
    if limit / min(shares) > rows:
        rows = 0
    elif limit / prod(shares) > rows:
        rows *= TRIED
    return Plan(sought.after + int(rows), indexed)


def _indexed(index: TextIndex, sought: Sought) -> tuple[tuple[str, ...], float]:
    """Return the words to ask the index for, the rarest first, and what that costs.

    The postings of each word asked for are read, and the songs found are fetched. Those would be
    as many as the words meet by chance; but words of one name meet more often.
    """
    usable = sorted(
        (each for each in sought.words if index.takes(each)), key=sought.words.__getitem__
    )
    best: tuple[tuple[str, ...], float] = ((), inf)
    postings, meeting = 0, float(sought.songs)
    for count, word in enumerate(usable, 1):
        postings += sought.words[word]
        meeting *= min(1.0, sought.words[word] / sought.songs)
        cost = index.posting * postings + index.fetching * meeting
        if cost < best[1]:
            best = tuple(usable[:count]), cost
    return best


def walk(index: TextIndex, sought: Sought, to: int, limit: int) -> Select[int]:
    """Return the statement for the first `limit` places, `to` at the most, text by text."""
    return (
        select(song_text.c.place)
        .where(
            song_text.c.place > sought.after,
            song_text.c.place <= to,
            *_conditions(index, sought),
        )
        .order_by(song_text.c.place)
        .limit(limit)
    )


def _conditions(index: TextIndex, sought: Sought) -> list[ColumnElement[bool]]:
    rarest_first = sorted(sought.words, key=sought.words.__getitem__)
    conditions = [index.has(word) for word in rarest_first]
    if sought.not_titled is not None:
        titled = select(song.c.place).where(song.c.title_key == sought.not_titled)
        conditions.append(song_text.c.place.not_in(titled))
    return conditions
