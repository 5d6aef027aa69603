"""Opens the database behind a URL, and says in the domain's terms why it does not answer."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pymysql
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from segue_server.domain.errors import Unavailable
from segue_server.sql.part import Part

# The drivers by what a URL may begin with. MariaDB is reached as MySQL; the dialect tells them
# apart by asking the server.
DRIVERS: Final = {
    "sqlite": "sqlite",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}

# Connections idle for longer are opened anew: servers and proxies drop them, some in silence.
RECYCLE_SECONDS: Final = 280


class DatabaseUrlError(ValueError):
    """The URL of a database is of no kind that is known."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the driver waits for the database before it gives a connection up."""

    connect: int
    read: int
    write: int


# A reader must free its thread soon after its caller has gone; a load may wait for long deletes.
SERVING: Final = Patience(connect=2, read=3, write=3)
LOADING: Final = Patience(connect=10, read=900, write=900)


def parse_url(part: Part, text: str) -> URL:
    """Return the URL in `text` of a part's database, with its driver filled in.

    Raises: DatabaseUrlError, without the text, which may hold a password.
    """
    whose = f"the {part.name}'s URL"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise DatabaseUrlError(f"{whose} is not of the form DRIVER://…/DATABASE") from error
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        known = ", ".join(f"{name}://" for name in DRIVERS)
        raise DatabaseUrlError(f"{whose} begins with {url.drivername}://, not one of {known}")
    if not url.database:
        raise DatabaseUrlError(f"{whose} names no database")
    return url.set(drivername=driver)


def open_engine(url: URL, connections: int, patience: Patience, *, create: bool = False) -> Engine:
    """Return an engine of at most `connections`. No connection is made yet.

    An SQLite file is made only where `create` says so. Of MySQL, each statement that serves is a
    transaction of its own, without a word between them: see `Threads`.
    """
    sqlite = url.drivername == "sqlite"
    engine = create_engine(
        _sqlite_file(url, create=create) if sqlite else url,
        connect_args=_sqlite_arguments(patience) if sqlite else _mysql_arguments(patience),
        pool_size=connections,
        max_overflow=0,
        pool_recycle=RECYCLE_SECONDS,
        **({} if sqlite else _mysql_transactions(serving=patience is SERVING)),
    )
    if sqlite:
        _begin_for_real(engine)
    return engine


@contextmanager
def opened(part: Part, url: URL, *, create: bool = False) -> Iterator[Engine]:
    """Give an engine of one patient connection, for a command that changes the database.

    Raises: the part's error for what SQLAlchemy, a driver or a socket raise meanwhile.
    """
    engine = open_engine(url, 1, LOADING, create=create)
    try:
        yield engine
    except (SQLAlchemyError, sqlite3.Error, pymysql.MySQLError, OSError) as error:
        raise unavailable(part, error) from error
    finally:
        engine.dispose()


def shown(url: URL) -> str:
    """Return the URL for people to read, without its password."""
    return url.render_as_string(hide_password=True)


def unavailable(part: Part, error: Exception) -> Unavailable:
    """Return the domain's error for one of SQLAlchemy, the driver or the socket."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    reason = ": ".join(str(part) for part in cause.args) or type(cause).__name__
    if "unable to open database file" in reason:  # SQLite's, of a file that nobody has made yet
        reason += f"; `{part.command} migrate` makes it"
    return part.error(f"the {part.name} did not answer: {reason}")


def _sqlite_file(url: URL, *, create: bool) -> URL:
    mode = "rwc" if create else "rw"
    file = f"file:{quote(url.database or '')}"
    return url.set(database=file, query={**url.query, "mode": mode, "uri": "true"})


def _sqlite_arguments(patience: Patience) -> dict[str, Any]:
    # The timeout is for a lock. No isolation level: the driver must not begin transactions by
    # guessing, see _begin_for_real.
    return {"timeout": patience.connect, "isolation_level": None, "check_same_thread": False}


def _mysql_arguments(patience: Patience) -> dict[str, Any]:
    return {
        "charset": "utf8mb4",
        "connect_timeout": patience.connect,
        "read_timeout": patience.read,
        "write_timeout": patience.write,
        # The server may then ask for any file that it names, so only where rows are to be sent.
        "local_infile": patience is LOADING,
    }


def _mysql_transactions(*, serving: bool) -> dict[str, Any]:
    if serving:
        return {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
    return {"isolation_level": "REPEATABLE READ"}


def _begin_for_real(engine: Engine) -> None:
    """Begin a transaction with the first statement of any kind, as the other databases do.

    One that writes has to say so: if it came to that only after it has read, and another has
    written meanwhile, it would be refused.
    """

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        writing = connection.get_execution_options().get("writing")
        driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
