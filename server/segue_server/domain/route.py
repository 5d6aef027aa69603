"""An engine in use: what it is asked is counted, and it can be left when nothing runs in it."""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import SegueError
from segue_server.domain.model import Degradation, EngineInfo, Ranking, RankQuery
from segue_server.domain.ports import Described, Engine

# How many of the last rankings the median is of.
REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the requests since the engine was put to use; the median is in seconds."""

    answered: int = 0
    degraded: int = 0
    failed: int = 0
    median_latency: float | None = None


class Route:
    """Ranks by an engine that may hold a substitute, and describes the engine itself."""

    def __init__(
        self,
        engine: Engine,
        described: Described,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine = engine
        self._described = described
        self._clock = clock
        self._answered = self._degraded = self._failed = 0
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)
        self._running = 0
        self._idle = asyncio.Event()

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the engine's ranking; see `Engine.rank`. A call that is cancelled counts not."""
        started = self._clock()
        with self._in_use():
            try:
                ranking = await self._engine.rank(query, deadline)
            except SegueError:
                self._failed += 1
                raise
        if Degradation.MODEL_UNAVAILABLE in ranking.degraded:
            self._degraded += 1
        else:
            self._answered += 1
            self._seconds.append(self._clock() - started)
        return ranking

    async def describe(self, deadline: Deadline) -> EngineInfo:
        """Return what the engine says of itself; see `Described.describe`."""
        with self._in_use():
            return await self._described.describe(deadline)

    async def idle(self) -> None:
        """Return when no call runs in the engine."""
        while self._running:
            self._idle.clear()
            await self._idle.wait()

    def tally(self) -> Tally:
        """Return what came of the requests so far."""
        median = statistics.median(self._seconds) if self._seconds else None
        return Tally(self._answered, self._degraded, self._failed, median)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
