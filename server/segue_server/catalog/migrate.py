"""Brings the database's schema to the version of this program, by Alembic."""

from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from segue_server.catalog.connect import opened, parse_url
from segue_server.catalog.version import HEAD, current, refuse_newer

MIGRATIONS: Final = "segue_server.catalog:migrations"


def migrate(url: str) -> str:
    """Bring the database to the newest schema, making an SQLite file; return the version.

    Raises: CatalogUrlError; CatalogUnavailable, also when the database is of a newer program.
    """
    with opened(parse_url(url), create=True) as engine, engine.connect() as connection:
        _read_while_loading(connection)
        with connection.begin():
            refuse_newer(current(connection))
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return HEAD


def alembic_config() -> Config:
    """Return where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    return config


def _read_while_loading(connection: Connection) -> None:
    """Let SQLite's readers go on, with the old songs, while a load writes; it remembers that."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.cursor()
        driver.execute("PRAGMA journal_mode=WAL")
        driver.close()
