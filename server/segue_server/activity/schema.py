"""The tables of what listeners keep, the same on SQLite, MySQL and MariaDB.

`migrations/` makes them; this module is what the queries are written against.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

# Binary collation: ids and titles compare by code point, as they do on SQLite.
TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

metadata = MetaData()

# A playlist is read and written whole, and its order is part of what it is, so its songs are one
# value: JSON, `[[song id, when it was added], …]`. Times are microseconds since 1970, in UTC.
playlist = Table(
    "playlist",
    metadata,
    Column("id", String(22), primary_key=True),
    # A digest of whom it belongs to: who reads the table learns no visitor's id.
    Column("owner", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("songs", Text, nullable=False),
    Column("song_count", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("request_id", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("owner", "request_id", name="uq_playlist_owner_request_id"),
    **TABLE_OPTIONS,
)
Index("ix_playlist_owner_updated_at", playlist.c.owner, playlist.c.updated_at, playlist.c.id)
