"""The use case of watching a playlist: recommend again whenever something has changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import NotFound, SegueError, Unavailable
from segue_server.domain.model import Recommendations, RecommendRequest
from segue_server.domain.playlist import PlaylistKey
from segue_server.domain.playlist_keeper import PlaylistKeeper, ShownPlaylist
from segue_server.domain.watching import Watch, Watching

# Seconds of silence after which a sign of life is given.
BEAT: Final = 15.0
# When a model changes, all watchers want to be ranked for at once; others must have their turn.
AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Update:
    """A playlist and what is recommended for it."""

    shown: ShownPlaylist
    recommendations: Recommendations

    @property
    def token(self) -> str:
        """What tells this update from those before it."""
        found = self.recommendations
        return f"{self.shown.playlist.etag}/{found.engine}/{found.version}"

    def same_as(self, other: "Update | None") -> bool:
        """Whether a caller who has the other one has all of this, but for how long it took."""
        if other is None:
            return False
        mine = replace(self.recommendations, model_time=0.0, catalog_time=0.0)
        its = replace(other.recommendations, model_time=0.0, catalog_time=0.0)
        return self.shown == other.shown and mine == its


class PlaylistStream:
    """Recommends for playlists as long as somebody watches them."""

    def __init__(self, keeper: PlaylistKeeper, watching: Watching, patience: float) -> None:
        """Take who keeps playlists, who looks after them, and the seconds for an update."""
        self._keeper = keeper
        self._watching = watching
        self._patience = patience
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def updates(
        self, key: PlaylistKey, wanted: RecommendRequest, known: str
    ) -> AsyncIterator[Update | SegueError | None]:
        """Yield an update now, unless its token is `known`, and after every change.

        `None` is a sign of life. An error after the first item is yielded; NotFound is the last one
        then, and Unavailable when the server stops. Raises, before the first item: Overloaded, and
        what `PlaylistKeeper.recommend` and `Recommender.recommend` do.
        """
        last = await self._now(key, wanted)
        with self._watching.watch(key.id, last.shown.playlist.revision) as watch:
            yield None if last.token == known else last
            async for item in self._changes(key, wanted, watch, last):
                yield item

    async def _changes(
        self, key: PlaylistKey, wanted: RecommendRequest, watch: Watch, last: Update | None
    ) -> AsyncIterator[Update | SegueError | None]:
        while True:
            if not await watch.changed(BEAT):
                yield None
                continue
            if self._watching.closing:
                yield Unavailable("the server stops; watch again")
                return
            try:
                now = await self._now(key, wanted)
            except NotFound as error:
                yield error
                return
            except SegueError as error:
                if last is not None:  # told once; what comes after it is tried each second
                    yield error
                last, watch.revision = None, NEVER
                continue
            watch.revision = now.shown.playlist.revision
            if not now.same_as(last):
                yield now
            last = now

    async def _now(self, key: PlaylistKey, wanted: RecommendRequest) -> Update:
        async with self._turns:
            deadline = Deadline.after(self._patience)
            changed = await self._keeper.recommend(key, wanted, deadline)
        if isinstance(changed.recommendations, SegueError):
            raise changed.recommendations
        if changed.recommendations is None:
            raise ValueError("wanted: nothing")
        return Update(changed.shown, changed.recommendations)


# No playlist has it: the watch is told at every look.
NEVER: Final = -1
