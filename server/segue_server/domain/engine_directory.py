"""Which engines there are, and what each says of itself."""

import asyncio
from collections.abc import Mapping

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable, NotFound
from segue_server.domain.model import ListedEngine
from segue_server.domain.ports import Described

# An engine that does not answer must not take the whole deadline of the listing.
SHARE_OF_TIME = 0.8


class EngineDirectory:
    """The engines by name, one of them the default."""

    def __init__(self, engines: Mapping[str, Described], default: str) -> None:
        self._engines = engines
        self._default = default

    async def all(self, deadline: Deadline) -> tuple[ListedEngine, ...]:
        """Return every engine, the default first, the others by name."""
        names = sorted(self._engines, key=lambda name: (name != self._default, name))
        return tuple(await asyncio.gather(*(self.one(name, deadline) for name in names)))

    async def one(self, name: str, deadline: Deadline) -> ListedEngine:
        """Return the engine of a name; without `info` when it does not answer.

        Raises: NotFound, DeadlineExceeded.
        """
        if name not in self._engines:
            raise NotFound("engine", name)
        try:
            info = await self._engines[name].describe(deadline.share(SHARE_OF_TIME))
        except (EngineUnavailable, DeadlineExceeded):
            info = None
        return ListedEngine(name, name == self._default, info)
