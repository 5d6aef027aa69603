"""The tables that a load fills, beside those in use, and what it has already put into them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, MetaData, Table, delete, insert, inspect, select
from sqlalchemy.schema import CreateTable

from segue_server.catalog.schema import CONTENT, load_step

# What the names of tables end in: those being filled, and those that have had their time.
NEW: Final = "__new"
OLD: Final = "__old"

# The step that is done once the empty tables are there.
PREPARED: Final = "tables"


def staged(table: Table) -> Table:
    """Return the table that is filled to take the place of `table`."""
    return table.to_metadata(MetaData(), name=staged_name(table))


def staged_name(table: Table) -> str:
    """Return the name of the table that is filled to take the place of `table`."""
    return f"{table.name}{NEW}"


def prepare(connection: Connection, load_id: str, tables: Iterable[str]) -> set[str]:
    """Return the steps of this load that are done; with none, empty tables without indexes stand.

    What is left of another load is dropped, `tables` being all that a load makes.
    """
    with connection.begin():
        done = _steps_done(connection, load_id)
        whole = _existing(connection) >= set(map(staged_name, CONTENT))
    if PREPARED in done and whole:
        return done
    discard(connection, tables)
    with connection.begin():
        for table in CONTENT:
            connection.execute(CreateTable(staged(table)))
        record(connection, load_id, PREPARED)
    return {PREPARED}


def discard(connection: Connection, tables: Iterable[str]) -> None:
    """Drop the tables of a load that has ended, whichever way, and forget its steps."""
    with connection.begin():
        connection.execute(delete(load_step))
    with connection.begin():
        found = _existing(connection)
        for name in tables:
            for each in (f"{name}{NEW}", f"{name}{OLD}"):
                if each in found:
                    connection.exec_driver_sql(f"DROP TABLE {each}")


def replaced(connection: Connection) -> list[str]:
    """Return the names of tables that a load had replaced when it was killed."""
    return sorted(_existing(connection) & {f"{table.name}{OLD}" for table in CONTENT})


def drop_replaced(connection: Connection) -> None:
    """Drop what `replaced` names, which nothing reads; no other load may be under way."""
    with connection.begin():
        for name in replaced(connection):
            connection.exec_driver_sql(f"DROP TABLE {name}")


def record(connection: Connection, load_id: str, step: str) -> None:
    """Remember that the step is done, once the transaction is committed."""
    connection.execute(insert(load_step).values(step=step, load_id=load_id))


def _steps_done(connection: Connection, load_id: str) -> set[str]:
    rows = connection.execute(select(load_step.c.step, load_step.c.load_id)).all()
    return {row.step for row in rows} if all(row.load_id == load_id for row in rows) else set()


def _existing(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
