"""The tables of the catalog, the same on SQLite, MySQL and MariaDB.

`migrations/` makes them; this module is what the queries are written against. `docs/catalog.md`
says what each table is for.
"""

from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

# The longest title or name, genre, title key and word, in characters; MySQL indexes at most 768.
NAME_LENGTH: Final = 500
GENRE_LENGTH: Final = 255
TITLE_KEY_LENGTH: Final = 255
WORD_LENGTH: Final = 64

# Binary collation: text compares by code point, as it does on SQLite, and by nothing else.
TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

metadata = MetaData()

artist = Table(
    "artist",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("msd_artist_id", String(32)),
    **TABLE_OPTIONS,
)

album = Table(
    "album",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("title", String(NAME_LENGTH), nullable=False),
    Column("artist_id", Integer, ForeignKey("artist.id"), nullable=False, index=True),
    **TABLE_OPTIONS,
)

genre = Table(
    "genre",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(GENRE_LENGTH), nullable=False),
    Column("name_key", String(GENRE_LENGTH), nullable=False, unique=True),
    Column("song_count", Integer, nullable=False),
    **TABLE_OPTIONS,
)

song = Table(
    "song",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("title", String(NAME_LENGTH), nullable=False),
    Column("artist_id", Integer, ForeignKey("artist.id"), nullable=False),
    Column("album_id", Integer, ForeignKey("album.id"), index=True),
    Column("year", Integer),
    Column("duration", Double),
    Column("tempo", Double),
    Column("popularity", Double, nullable=False),
    Column("msd_track_id", String(32)),
    Column("msd_song_id", String(32)),
    # The folded title, and every word of title, artist and album behind a space each.
    Column("title_key", String(TITLE_KEY_LENGTH), nullable=False),
    Column("search_text", Text, nullable=False),
    **TABLE_OPTIONS,
)
# Holds what the popular songs are filtered by, so that a rare year costs no look at the songs.
Index(
    "ix_song_popularity",
    *(song.c.popularity.desc(), song.c.id, song.c.artist_id, song.c.year, song.c.tempo),
)
Index("ix_song_artist_id", song.c.artist_id, song.c.popularity.desc(), song.c.id)
Index("ix_song_title_key", song.c.title_key, song.c.popularity.desc(), song.c.id)

song_genre = Table(
    "song_genre",
    metadata,
    Column("song_id", Integer, ForeignKey("song.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("genre_id", Integer, ForeignKey("genre.id"), nullable=False),
    Index("ix_song_genre_genre_id", "genre_id", "song_id", unique=True),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

# Made from `song` on loading and never read without it, so it does without a foreign key: the
# check of one would be the larger part of a load.
song_word = Table(
    "song_word",
    metadata,
    Column("word", String(WORD_LENGTH), primary_key=True),
    Column("song_id", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

# One row, of id 1, once a dataset is loaded. `loaded_at` is in UTC.
catalog_info = Table(
    "catalog_info",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", String(128), nullable=False),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("song_count", Integer, nullable=False),
    Column("loaded_at", DateTime, nullable=False),
    **TABLE_OPTIONS,
)
