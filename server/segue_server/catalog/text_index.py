"""What search asks of a database's own full-text index, and which index a database has."""

from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy import ColumnElement, Connection, Select

from segue_server.catalog.fts5 import Fts5
from segue_server.catalog.fulltext import Fulltext


class TextIndex(Protocol):
    """Finds songs by the beginnings of the words in `song_text`.

    What things cost is in microseconds; only how they compare matters. `reading` is a row of
    `song_text` looked at on the way down the list, `posting` an occurrence of a word read from the
    index, and `fetching` a song that the index found. No bench prints them: they were fitted by
    hand to times of single statements. `bench/catalog_reads.py` times the searches that follow.
    """

    @property
    def reading(self) -> float:
        """Microseconds for a row of `song_text`, read in order."""

    @property
    def posting(self) -> float:
        """Microseconds for an occurrence of a word in the index."""

    @property
    def fetching(self) -> float:
        """Microseconds for a row of `song_text` that the index found."""

    def create(self, connection: Connection, texts: str, index: str) -> None:
        """Make the index named `index` over the rows that the table named `texts` holds by now.

        Raises: CatalogUnavailable when the database is set so that words would be missing.
        """

    def takes(self, word: str) -> bool:
        """Say whether the index can be asked for `word`."""

    def find(self, words: Sequence[str], after: int) -> Select[int]:
        """Return the places beyond `after` of the songs that have words beginning so, ascending.

        All `words` must be such that the index `takes` them. A few other songs may be among those
        found, so `has` is to be asked of them too.
        """

    def has(self, word: str) -> ColumnElement[bool]:
        """Return the condition that a row of `song_text` has a word beginning with `word`."""


TEXT_INDEXES: Final[dict[str, TextIndex]] = {"sqlite": Fts5(), "mysql": Fulltext()}


def text_index(connection: Connection) -> TextIndex:
    """Return the text index of the connection's database."""
    return TEXT_INDEXES[connection.dialect.name]
