"""Songs with artist, album and genres, and the words that find them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A migration repeats what it needs: it must do tomorrow what it did when it was written.
OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make every table."""
    _create_names()
    _create_song()
    _create_song_genre()
    _create_song_word()
    _create_catalog_info()


def downgrade() -> None:
    """Drop every table."""
    for table in ("catalog_info", "song_word", "song_genre", "song", "genre", "album", "artist"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)


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
        sa.Column("artist_id", sa.Integer, sa.ForeignKey("artist.id"), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_album_artist_id", "album", ["artist_id"])
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
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("artist_id", sa.Integer, sa.ForeignKey("artist.id"), nullable=False),
        sa.Column("album_id", sa.Integer, sa.ForeignKey("album.id")),
        sa.Column("year", sa.Integer),
        sa.Column("duration", sa.Double),
        sa.Column("tempo", sa.Double),
        sa.Column("popularity", sa.Double, nullable=False),
        sa.Column("msd_track_id", sa.String(32)),
        sa.Column("msd_song_id", sa.String(32)),
        sa.Column("title_key", sa.String(255), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        **OPTIONS,
    )
    best_first: list[str | sa.TextClause] = [sa.text("popularity DESC"), "id"]
    op.create_index("ix_song_popularity", "song", [*best_first, "artist_id", "year", "tempo"])
    op.create_index("ix_song_artist_id", "song", ["artist_id", *best_first])
    op.create_index("ix_song_title_key", "song", ["title_key", *best_first])
    op.create_index("ix_song_album_id", "song", ["album_id"])


def _create_song_genre() -> None:
    op.create_table(
        "song_genre",
        sa.Column(
            "song_id",
            sa.Integer,
            sa.ForeignKey("song.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("genre_id", sa.Integer, sa.ForeignKey("genre.id"), nullable=False),
        sqlite_with_rowid=False,
        **OPTIONS,
    )
    op.create_index("ix_song_genre_genre_id", "song_genre", ["genre_id", "song_id"], unique=True)


def _create_song_word() -> None:
    op.create_table(
        "song_word",
        sa.Column("word", sa.String(64), primary_key=True),
        sa.Column("song_id", sa.Integer, primary_key=True, autoincrement=False),
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
