"""Fills and swaps the tables of MySQL and MariaDB."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Final

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import OperationalError

from segue_server.catalog.chunks import Chunk, Rows
from segue_server.catalog.staging import NEW, OLD, staged_name
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


class MysqlBulk:
    """See `Bulk`."""

    text_index = "ft_song_text"
    index_tables: tuple[str, ...] = ()

    def __init__(self, connection: Connection) -> None:
        """Take over a connection that is in no transaction."""
        self._connection = connection
        self._rows: defaultdict[str, list[Rows]] = defaultdict(list)
        self._lines: defaultdict[str, list[bytes]] = defaultdict(list)
        self.takes_lines = bool(connection.scalar(text("SELECT @@local_infile")))
        connection.rollback()
        if not self.takes_lines:
            log.warning("the server has local_infile=0, so rows are inserted, which takes longer")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See `Bulk.exclusive`: holds a lock by name, which ends with the connection at latest."""
        locked = self._connection.scalar(text(f"SELECT GET_LOCK({LOCK}, {LOCK_SECONDS})"))
        self._connection.rollback()
        if not locked:
            raise CatalogUnavailable("another load of this catalog is under way")
        yield

    def collect(self, chunk: Chunk) -> None:
        """See `Bulk.collect`."""
        for table, rows in chunk.rows:
            self._rows[table].append(rows)
        for table, lines in chunk.lines:
            self._lines[table].append(lines)

    def write(self) -> None:
        """See `Bulk.write`.

        Raises: CatalogUnavailable when the server has not taken all of the rows.
        """
        all_rows, self._rows = self._rows, defaultdict(list)
        all_lines, self._lines = self._lines, defaultdict(list)
        for table, several in all_rows.items():
            _check(table, self._insert(f"{table}{NEW}", several), sum(map(len, several)))
        for table, lines in all_lines.items():
            wanted = sum(some.count(b"\n") for some in lines)
            _check(table, self._send(f"{table}{NEW}", lines), wanted)

    def _send(self, table: str, lines: list[bytes]) -> int:
        # A file without a name, which is gone with this process, however it ends.
        with TemporaryFile() as file:
            file.writelines(lines)
            file.seek(0)
            statement = ROWS_FROM_FILE.format(table=table)
            name = f"/dev/fd/{file.fileno()}"
            return self._connection.exec_driver_sql(statement, (name,)).rowcount

    def _insert(self, table: str, several: list[Rows]) -> int:
        taken = 0
        for rows in filter(None, several):
            marks = ", ".join(["%s"] * len(rows[0]))
            statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - names of our own
            taken += self._connection.exec_driver_sql(statement, list(rows)).rowcount
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


def _check(table: str, taken: int, wanted: int) -> None:
    if taken != wanted:
        reason = f"took {taken} of {wanted} rows into {table}"
        raise CatalogUnavailable(f"the catalog's database {reason}")
