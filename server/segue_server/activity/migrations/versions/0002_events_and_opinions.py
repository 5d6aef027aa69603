"""The events, and the opinions that follow from them."""

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


def upgrade() -> None:
    """Make the tables of events and opinions."""
    op.create_table(
        "event",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("song_id", sa.Integer, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.String(128)),
        sa.Column("engine", sa.String(100)),
        sa.Column("version", sa.Text),
        sa.Column("experiment", sa.String(100)),
        sa.Column("arm", sa.String(100)),
        sa.Column("rank", sa.Integer),
        sa.Column("playlist_id", sa.String(64), nullable=False),
        sa.Column("play_duration", sa.BigInteger),
        **OPTIONS,
    )
    op.create_table(
        "opinion",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("song_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        **OPTIONS,
    )
    op.create_index(
        "ix_opinion_owner_type_occurred_at",
        "opinion",
        ["owner", "type", "occurred_at", "song_id"],
    )
