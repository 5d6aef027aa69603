"""Writes what listeners did as the listens that models are trained on, a dataset's listens.csv."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Row, Select, func, select

from segue_server.activity.micros import to_micros
from segue_server.activity.part import ACTIVITY
from segue_server.activity.schema import event
from segue_server.domain.event import LISTENS
from segue_server.sql.connect import opened, parse_url
from segue_server.sql.version import check

HEADER: Final = "listener_id,song_id,plays\n"
# Rows that are fetched at once.
FETCHED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Exported:
    """How many listeners and rows were written."""

    listeners: int
    listens: int


def export_listens(url: str, output: Path, since: datetime | None) -> Exported:
    """Write the listens of all events, or of those that happened at `since` or later.

    Listeners are numbered from 1 in the order of their digests; rows are in the order of listeners
    and songs. The file is whole, or as it was before. No more than some rows are held at once.
    Raises: DatabaseUrlError, ActivityUnavailable, OSError.
    """
    listeners = listens = 0
    owner = None
    with _put_in_place(output) as file, closing(_counted(url, since)) as rows:
        file.write(HEADER)
        for row in rows:
            listeners += row.owner != owner
            listens += 1
            owner = row.owner
            file.write(f"{listeners},{row.song_id},{row.plays}\n")
    return Exported(listeners, listens)


def _counted(url: str, since: datetime | None) -> Generator[Row[Any], None, None]:
    """Give each listener's songs, and how many events say that it listened to them."""
    with opened(ACTIVITY, parse_url(ACTIVITY, url)) as engine, engine.connect() as connection:
        check(ACTIVITY, connection)
        streaming = connection.execution_options(stream_results=True, yield_per=FETCHED)
        yield from streaming.execute(_listens(since))


def _listens(since: datetime | None) -> Select[Any]:
    counted = select(event.c.owner, event.c.song_id, func.count().label("plays"))
    counted = counted.where(event.c.type.in_([one.value for one in LISTENS]))
    if since is not None:
        counted = counted.where(event.c.occurred_at >= to_micros(since))
    song = (event.c.owner, event.c.song_id)
    return counted.group_by(*song).order_by(*song)


@contextmanager
def _put_in_place(output: Path) -> Iterator[IO[str]]:
    """Give a file beside `output`, which takes its place once it is written."""
    aside = output.with_name(f"{output.name}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        aside.replace(output)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
