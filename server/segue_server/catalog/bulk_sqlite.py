"""Fills and swaps the tables of SQLite; readers go on meanwhile, each with what it began with."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final

from sqlalchemy import Connection, Index, Table, inspect, quoted_name
from sqlalchemy.schema import CreateIndex

from segue_server.catalog.chunks import Chunk, Rows
from segue_server.catalog.schema import CONTENT, load_step
from segue_server.catalog.staging import NEW, staged
from segue_server.domain.errors import CatalogUnavailable

# A crash of the machine may cost the last transactions of a load, which are then done again, but
# tears nothing; what is freed is not overwritten with zeros; 64 MiB of pages are kept.
SETTINGS: Final = ("synchronous=NORMAL", "secure_delete=OFF", "cache_size=-65536", "threads=2")

# Names of indexes are global to SQLite, so those of two loads in a row end differently.
ENDINGS: Final = ("_a", "_b")


class SqliteBulk:
    """See `Bulk`."""

    text_index = f"song_fts{NEW}"
    index_tables: tuple[str, ...] = ("song_fts",)
    takes_lines = False

    def __init__(self, connection: Connection) -> None:
        """Take over a connection that is in no transaction."""
        self._connection = connection
        self._rows: list[tuple[str, Rows]] = []
        driver = connection.connection.cursor()
        for setting in SETTINGS:
            driver.execute(f"PRAGMA {setting}")
        driver.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See `Bulk.exclusive`: holds a lock on an empty file beside the database."""
        database = self._connection.exec_driver_sql("PRAGMA database_list").one().file
        self._connection.rollback()
        with open(f"{database}-load", "wb") as lock:  # noqa: PTH123
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CatalogUnavailable("another load of this catalog is under way") from error
            yield

    def collect(self, chunk: Chunk) -> None:
        """See `Bulk.collect`."""
        self._rows += ((table, rows) for table, rows in chunk.rows if rows)

    def write(self) -> None:
        """See `Bulk.write`."""
        rows, self._rows = self._rows, []
        driver = self._connection.connection.cursor()
        for table, some in rows:
            marks = ", ".join("?" * len(some[0]))
            statement = f"INSERT INTO {table}{NEW} VALUES ({marks})"  # noqa: S608 - our own names
            driver.executemany(statement, some)
        driver.close()

    def make_indexes(self, table: Table) -> None:
        """See `Bulk.make_indexes`."""
        ending = self._ending()
        for index in sorted(staged(table).indexes, key=_name):
            index.name = quoted_name(f"{index.name}{ending}", quote=False)
            self._connection.execute(CreateIndex(index, if_not_exists=True))

    def _ending(self) -> str:
        """Return that of the endings which no index in use has."""
        indexes = chain(*(inspect(self._connection).get_indexes(each.name) for each in CONTENT))
        used = {str(each["name"])[-len(ENDINGS[0]) :] for each in indexes}
        return next(ending for ending in ENDINGS if ending not in used)

    def swap(self, tables: Sequence[str]) -> None:
        """See `Bulk.swap`: one transaction, the end of the load's steps included."""
        with self._connection.begin():
            existing = inspect(self._connection).get_table_names()
            for name in tables:
                if name in existing:
                    self._connection.exec_driver_sql(f"DROP TABLE {name}")
                self._connection.exec_driver_sql(f"ALTER TABLE {name}{NEW} RENAME TO {name}")
            self._connection.execute(load_step.delete())


def _name(index: Index) -> str:
    return str(index.name)
