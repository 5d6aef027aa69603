"""The tables of what listeners keep and do, the same on SQLite, MySQL and MariaDB.

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

# What listeners do. What showed a song is told by the attribution token of the event: nothing of it
# is known where there was none. Times and lengths of time are microseconds.
event = Table(
    "event",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("song_id", Integer, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("request_id", String(128)),
    Column("engine", String(100)),
    # A model hosted elsewhere may call its versions what it likes.
    Column("version", Text),
    Column("experiment", String(100)),
    Column("arm", String(100)),
    Column("rank", Integer),
    Column("playlist_id", String(64), nullable=False),
    Column("play_duration", BigInteger),
    **TABLE_OPTIONS,
)

# What a listener thinks of a song: `like`, `dislike` or, taken back, `clear`, which has to be kept
# since an older like may still be on its way. The event that said so is the latest by its time,
# by its id where two have the same.
opinion = Table(
    "opinion",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("song_id", Integer, primary_key=True, autoincrement=False),
    Column("type", String(16), nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("event_id", String(64), nullable=False),
    **TABLE_OPTIONS,
)
Index(
    "ix_opinion_owner_type_occurred_at",
    *(opinion.c[name] for name in ("owner", "type", "occurred_at", "song_id")),
)
