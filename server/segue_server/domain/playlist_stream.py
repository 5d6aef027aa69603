"""The use case of watching a playlist: recommend again whenever something has changed."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import InvalidRequest, NotFound, SegueError, Unavailable
from segue_server.domain.model import Recommendations, RecommendRequest
from segue_server.domain.playlist import PlaylistKey
from segue_server.domain.playlist_keeper import PlaylistKeeper, ShownPlaylist
from segue_server.domain.watching import Watch, Watching

# Seconds of silence after which a sign of life is given.
BEAT: Final = 15.0
# When a model changes, all watchers want to be ranked for at once; others must have their turn.
AT_ONCE: Final = 8
# A revision that no playlist has: who has seen it is told at every look.
NEVER: Final = -1


@dataclass(frozen=True)
class Update:
    """A playlist and what is recommended for it."""

    shown: ShownPlaylist
    recommendations: Recommendations

    @cached_property
    def token(self) -> str:
        """What tells this update from every other: a digest of all but how long it took."""
        found = replace(self.recommendations, model_time=0.0, catalog_time=0.0)
        return hashlib.sha256(repr((self.shown, found)).encode()).hexdigest()


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
    ) -> AsyncGenerator[Update | SegueError | None]:
        """Yield an update now, unless its token is `known`, and after every change.

        `None` is a sign of life. An error after the first item is yielded; NotFound and
        InvalidRequest are the last then, and Unavailable when the server stops. Raises, before the
        first item: Overloaded, and what `PlaylistKeeper.recommend` and `Recommender.recommend` do.
        """
        # Watched from before it is read, so that no change can come between.
        with self._watching.watch(key.id, NEVER) as watch:
            last = await self._now(key, wanted)
            watch.revision = last.shown.playlist.revision
            yield None if last.token == known else last
            async with aclosing(self._changes(key, wanted, watch, last.token)) as changes:
                async for item in changes:
                    yield item

    async def _changes(
        self, key: PlaylistKey, wanted: RecommendRequest, watch: Watch, known: str
    ) -> AsyncGenerator[Update | SegueError | None]:
        while True:
            changed = await watch.changed(BEAT)
            if self._watching.closing:
                yield Unavailable("the server stops; watch again")
                return
            if not changed:
                yield None
                continue
            try:
                now = await self._now(key, wanted)
            except (NotFound, InvalidRequest) as error:  # neither mends itself
                yield error
                return
            except SegueError as error:
                if known:  # told once; what comes after it is tried each second
                    yield error
                known, watch.revision = "", NEVER
                continue
            watch.revision = now.shown.playlist.revision
            if now.token != known:
                yield now
            known = now.token

    async def _now(self, key: PlaylistKey, wanted: RecommendRequest) -> Update:
        async with self._turns:
            deadline = Deadline.after(self._patience)
            changed = await self._keeper.recommend(key, wanted, deadline)
        if isinstance(changed.recommendations, SegueError):
            raise changed.recommendations
        if changed.recommendations is None:
            raise ValueError("wanted: nothing")
        return Update(changed.shown, changed.recommendations)
