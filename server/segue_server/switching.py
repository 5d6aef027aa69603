"""Engines put to use and out of use while requests run, as a watched traffic file says.

Kubernetes swaps a mounted file by a link, editors write it in pieces: its content is what is looked
at, once a second, and counts when it was the same twice.
"""

import asyncio
from pathlib import Path

import structlog

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.domain.experiment import Experiment
from segue_server.domain.model import RankQuery
from segue_server.domain.ports import Engine
from segue_server.domain.route import Route
from segue_server.domain.traffic import Lineup, Traffic
from segue_server.engines.fallback import FallbackEngine
from segue_server.engines.opening import OpenEngine, make_ready, open_engine
from segue_server.traffic_settings import TrafficError, TrafficSettings, parse

INTERVAL = 1.0
# How long a new engine may take to rank a song, before traffic goes to it.
PATIENCE = 1.0
PROBE = RankQuery(songs=(), k=1)

log = structlog.get_logger()


class Switchboard:
    """The engines that are connected, by name and model."""

    def __init__(self, model_server: str, substitute: Engine) -> None:
        """Take the address of the default model server, and what stands in for any model."""
        self._model_server = model_server
        self._substitute = substitute
        self._open: dict[tuple[str, str], tuple[Route, OpenEngine]] = {}
        self._retiring: dict[asyncio.Task[None], OpenEngine] = {}

    def lineup(self, settings: TrafficSettings) -> Lineup:
        """Return a lineup; an engine that is connected already goes on with its counts.

        Raises: TrafficError, when a model can be nowhere where it is said to be.
        """
        routes = {name: self._route(name, model) for name, model in settings.engines.items()}
        told = settings.experiment
        experiment = Experiment(told.name, told.arms) if told else None
        return Lineup(routes, settings.default, experiment)

    def keep(self, *lineups: Lineup) -> None:
        """Leave every engine that is in none of the lineups, once no call runs in it."""
        for key, (route, engine) in list(self._open.items()):
            if all(lineup.routes.get(key[0]) is not route for lineup in lineups):
                del self._open[key]
                task = asyncio.create_task(_retire(route, engine))
                self._retiring[task] = engine
                task.add_done_callback(self._retiring.pop)

    async def silent(self, lineup: Lineup, in_use: Lineup) -> list[str]:
        """Return those engines new in a lineup that do not rank: their answers were degraded."""
        new = {
            name: engine
            for (name, _), (route, engine) in self._open.items()
            if lineup.routes.get(name) is route and in_use.routes.get(name) is not route
        }
        ranks = await asyncio.gather(*map(_ranks, new.values()))
        return [name for name, it_does in zip(new, ranks, strict=True) if not it_does]

    async def close(self) -> None:
        """End all connections, and the calls that run in them."""
        engines = [*self._retiring.values(), *(engine for _, engine in self._open.values())]
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*(engine.close() for engine in engines))

    def _route(self, name: str, model: str) -> Route:
        if (name, model) not in self._open:
            try:
                engine = open_engine(name, model, self._model_server)
            except ValueError as error:
                raise TrafficError(f"engines.{name}: {error}") from error
            ranking = FallbackEngine(name, engine.engine, self._substitute)
            route = Route(ranking, engine.described)
            self._open[name, model] = (route, engine)
        return self._open[name, model][0]


async def _ranks(engine: OpenEngine) -> bool:
    try:
        await engine.engine.rank(PROBE, Deadline.after(PATIENCE))
    except (EngineUnavailable, DeadlineExceeded):
        return False
    return True


async def _retire(route: Route, engine: OpenEngine) -> None:
    await route.idle()
    await engine.close()


class TrafficWatch:
    """Puts to use what a traffic file says whenever it says something else."""

    def __init__(self, file: Path, in_use: bytes, traffic: Traffic, board: Switchboard) -> None:
        """Take the file, what it said when the traffic was made, and whose engines those are."""
        self._file = file
        self._in_use = self._seen = in_use
        self._traffic = traffic
        self._board = board
        self._told = ""

    async def watch(self) -> None:
        """Watch until cancelled; a file that is at fault is told once and changes nothing."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                trouble = await self.look()
            except Exception as error:  # whatever it is, the watch must not end
                trouble = f"{type(error).__name__}: {error}"
                if trouble != self._told:
                    log.exception("the traffic file cannot be followed")
            else:
                if trouble and trouble != self._told:
                    log.warning("traffic unchanged", file=str(self._file), error=trouble)
            self._told = trouble

    async def look(self) -> str:
        """Look once; return why what the file says is not put to use, empty when it is."""
        try:
            content = await asyncio.to_thread(self._file.read_bytes)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        settled, self._seen = content == self._seen, content
        if content == self._in_use:
            self._board.keep(self._traffic.lineup)
            return ""
        if not settled:
            return self._told
        try:
            return await self._switch(content, parse(content))
        except TrafficError as error:
            self._board.keep(self._traffic.lineup)
            return str(error)

    async def _switch(self, content: bytes, settings: TrafficSettings) -> str:
        """Use the settings, unless an engine that is new in them does not answer yet."""
        await make_ready(settings.engines.values())
        lineup = self._board.lineup(settings)
        # What was tried before it is not wanted any more.
        self._board.keep(self._traffic.lineup, lineup)
        if silent := await self._board.silent(lineup, self._traffic.lineup):
            return f"no answer yet from {', '.join(silent)}"
        self._traffic.use(lineup)
        self._board.keep(lineup)
        self._in_use = content
        log.info("traffic changed", **settings.model_dump(mode="json"))
        return ""
