"""Says whether the database's schema is the one that this program is written for.

Serving asks this every second and must not wait for Alembic to be imported, so the version is read
as what it is: a row of Alembic's own table. A test holds `HEAD` to the migrations.
"""

from typing import Final

from sqlalchemy import Connection, column, inspect, select, table

from segue_server.domain.errors import CatalogUnavailable

# The newest of `migrations/`. Versions are numbered and compare as text.
HEAD: Final = "0002"

ALEMBIC: Final = table("alembic_version", column("version_num"))


def check(connection: Connection) -> None:
    """Return when the schema is the one of this program.

    Raises: CatalogUnavailable, saying what to do.
    """
    found = current(connection)
    if found == HEAD:
        return
    refuse_newer(found)
    state = "is not migrated" if found is None else f"has the older schema {found}"
    raise CatalogUnavailable(f"the catalog's database {state}: run `segue-catalog migrate`")


def current(connection: Connection) -> str | None:
    """Return the version of the database's schema, `None` where there is none."""
    if not inspect(connection).has_table(ALEMBIC.name):
        return None
    return connection.scalar(select(ALEMBIC.c.version_num))


def refuse_newer(found: str | None) -> None:
    """Raise CatalogUnavailable when the database is of a newer program."""
    if found is not None and found > HEAD:
        raise CatalogUnavailable(
            f"the catalog's database has the schema {found}, newer than this program's "
            f"({HEAD}): run a newer Segue"
        )
