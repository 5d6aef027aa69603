"""Which engines there are, what each says of itself, and what it is asked."""

import asyncio
from dataclasses import dataclass

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable, NotFound
from segue_server.domain.model import EngineInfo
from segue_server.domain.route import Route, Tally
from segue_server.domain.traffic import Lineup, Traffic

# An engine that does not answer must not take the whole deadline of the listing.
SHARE_OF_TIME = 0.8


@dataclass(frozen=True, slots=True)
class ListedEngine:
    """An engine by its name; `info` is `None` while it cannot rank.

    `share` is its part, 0 to 1, of the requests that name no engine.
    """

    name: str
    default: bool
    info: EngineInfo | None
    share: float
    tally: Tally


class EngineDirectory:
    """The engines in use by name, one of them the default."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    async def all(self, deadline: Deadline) -> tuple[ListedEngine, ...]:
        """Return every engine, the default first, the others by name."""
        lineup = self._traffic.lineup
        names = sorted(lineup.routes, key=lambda name: (name != lineup.default, name))
        return tuple(await asyncio.gather(*(_listed(lineup, name, deadline) for name in names)))

    async def one(self, name: str, deadline: Deadline) -> ListedEngine:
        """Return the engine of a name; without `info` when it does not answer.

        Raises: NotFound, DeadlineExceeded.
        """
        lineup = self._traffic.lineup
        if name not in lineup.routes:
            raise NotFound("engine", name)
        return await _listed(lineup, name, deadline)


async def _listed(lineup: Lineup, name: str, deadline: Deadline) -> ListedEngine:
    route = lineup.routes[name]
    info = await said(route, deadline.share(SHARE_OF_TIME))
    return ListedEngine(name, name == lineup.default, info, lineup.share(name), route.tally())


async def said(route: Route, deadline: Deadline) -> EngineInfo | None:
    """Return what the engine says of itself; `None` when it does not answer by the deadline."""
    try:
        return await route.describe(deadline)
    except (EngineUnavailable, DeadlineExceeded):
        return None
