"""Playlists in a database: the port `Playlists` over SQL."""

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from segue_server.activity.micros import from_micros, to_micros
from segue_server.activity.part import ACTIVITY
from segue_server.activity.schema import playlist as table
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import Changed, LimitReached, NotFound
from segue_server.domain.model import Page
from segue_server.domain.playlist import (
    MAX_PLAYLISTS,
    Entry,
    NewPlaylist,
    Playlist,
    PlaylistKey,
    entries_of,
)
from segue_server.sql import page_tokens
from segue_server.sql.threads import Threads
from segue_server.sql.version import check

ID_BYTES: Final = 16


class SqlPlaylists:
    """Keeps playlists. Each method does what the port of its name says, in one transaction."""

    def __init__(
        self, threads: Threads, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Use `threads`, which somebody else closes."""
        self._threads = threads
        self._now = now

    async def create(self, new: NewPlaylist, deadline: Deadline) -> Playlist:
        """See `Playlists.create`."""
        return await self._threads.write(partial(_create, new=new, now=self._now()), deadline)

    async def get(self, key: PlaylistKey, deadline: Deadline) -> Playlist:
        """See `Playlists.get`; one statement."""
        return await self._threads.read(partial(_get, key=key), deadline)

    async def page(
        self, owner: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Playlist]:
        """See `Playlists.page`; one statement."""
        asked = page_tokens.question("playlists", owner)
        after = page_tokens.decode(page_token, asked, (int, str)) if page_token else ()
        rows = await self._threads.read(
            lambda connection: connection.execute(_listed(owner, limit, after)).all(), deadline
        )
        last = rows[limit - 1] if len(rows) > limit else None
        token = page_tokens.encode(asked, last.updated_at, last.id) if last else ""
        return Page(tuple(_playlist(row, ()) for row in rows[:limit]), token)

    async def change(
        self, key: PlaylistKey, change: Callable[[Playlist], Playlist], deadline: Deadline
    ) -> Playlist:
        """See `Playlists.change`."""
        work = partial(_change, key=key, change=change, now=self._now())
        return await self._threads.write(work, deadline)

    async def revisions(self, ids: Collection[str], deadline: Deadline) -> Mapping[str, int]:
        """See `Playlists.revisions`; one statement."""
        rows = select(table.c.id, table.c.revision).where(table.c.id.in_(ids))
        found = await self._threads.read(lambda c: c.execute(rows).all(), deadline)
        return {row.id: row.revision for row in found}

    async def delete(self, key: PlaylistKey, deadline: Deadline) -> None:
        """See `Playlists.delete`."""
        await self._threads.write(partial(_delete, key=key), deadline)

    async def ping(self, deadline: Deadline) -> None:
        """See `Playlists.ping`."""
        await self._threads.read(partial(check, ACTIVITY), deadline)


def _create(connection: Connection, new: NewPlaylist, now: datetime) -> Playlist:
    if new.request_id and (known := _of_request(connection, select(table), new)):
        return known
    held = select(func.count()).select_from(table).where(table.c.owner == new.owner)
    if (connection.scalar(held) or 0) >= MAX_PLAYLISTS:
        raise LimitReached("TOO_MANY_PLAYLISTS", f"there are {MAX_PLAYLISTS} playlists already")
    entries = entries_of(new.song_ids, now)
    made = Playlist(secrets.token_urlsafe(ID_BYTES), new.title, entries, 1, now, now, len(entries))
    row = _content(made) | {
        "id": made.id,
        "owner": new.owner,
        "request_id": new.request_id or None,
        "created_at": to_micros(now),
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        # The same request, made twice at once: the other one was quicker. A plain read would not
        # see it, as the transaction has begun before.
        known = _of_request(connection, select(table).with_for_update(), new)
        if known is None:
            raise
        return known
    return made


def _of_request(connection: Connection, rows: Select[Any], new: NewPlaylist) -> Playlist | None:
    mine = (table.c.owner == new.owner) & (table.c.request_id == new.request_id)
    row = connection.execute(rows.where(mine)).one_or_none()
    return _playlist(row, _entries(row)) if row else None


def _get(connection: Connection, key: PlaylistKey) -> Playlist:
    return _found(connection, key, select(table))


def _change(
    connection: Connection,
    key: PlaylistKey,
    change: Callable[[Playlist], Playlist],
    now: datetime,
) -> Playlist:
    before = _found(connection, key, select(table).with_for_update())
    after = change(before)
    if after == before:
        return before
    after = after.changed(now)
    connection.execute(update(table).where(table.c.id == key.id).values(_content(after)))
    return after


def _delete(connection: Connection, key: PlaylistKey) -> None:
    _found(connection, key, select(table).with_for_update())
    connection.execute(delete(table).where(table.c.id == key.id))


def _found(connection: Connection, key: PlaylistKey, rows: Select[Any]) -> Playlist:
    """Return the owner's playlist; raise NotFound, or Changed when it is not of the key's etag."""
    mine = (table.c.id == key.id) & (table.c.owner == key.owner)
    row = connection.execute(rows.where(mine)).one_or_none()
    if row is None:
        raise NotFound("playlist", key.id)
    found = _playlist(row, _entries(row))
    if key.etag and key.etag != found.etag:
        raise Changed("playlist", key.id)
    return found


def _listed(owner: str, limit: int, after: Sequence[object]) -> Select[Any]:
    """Return the statement for a page and one row more, which tells whether there is another."""
    place = (table.c.updated_at, table.c.id)
    rows = select(*(column for column in table.c if column is not table.c.songs))
    rows = rows.where(table.c.owner == owner)
    if after:
        rows = rows.where(tuple_(*place) < tuple_(*after))
    return rows.order_by(*(column.desc() for column in place)).limit(limit + 1)


def _content(playlist: Playlist) -> dict[str, object]:
    songs = [[entry.song_id, to_micros(entry.added)] for entry in playlist.entries]
    return {
        "title": playlist.title,
        "songs": json.dumps(songs, separators=(",", ":")),
        "song_count": playlist.song_count,
        "revision": playlist.revision,
        "updated_at": to_micros(playlist.updated),
    }


def _playlist(row: Row[Any], entries: tuple[Entry, ...]) -> Playlist:
    return Playlist(
        id=row.id,
        title=row.title,
        entries=entries,
        revision=row.revision,
        created=from_micros(row.created_at),
        updated=from_micros(row.updated_at),
        song_count=row.song_count,
    )


def _entries(row: Row[Any]) -> tuple[Entry, ...]:
    return tuple(Entry(song_id, from_micros(added)) for song_id, added in json.loads(row.songs))
