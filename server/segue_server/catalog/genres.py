"""Lists the genres."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from segue_server.catalog.schema import genre
from segue_server.domain.model import Genre, Page
from segue_server.sql import page_tokens as tokens

ASKED: Final = tokens.question("genres")


def after_token(page_token: str) -> str | None:
    """Return the name key behind which the page begins, `None` for the first page.

    Raises: InvalidRequest (field `page_token`).
    """
    if not page_token:
        return None
    (key,) = tokens.decode(page_token, ASKED, (str,))
    return str(key)


def list_genres(connection: Connection, limit: int, after: str | None) -> Page[Genre]:
    """Return a page of `limit` genres by name, without regard to case."""
    statement = select(genre).order_by(genre.c.name_key).limit(limit + 1)
    if after is not None:
        statement = statement.where(genre.c.name_key > after)
    rows = connection.execute(statement).all()
    items = tuple(Genre(row.id, row.name, row.song_count) for row in rows[:limit])
    return Page(items, tokens.encode(ASKED, rows[limit - 1].name_key) if rows[limit:] else "")


def read_genre_names(connection: Connection) -> Mapping[str, str]:
    """Return every genre's name by its case-folded form."""
    rows = connection.execute(select(genre.c.name_key, genre.c.name).order_by(genre.c.name_key))
    return {row.name_key: row.name for row in rows}
