"""The tables of the catalog, the same on SQLite, MySQL and MariaDB.

`migrations/` makes them, and `staging.py` makes them again, beside those in use, for each load;
this module is what the queries are written against. `docs/catalog.md` says what each table is for.

No table has a foreign key. A load writes to tables of other names, which then take the place of
these, and checks each reference itself, to name the file and line of one that leads nowhere.
"""

from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Double,
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
MSD_ID_LENGTH: Final = 32

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
    Column("msd_artist_id", String(MSD_ID_LENGTH)),
    **TABLE_OPTIONS,
)

album = Table(
    "album",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("title", String(NAME_LENGTH), nullable=False),
    Column("artist_id", Integer, nullable=False),
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

# `place` is 1 for the most popular song, and so on; equally popular ones come by id. No two songs
# share a place, and indexes that hold songs in that order hold this one number for it.
song = Table(
    "song",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, nullable=False),
    Column("title", String(NAME_LENGTH), nullable=False),
    Column("artist_id", Integer, nullable=False),
    Column("album_id", Integer),
    Column("year", Integer),
    Column("duration", Double),
    Column("tempo", Double),
    Column("popularity", Double, nullable=False),
    Column("msd_track_id", String(MSD_ID_LENGTH)),
    Column("msd_song_id", String(MSD_ID_LENGTH)),
    # The folded title.
    Column("title_key", String(TITLE_KEY_LENGTH), nullable=False),
    **TABLE_OPTIONS,
)
# Holds all that is asked of popular songs, so that a rare year costs no look at the songs.
Index(
    "ix_song_place",
    *(song.c.place, song.c.id, song.c.artist_id, song.c.year, song.c.tempo, song.c.popularity),
)
Index("ix_song_artist_id", song.c.artist_id, song.c.place)
Index("ix_song_title_key", song.c.title_key, song.c.place)

song_genre = Table(
    "song_genre",
    metadata,
    Column("song_id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("genre_id", Integer, nullable=False),
    Index("ix_song_genre_genre_id", "genre_id", "song_id", unique=True),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

# The words that find a song, each behind a space and a marker, in the order of popularity on the
# disk. A load makes a full-text index over `text`.
song_text = Table(
    "song_text",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    **TABLE_OPTIONS,
)

# Each word of `song_text`, and how many songs have it.
word = Table(
    "word",
    metadata,
    Column("word", String(WORD_LENGTH), primary_key=True),
    Column("songs", Integer, nullable=False),
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

# What a load swaps in, all at once.
CONTENT: Final = (genre, artist, album, song, song_genre, song_text, word, catalog_info)

# How far the load under way has come, for the next one to go on if it is cut off.
load_step = Table(
    "load_step",
    metadata,
    Column("step", String(64), primary_key=True),
    Column("load_id", String(64), nullable=False),
    **TABLE_OPTIONS,
)
