"""Songs by place, and their texts for the databases' own full-text indexes.

A catalog is a copy of a dataset, so it is not converted: the tables are made anew, empty, and the
dataset is loaded again. There is no way back for the same reason: an older program makes its own
tables in an empty database.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

# The tables of 0001, those that refer to others first.
OLD = ("catalog_info", "song_word", "song_genre", "song", "genre", "album", "artist")


def upgrade() -> None:
    """Put the new tables in the place of the old ones."""
    for table in OLD:
        op.drop_table(table)
    _create_names()
    _create_song()
    _create_song_genre()
    _create_texts()
    _create_catalog_info()
    _create_load_step()


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _create_names() -> None:
    op.create_table(
        "artist",
        _id(),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("msd_artist_id", sa.String(32)),
        **OPTIONS,
    )
    op.create_table(
        "album",
        _id(),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("artist_id", sa.Integer, nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "genre",
        _id(),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False, unique=True),
        sa.Column("song_count", sa.Integer, nullable=False),
        **OPTIONS,
    )


def _create_song() -> None:
    op.create_table(
        "song",
        _id(),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("artist_id", sa.Integer, nullable=False),
        sa.Column("album_id", sa.Integer),
        sa.Column("year", sa.Integer),
        sa.Column("duration", sa.Double),
        sa.Column("tempo", sa.Double),
        sa.Column("popularity", sa.Double, nullable=False),
        sa.Column("msd_track_id", sa.String(32)),
        sa.Column("msd_song_id", sa.String(32)),
        sa.Column("title_key", sa.String(255), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "ix_song_place", "song", ["place", "id", "artist_id", "year", "tempo", "popularity"]
    )
    op.create_index("ix_song_artist_id", "song", ["artist_id", "place"])
    op.create_index("ix_song_title_key", "song", ["title_key", "place"])


def _create_song_genre() -> None:
    op.create_table(
        "song_genre",
        _id("song_id"),
        _id("position"),
        sa.Column("genre_id", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
        **OPTIONS,
    )
    op.create_index("ix_song_genre_genre_id", "song_genre", ["genre_id", "song_id"], unique=True)


def _create_texts() -> None:
    op.create_table(
        "song_text", _id("place"), sa.Column("text", sa.Text, nullable=False), **OPTIONS
    )
    op.create_table(
        "word",
        sa.Column("word", sa.String(64), primary_key=True),
        sa.Column("songs", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
        **OPTIONS,
    )


def _create_catalog_info() -> None:
    op.create_table(
        "catalog_info",
        _id(),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("name", sa.String(500), nullable=False),
        sa.Column("song_count", sa.Integer, nullable=False),
        sa.Column("loaded_at", sa.DateTime, nullable=False),
        **OPTIONS,
    )


def _create_load_step() -> None:
    op.create_table(
        "load_step",
        sa.Column("step", sa.String(64), primary_key=True),
        sa.Column("load_id", sa.String(64), nullable=False),
        **OPTIONS,
    )
