"""The text index of MySQL and MariaDB: InnoDB's FULLTEXT.

As it comes, the server drops words of one or two letters and stop words. The marker before each
word makes it one of at least three characters and none of those, so no setting has to be changed.
"""

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import BINARY, ColumnElement, Connection, Select, cast, func, literal, select
from sqlalchemy.dialects.mysql import match

from segue_server.catalog.schema import song_text
from segue_server.catalog.words import MARKER
from segue_server.domain.errors import CatalogUnavailable

# The server's variable for how long a word must be to be indexed, and the shortest marked word.
SHORTEST_WORD: Final = "innodb_ft_min_token_size"
SHORTEST_MARKED: Final = len(MARKER) + 1

# Letters that the server takes for letters. Those that it does not know, because they are rare or
# newer than its tables, part words for it; behind such a letter it is not asked for the rest.
KNOWN: Final = re.compile(
    "[a-z0-9"
    "\u00df-\u00f6\u00f8-\u024f"  # Latin
    "\u03b1-\u03ce\u0430-\u0481"  # Greek, Cyrillic
    "\u0561-\u0586\u05d0-\u05ea\u0621-\u063a\u0641-\u064a"  # Armenian, Hebrew, Arabic
    "\u0905-\u0939\u0e01-\u0e30\u10d0-\u10f6"  # Devanagari, Thai, Georgian
    "\u1100-\u1112\u1161-\u1175\u11a8-\u11c2"  # Hangul, taken apart by folding
    "\u3041-\u3094\u30a1-\u30fa\u4e00-\u9fa5"  # Kana, Chinese characters
    "]+"
)


class Fulltext:
    """See `TextIndex`."""

    reading = 0.4
    posting = 0.4
    fetching = 3.5

    def create(self, connection: Connection, texts: str, index: str) -> None:
        """See `TextIndex.create`; the name `index` is that table's own."""
        _check_shortest_word(connection)
        connection.exec_driver_sql(f"CREATE FULLTEXT INDEX {index} ON {texts} (text)")

    def takes(self, word: str) -> bool:
        """See `TextIndex.takes`; a word whose first letter the server knows."""
        return KNOWN.match(word) is not None

    def find(self, words: Sequence[str], after: int) -> Select[int]:
        """See `TextIndex.find`."""
        beginnings = " ".join(f"+{MARKER}{_known(word)}*" for word in words)
        return (
            select(song_text.c.place)
            .where(
                match(song_text.c.text, against=beginnings).in_boolean_mode(),
                song_text.c.place > after,
            )
            .order_by(song_text.c.place)
        )

    def has(self, word: str) -> ColumnElement[bool]:
        """See `TextIndex.has`; bytes are compared, which takes two thirds of the time."""
        return func.instr(cast(song_text.c.text, BINARY), literal(f" {MARKER}{word}")) > 0


def _check_shortest_word(connection: Connection) -> None:
    shortest = connection.exec_driver_sql(f"SELECT @@{SHORTEST_WORD}").scalar_one()
    if shortest > SHORTEST_MARKED:
        raise CatalogUnavailable(
            f"the server has {SHORTEST_WORD}={shortest}, so searches would miss songs of short "
            f"words: start it with {SHORTEST_WORD}={SHORTEST_MARKED} (the default) or less"
        )


def _known(word: str) -> str:
    known = KNOWN.match(word)
    return known.group() if known else ""
