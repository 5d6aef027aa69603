"""Runs work on a database in threads, so that no caller waits beyond its deadline."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

import pymysql
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, SegueError
from segue_server.sql.connect import unavailable
from segue_server.sql.part import Part

Answer = TypeVar("Answer")

# What MariaDB and MySQL say of a statement that ran for longer than it was allowed.
STATEMENT_TIMED_OUT: Final = frozenset({1969, 3024})

# What they say of a read that a swap of the tables came between: a lock not got, a deadlock, a
# table that is another one now.
SWAPPED_MEANWHILE: Final = frozenset({1205, 1213, 1412})

# What they say of a transaction that they have broken off: a lock not got, a deadlock.
BROKEN_OFF: Final = frozenset({1205, 1213})

# How many steps SQLite goes between two looks at the clock: some 50 µs.
SQLITE_STEPS: Final = 2_000


class Threads:
    """A thread per connection; what a thread cannot have answered in time, nobody waits for."""

    def __init__(self, part: Part, engine: Engine, connections: int) -> None:
        """Take over the `engine` of a part, whose pool holds `connections`."""
        self._part = part
        self._engine = engine
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix=part.name)
        event.listen(engine, "before_cursor_execute", _limit_statement, retval=True)

    async def read(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        """Return what `work` makes of a connection; of several statements, see `snapshot`.

        Work whose connection turns out to be broken is done again, once, over a new one.
        Raises: the part's error, DeadlineExceeded, and the domain's errors that `work` raises.
        """
        return await self._do(partial(self._retried, work, deadline), deadline)

    async def write(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        """Return what `work` makes of a connection, in a transaction: all of it is done or nothing.

        Work that the database could not do, and has undone, is done again, once. Raises as `read`
        does; after DeadlineExceeded, or an error of the commit, all of it may be done even so.
        """
        return await self._do(partial(self._written, work, deadline), deadline)

    def close(self) -> None:
        """Wait for the work under way, a few seconds at most, and close every connection."""
        self._threads.shutdown()
        self._engine.dispose()

    async def _do(self, work: Callable[[], Answer], deadline: Deadline) -> Answer:
        try:
            async with asyncio.timeout(deadline.remaining()):
                return await asyncio.wrap_future(self._start(work, deadline))
        except TimeoutError as error:
            raise DeadlineExceeded from error

    def _start(self, work: Callable[[], Answer], deadline: Deadline) -> Future[Answer]:
        try:
            return self._threads.submit(self._run, work, deadline)
        except RuntimeError as error:
            raise self._part.error(f"the {self._part.name} is closed") from error

    def _run(self, work: Callable[[], Answer], deadline: Deadline) -> Answer:
        try:
            return work()
        except SegueError:
            raise
        except Exception as error:  # a driver raises what it likes: sockets, decoding, its own
            raise self._translated(error, deadline) from error

    def _retried(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        """Return what `work` makes of a connection; once more where that was not its fault.

        To ask each connection whether it is alive would cost every read a round trip. With the
        first that is found dropped, the pool lets go of all. And a load that swaps the tables may
        be given precedence over a read of several statements.
        """
        try:
            return self._once(work, deadline)
        except DBAPIError as error:
            if not error.connection_invalidated and _code(error) not in SWAPPED_MEANWHILE:
                raise
            return self._once(work, deadline)

    def _once(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        deadline.remaining()
        with self._engine.connect() as connection, _limited(connection, deadline):
            return work(connection)

    def _written(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        """Return what a transaction makes; once more where it was broken off before its end."""
        try:
            return self._transacted(work, deadline)
        except DBAPIError as error:
            if not error.connection_invalidated and _code(error) not in BROKEN_OFF:
                raise
            return self._transacted(work, deadline)

    def _transacted(self, work: Callable[[Connection], Answer], deadline: Deadline) -> Answer:
        deadline.remaining()
        with self._engine.connect() as connection, _limited(connection, deadline):
            with _transaction(connection):
                answer = work(connection)
            try:
                _end(connection, "COMMIT")
            except DBAPIError as error:
                # Whether it is done nobody knows, so it must not be tried again.
                raise self._translated(error, deadline) from error
            return answer

    def _translated(self, error: Exception, deadline: Deadline) -> SegueError:
        if _timed_out(error) or deadline.clock() >= deadline.expires_at:
            return DeadlineExceeded()
        return unavailable(self._part, error)


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Have the statements meanwhile see one and the same catalog, whatever is loaded.

    MySQL has to be asked; a connection to SQLite is in a transaction whenever it is used.
    """
    if connection.dialect.name != "mysql":
        yield
        return
    connection.exec_driver_sql("START TRANSACTION READ ONLY")
    try:
        yield
    finally:
        # A transaction that stayed open would keep the tables from being swapped.
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Begin a transaction that writes, and undo it when the block fails."""
    connection.execution_options(writing=True)
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql("START TRANSACTION")
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            _end(connection, "ROLLBACK")
        raise


def _end(connection: Connection, how: str) -> None:
    """End a transaction by COMMIT or ROLLBACK; to SQLAlchemy MySQL's connections have none."""
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql(how)
    elif how == "COMMIT":
        connection.commit()
    else:
        connection.rollback()


def _code(error: DBAPIError) -> object:
    """Return MySQL's number of the error, `None` where there is none."""
    cause = error.orig
    return cause.args[0] if isinstance(cause, pymysql.MySQLError) and cause.args else None


def _timed_out(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(error, DBAPIError) and _code(error) in STATEMENT_TIMED_OUT:
        return True
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return False


@contextmanager
def _limited(connection: Connection, deadline: Deadline) -> Iterator[None]:
    """Have the database itself give up what runs beyond the deadline."""
    connection.execution_options(deadline=deadline)
    driver: Any = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.set_progress_handler(lambda: deadline.clock() >= deadline.expires_at, SQLITE_STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, SQLITE_STEPS)


def _limit_statement(
    connection: Connection,
    _cursor: object,
    statement: str,
    parameters: object,
    _context: object,
    _many: bool,
) -> tuple[str, object]:
    deadline: Deadline | None = connection.get_execution_options().get("deadline")
    # What ends a transaction is sent beyond the deadline too, or it would stay open.
    if deadline is None or connection.dialect.name != "mysql" or not is_select(statement):
        return statement, parameters
    mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
    return limit_select(statement, deadline.remaining(), mariadb=mariadb), parameters


def is_select(statement: str) -> bool:
    """Whether the server can be told to stop the statement."""
    return statement.startswith("SELECT")


def limit_select(statement: str, seconds: float, *, mariadb: bool) -> str:
    """Return `statement` such that the server stops it after `seconds`, if it is a SELECT."""
    if not is_select(statement):
        return statement
    # Zero would mean no limit to both.
    if mariadb:
        return f"SET STATEMENT max_statement_time={max(seconds, 0.001):.6f} FOR {statement}"
    hint = f"/*+ MAX_EXECUTION_TIME({max(round(seconds * 1000), 1)}) */"
    return statement.replace("SELECT", f"SELECT {hint}", 1)
