"""What tests of events do again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, text

from activity_use import ANN, soon
from segue_server.activity.open import Activity
from segue_server.domain.attribution import Attribution
from segue_server.domain.event import Event, EventType, Opinions, Recorded
from segue_server.domain.experiment import Arm

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SHOWN = Attribution("r-1", 7, "content", "3", (9, 5, 15), Arm("try", "content"))


def event(
    id_: str,
    type_: EventType = EventType.PLAY,
    song: int = 5,
    minutes: float = 0,
    **more: Any,  # noqa: ANN401 - the other fields of an event
) -> Event:
    """Return an event of a song so many minutes after noon."""
    return Event(id_, type_, song, NOON + timedelta(minutes=minutes), **more)


async def recorded(activity: Activity, *events: Event, owner: str = ANN) -> Recorded:
    """Record events; return how many are new."""
    return await activity.events.record(owner, events, soon())


async def opinions(activity: Activity, owner: str = ANN) -> Opinions:
    """Return what an owner likes and dislikes."""
    return await activity.events.opinions(owner, soon())


def emptied(url: str) -> None:
    """Take everything out of the tables of events."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("event", "opinion"):
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


def rows_of(url: str, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows
