"""Brings the database's schema to the version of this program, by Alembic."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from segue_server.sql.connect import opened, parse_url
from segue_server.sql.part import Part
from segue_server.sql.version import current, refuse_newer


def migrate(part: Part, url: str) -> str:
    """Bring a part's database to the newest schema, making an SQLite file; return the version.

    Raises: DatabaseUrlError; the part's error, also when the database is of a newer program.
    """
    database = parse_url(part, url)
    with opened(part, database, create=True) as engine, engine.connect() as connection:
        _read_while_loading(connection)
        with connection.begin():
            refuse_newer(part, current(part, connection))
            config = alembic_config(part)
            config.attributes["connection"] = connection
            config.attributes["version_table"] = part.version_table
            command.upgrade(config, "head")
    return part.head


def alembic_config(part: Part) -> Config:
    """Return where Alembic finds the migrations of a part."""
    config = Config()
    config.set_main_option("script_location", part.migrations)
    return config


def _read_while_loading(connection: Connection) -> None:
    """Let SQLite's readers go on, with what was there, while others write; it remembers that."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.cursor()
        driver.execute("PRAGMA journal_mode=WAL")
        driver.close()
