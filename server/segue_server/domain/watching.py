"""Tells those who watch playlists that something has changed: one look a second for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import Overloaded, SegueError, Unavailable
from segue_server.domain.ports import Playlists

INTERVAL: Final = 1.0
# Playlists that are asked about at once.
AT_ONCE: Final = 500

# What all recommendations depend on, whatever the playlist: models and catalog, by their versions.
World = Callable[[Deadline], Awaitable[Hashable]]


class Watch:
    """One who watches; `revision` is what it has seen of the playlist."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Say that something has changed."""
        self._changed.set()

    async def changed(self, seconds: float) -> bool:
        """Return whether something has changed since the last call, by waiting so long for it."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Watching:
    """Looks after all playlists that are watched in this process, by one task.

    Changes that other processes make are seen by the playlists' revisions, within a second or so.
    """

    def __init__(self, playlists: Playlists, world: World, most: int) -> None:
        """Take where playlists are, what else counts, and how many may watch."""
        self._playlists = playlists
        self._world = world
        self._most = most
        self._watches: dict[str, set[Watch]] = {}
        self._count = 0
        self._last: Hashable = None
        self.closing = False

    @contextmanager
    def watch(self, playlist_id: str, revision: int) -> Iterator[Watch]:
        """Have a playlist watched meanwhile. Raises: Overloaded, Unavailable at the end."""
        if self.closing:
            raise Unavailable("the server stops; watch again")
        if self._count >= self._most:
            raise Overloaded("as many playlists are watched as the server takes")
        watch = Watch(revision)
        self._count += 1
        self._watches.setdefault(playlist_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._count -= 1
            self._watches[playlist_id].discard(watch)
            if not self._watches[playlist_id]:
                del self._watches[playlist_id]

    async def run(self, report: Callable[[str], None]) -> None:
        """Look until cancelled; report what cannot be seen, once each time that it is another."""
        before = None
        while True:
            try:
                trouble = await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, watching must go on
                trouble = repr(error)
            if trouble and trouble != before:
                report(trouble)
            before = trouble
            await asyncio.sleep(INTERVAL)

    async def look(self) -> str:
        """Look once and tell whom it concerns; return what could not be seen, empty for nothing."""
        # At the world always: what changes while the first one begins to watch would be missed.
        looks = (self._look_at_playlists(), self._look_at_the_world())
        found = await asyncio.gather(*looks, return_exceptions=True)
        for error in found:
            if error is not None and not isinstance(error, SegueError):
                raise error
        return "; ".join(str(error) for error in found if error is not None)

    def close(self) -> None:
        """Have every watch look up, and find that this is the end."""
        self.closing = True
        self._tell_all()

    async def _look_at_playlists(self) -> None:
        ids, trouble = list(self._watches), None
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            try:
                found = await self._playlists.revisions(some, Deadline.after(INTERVAL))
            except SegueError as error:  # the others must have their turn
                trouble = error
                continue
            for playlist_id in some:
                for watch in self._watches.get(playlist_id, ()):
                    if found.get(playlist_id) != watch.revision:
                        watch.tell()
        if trouble:
            raise trouble

    async def _look_at_the_world(self) -> None:
        now = await self._world(Deadline.after(INTERVAL))
        if self._last is not None and now != self._last:
            self._tell_all()
        self._last = now

    def _tell_all(self) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.tell()
