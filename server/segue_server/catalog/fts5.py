"""The text index of SQLite: FTS5, which holds no text of its own.

The text is folded already and its words are letters and digits, so the plainest tokenizer will do;
to that one the marker before each word is a space. Of the options, `detail=full` answers prefixes
three times as fast as `none`, and indexes of prefixes more than double the time to build.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, column, func, literal, select, table

from segue_server.catalog.schema import song_text
from segue_server.catalog.words import MARKER

SONG_FTS: Final = table("song_fts", column("rowid"), column("song_fts"))


class Fts5:
    """See `TextIndex`."""

    reading = 0.2
    posting = 0.05
    fetching = 0.1  # less than a row takes: it ends as soon as the page is full

    def create(self, connection: Connection, texts: str, index: str) -> None:
        """See `TextIndex.create`; the index is a table, `song_fts` when it is in use."""
        options = "content='', tokenize='ascii', detail=full, columnsize=0"
        rows = f"SELECT place, text FROM {texts} ORDER BY place"  # noqa: S608 - our own names
        for statement in (
            f"CREATE VIRTUAL TABLE {index} USING fts5(text, {options})",
            f"INSERT INTO {index} (rowid, text) {rows}",
            f"INSERT INTO {index} ({index}) VALUES ('optimize')",  # noqa: S608 - same
        ):
            connection.exec_driver_sql(statement)

    def takes(self, word: str) -> bool:
        """See `TextIndex.takes`; every word."""
        return bool(word)

    def find(self, words: Sequence[str], after: int) -> Select[int]:
        """See `TextIndex.find`."""
        beginnings = " AND ".join(f'"{word}"*' for word in words)
        return (
            select(song_text.c.place)
            .select_from(SONG_FTS.join(song_text, song_text.c.place == SONG_FTS.c.rowid))
            .where(SONG_FTS.c.song_fts.match(beginnings), SONG_FTS.c.rowid > after)
            .order_by(SONG_FTS.c.rowid)
        )

    def has(self, word: str) -> ColumnElement[bool]:
        """See `TextIndex.has`."""
        return func.instr(song_text.c.text, literal(f" {MARKER}{word}")) > 0
