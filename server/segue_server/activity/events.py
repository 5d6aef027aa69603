"""Events in a database: the port `Events` over SQL."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, or_, select
from sqlalchemy.dialects import mysql, sqlite

from segue_server.activity.micros import MICROSECOND, to_micros
from segue_server.activity.schema import event, opinion
from segue_server.domain.deadline import Deadline
from segue_server.domain.event import (
    MAX_OPINIONS,
    OPINIONS,
    Event,
    EventType,
    Opinions,
    Recorded,
)
from segue_server.sql.threads import Threads

# What of an opinion is another one's when a later event says so; what is compared comes last, for
# MySQL reads columns as it has just set them.
SAID: Final = ("type", "event_id", "occurred_at")


class SqlEvents:
    """Keeps events. Each method does what the port of its name says, in one transaction."""

    def __init__(
        self,
        writing: Threads,
        reading: Threads,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Use threads, which somebody else closes.

        Events come in bursts, and what waits for them must not keep a history from being read.
        """
        self._writing = writing
        self._reading = reading
        self._now = now

    async def record(self, owner: str, events: Sequence[Event], deadline: Deadline) -> Recorded:
        """See `Events.record`."""
        work = partial(_record, owner=owner, events=events, received=to_micros(self._now()))
        return await self._writing.write(work, deadline)

    async def opinions(self, owner: str, deadline: Deadline) -> Opinions:
        """See `Events.opinions`; two statements, each by an index."""
        return await self._reading.read(partial(_opinions, owner=owner), deadline)


def _record(connection: Connection, owner: str, events: Sequence[Event], received: int) -> Recorded:
    # In one order, so that no two transactions ever wait for each other.
    in_order = sorted(events, key=lambda one: one.id)
    rows = [_row(owner, one, received) for one in in_order]
    new = _new_events(connection).execution_options(preserve_rowcount=True)
    recorded = connection.execute(new, rows).rowcount
    telling = {one.value for one in OPINIONS}
    said: list[Mapping[str, Any]] = [row for row in rows if row["type"] in telling]
    if recorded < len(rows):
        # What is sent again may say something else than at first, which counts.
        stored = [connection.execute(_recorded(owner, row["event_id"])).one() for row in said]
        said = [row._asdict() for row in stored if row.type in telling]
    if said:
        connection.execute(_later_opinions(connection), _latest(said))
    return Recorded(recorded, len(rows) - recorded)


def _opinions(connection: Connection, owner: str) -> Opinions:
    return Opinions(*(_songs(connection, owner, type_) for type_ in OPINIONS[:2]))


def _songs(connection: Connection, owner: str, type_: EventType) -> tuple[int, ...]:
    mine = (opinion.c.owner == owner) & (opinion.c.type == type_.value)
    latest = (opinion.c.occurred_at.desc(), opinion.c.song_id.desc())
    rows = select(opinion.c.song_id).where(mine).order_by(*latest).limit(MAX_OPINIONS)
    return tuple(connection.scalars(rows))


def _new_events(connection: Connection) -> Any:  # noqa: ANN401 - an insert of either dialect
    """Return the insert of events that leaves those that are known as they are.

    MySQL would cut what does not fit too; everything does.
    """
    if connection.dialect.name == "mysql":
        return mysql.insert(event).prefix_with("IGNORE")
    return sqlite.insert(event).on_conflict_do_nothing(index_elements=["owner", "event_id"])


def _later_opinions(connection: Connection) -> Any:  # noqa: ANN401 - an insert of either dialect
    """Return the insert of opinions that replaces those of earlier events, and no others."""
    if connection.dialect.name == "mysql":
        to_mysql = mysql.insert(opinion)
        new = to_mysql.inserted
        later = _is_later(new)
        return to_mysql.on_duplicate_key_update(
            [(name, case((later, new[name]), else_=opinion.c[name])) for name in SAID]
        )
    to_sqlite = sqlite.insert(opinion)
    return to_sqlite.on_conflict_do_update(
        index_elements=["owner", "song_id"],
        set_={name: to_sqlite.excluded[name] for name in SAID},
        where=_is_later(to_sqlite.excluded),
    )


def _is_later(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of a row to insert
    same_time = new.occurred_at == opinion.c.occurred_at
    return or_(
        new.occurred_at > opinion.c.occurred_at,
        and_(same_time, new.event_id > opinion.c.event_id),
    )


def _recorded(owner: str, event_id: str) -> Select[Any]:
    """Return the statement for one event that is there.

    A plain read might not see what another has just recorded; a read of many at once might lock
    rows between them. This row is locked already, by the insert.
    """
    mine = (event.c.owner == owner) & (event.c.event_id == event_id)
    return select(event).where(mine).with_for_update(read=True)


def _latest(said: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the opinion of each song that is the latest of these events, by song."""
    latest: dict[int, Mapping[str, Any]] = {}
    for row in sorted(said, key=lambda row: (row["occurred_at"], row["event_id"])):
        latest[row["song_id"]] = row
    # In one order, as the events are.
    return [
        {name: latest[song][name] for name in ("owner", "song_id", *SAID)}
        for song in sorted(latest)
    ]


def _row(owner: str, one: Event, received: int) -> dict[str, Any]:
    shown, arm = one.shown, one.shown.arm if one.shown else None
    return {
        "owner": owner,
        "event_id": one.id,
        "type": one.type.value,
        "song_id": one.song_id,
        "occurred_at": to_micros(one.occurred),
        "received_at": received,
        "request_id": shown.request_id if shown else None,
        "engine": shown.engine if shown else None,
        "version": shown.version if shown else None,
        "experiment": arm.experiment if arm else None,
        "arm": arm.engine if arm else None,
        "rank": one.rank,
        "playlist_id": one.playlist_id,
        "play_duration": None if one.play_duration is None else one.play_duration // MICROSECOND,
    }
