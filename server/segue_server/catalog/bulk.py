"""What a load asks of a kind of database; one file each knows how the kind does it best."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from sqlalchemy import Connection, Table

from segue_server.catalog.bulk_mysql import MysqlBulk
from segue_server.catalog.bulk_sqlite import SqliteBulk
from segue_server.catalog.chunks import Chunk


class Bulk(Protocol):
    """Fills tables and puts them in the place of others, over one connection.

    `takes_lines` is whether it wants the lines of chunks rather than their rows, `text_index` how
    the text index is called while it is staged, and `index_tables` are those that it is made of
    beside the tables of the schema.
    """

    takes_lines: bool
    text_index: str
    index_tables: tuple[str, ...]

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other loads out. Raises: CatalogUnavailable when one is under way."""

    def collect(self, chunk: Chunk) -> None:
        """Take rows that are to be written to the staged tables."""

    def write(self) -> None:
        """Write all that was taken since the last call, in the transaction that is open."""

    def make_indexes(self, table: Table) -> None:
        """Make those of the indexes of `table` that its successor is still without."""

    def swap(self, tables: Sequence[str]) -> None:
        """Put the staged tables in the place of those in use, all at the same moment."""


_BULKS: Final[dict[str, Callable[[Connection], Bulk]]] = {"sqlite": SqliteBulk, "mysql": MysqlBulk}


def bulk_for(connection: Connection) -> Bulk:
    """Return the way of the connection's database."""
    return _BULKS[connection.dialect.name](connection)
