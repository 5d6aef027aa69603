"""Says whether the database's schema is the one that this program is written for.

Serving asks this every second and must not wait for Alembic to be imported, so the version is read
as what it is: a row of Alembic's own table. Tests hold each part's `head` to its migrations.
"""

from sqlalchemy import Connection, column, inspect, select, table

from segue_server.sql.part import Part


def check(part: Part, connection: Connection) -> None:
    """Return when the schema is the one of this program.

    Raises: the part's error, saying what to do.
    """
    found = current(part, connection)
    if found == part.head:
        return
    refuse_newer(part, found)
    state = "is not migrated" if found is None else f"has the older schema {found}"
    raise part.error(f"the {part.name}'s database {state}: run `{part.command} migrate`")


def current(part: Part, connection: Connection) -> str | None:
    """Return the version of the database's schema, `None` where there is none."""
    if not inspect(connection).has_table(part.version_table):
        return None
    versions = table(part.version_table, column("version_num"))
    return connection.scalar(select(versions.c.version_num))


def refuse_newer(part: Part, found: str | None) -> None:
    """Raise the part's error when the database is of a newer program."""
    if found is not None and found > part.head:
        raise part.error(
            f"the {part.name}'s database has the schema {found}, newer than this program's "
            f"({part.head}): run a newer Segue"
        )
