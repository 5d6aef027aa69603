"""Fills and swaps the tables of MySQL and MariaDB."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import Final

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import OperationalError

from segue_server.catalog.chunks import Rows
from segue_server.catalog.staging import NEW, OLD, staged_name
from segue_server.catalog.tsv import encode
from segue_server.domain.errors import CatalogUnavailable

log = logging.getLogger(__name__)

# A load that was killed keeps its lock until the server has ended its last statement.
LOCK_SECONDS: Final = 10
LOCK: Final = "CONCAT('segue-catalog ', MD5(DATABASE()))"

# The swap waits for the transactions that read the tables, and whoever asks then waits for the
# swap: for this long at the most, then all go on and it is tried again, a pause later.
BLOCKING_SECONDS: Final = 1
PAUSE_SECONDS: Final = 4.0
SWAP_SECONDS: Final = 600.0

# MariaDB can also try without anyone waiting. For so long it is tried that way first.
UNNOTICED_SECONDS: Final = 5.0
UNNOTICED_PAUSE_SECONDS: Final = 0.01

# What the server says when the tables were in use for too long, or the wait was a deadlock.
IN_USE: Final = frozenset({1205, 1213})

ROWS_FROM_FILE: Final = (
    "LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4"
    r" FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'"
)


class _Collected:
    """Rows of one table to be written, as the lines of a file or as they are."""

    def __init__(self, as_lines: bool) -> None:
        self._as_lines = as_lines
        self.count = 0
        self.lines: list[bytes] = []
        self.rows: list[Rows] = []

    def add(self, rows: Rows) -> None:
        self.count += len(rows)
        if self._as_lines:
            self.lines.append(encode(rows))
        else:
            self.rows.append(rows)


class MysqlBulk:
    """See `Bulk`."""

    text_index = "ft_song_text"
    index_tables: tuple[str, ...] = ()
    in_background = True

    def __init__(self, connection: Connection) -> None:
        """Take over a connection that is in no transaction."""
        self._connection = connection
        self._collected: dict[str, _Collected] = {}
        self._from_files = bool(connection.scalar(text("SELECT @@local_infile")))
        connection.rollback()
        if not self._from_files:
            log.warning("the server has local_infile=0, so rows are inserted, which takes longer")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See `Bulk.exclusive`: holds a lock by name, which ends with the connection at latest."""
        locked = self._connection.scalar(text(f"SELECT GET_LOCK({LOCK}, {LOCK_SECONDS})"))
        self._connection.rollback()
        if not locked:
            raise CatalogUnavailable("another load of this catalog is under way")
        yield

    def collect(self, table: str, rows: Rows) -> None:
        """See `Bulk.collect`."""
        if rows:
            self._collected.setdefault(table, _Collected(self._from_files)).add(rows)

    def collected(self) -> Callable[[], None]:
        """See `Bulk.collected`.

        What is returned raises CatalogUnavailable when the server has not taken all of the rows.
        """
        collected, self._collected = self._collected, {}

        def write() -> None:
            for table, rows in collected.items():
                taken = (
                    self._write_file(table, rows) if self._from_files else self._insert(table, rows)
                )
                if taken != rows.count:
                    reason = f"took {taken} of {rows.count} rows into {table}"
                    raise CatalogUnavailable(f"the catalog's database {reason}")

        return write

    def _write_file(self, table: str, rows: "_Collected") -> int:
        with NamedTemporaryFile(prefix="segue-") as file:
            file.writelines(rows.lines)
            file.flush()
            statement = ROWS_FROM_FILE.format(table=table)
            return self._connection.exec_driver_sql(statement, (file.name,)).rowcount

    def _insert(self, table: str, rows: "_Collected") -> int:
        taken = 0
        for some in rows.rows:
            marks = ", ".join(["%s"] * len(some[0]))
            statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names of our own
            taken += self._connection.exec_driver_sql(statement, list(some)).rowcount
        return taken

    def make_indexes(self, table: Table) -> None:
        """See `Bulk.make_indexes`: one statement, so that the table is read once."""
        name = staged_name(table)
        found = {str(each["name"]) for each in inspect(self._connection).get_indexes(name)}
        additions = [
            f"ADD {'UNIQUE ' if index.unique else ''}INDEX {index.name} "
            f"({', '.join(column.name for column in index.columns)})"
            for index in sorted(table.indexes, key=lambda index: str(index.name))
            if index.name not in found
        ]
        if additions:
            self._connection.exec_driver_sql(f"ALTER TABLE {name} {', '.join(additions)}")

    def swap(self, tables: Sequence[str]) -> None:
        """See `Bulk.swap`: one RENAME, tried until no reader is in the way.

        Raises: CatalogUnavailable when some reader does not end its transaction.
        """
        renames = [f"{name} TO {name}{OLD}, {name}{NEW} TO {name}" for name in tables]
        for wait, pause in self._tries():
            self._connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {wait}")
            try:
                self._connection.exec_driver_sql(f"RENAME TABLE {', '.join(renames)}")
            except OperationalError as error:
                self._connection.rollback()
                if error.orig is None or error.orig.args[0] not in IN_USE:
                    raise
                time.sleep(pause)
            else:
                self._connection.exec_driver_sql("SET SESSION lock_wait_timeout = DEFAULT")
                self._connection.rollback()
                return
        raise CatalogUnavailable("a reader has kept the catalog's tables open for too long")

    def _tries(self) -> Iterator[tuple[int, float]]:
        """Yield, for each time to try, how many seconds to block others and to pause behind it."""
        begun = time.monotonic()
        if getattr(self._connection.dialect, "is_mariadb", False):
            while time.monotonic() < begun + UNNOTICED_SECONDS:
                yield 0, UNNOTICED_PAUSE_SECONDS
        while time.monotonic() < begun + SWAP_SECONDS:
            yield BLOCKING_SECONDS, PAUSE_SECONDS
