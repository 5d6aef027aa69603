"""Health that tells readiness apart from liveness.

The service name "liveness" is SERVING as long as the process answers at all. Each service of the
contract, and "" for the whole, is SERVING while it can answer: recommendations as long as model or
catalog is up, the catalog's own calls as long as the catalog is, playlists and events as long as
their database is.
"""

import asyncio

import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health

from segue_server.domain.deadline import Deadline
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.errors import SegueError
from segue_server.domain.ports import Catalog, Playlists

LIVENESS = "liveness"
WHOLE = ""
RECOMMENDATIONS = "segue.v1.RecommendationService"
CATALOG = "segue.v1.CatalogService"
ENGINES = "segue.v1.EngineService"
PLAYLISTS = "segue.v1.PlaylistService"
EVENTS = "segue.v1.EventService"
SERVICES = (RECOMMENDATIONS, CATALOG, ENGINES, PLAYLISTS, EVENTS)

PARTS = ("model", "catalog", "activity")
INTERVAL = 1.0
PATIENCE = 1.0

log = structlog.get_logger()


class Readiness:
    """Looks at the parts every second and sets the health of each service."""

    def __init__(
        self,
        servicer: health.HealthServicer,
        engines: EngineDirectory,
        catalog: Catalog,
        playlists: Playlists,
    ) -> None:
        self._servicer = servicer
        self._engines = engines
        self._catalog = catalog
        self._playlists = playlists
        self._last: dict[str, str | None] = dict.fromkeys(PARTS, "not asked yet")

    async def begin(self) -> None:
        """Say that the process lives and that nothing is known of its parts yet."""
        for service in (WHOLE, *SERVICES):
            await self._set(service, up=False)
        for service in (LIVENESS, ENGINES):
            await self._set(service, up=True)

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # whatever it is, health must not freeze
                log.exception("readiness cannot be told")
                for service in (WHOLE, RECOMMENDATIONS, CATALOG, PLAYLISTS, EVENTS):
                    await self._set(service, up=False)
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Ask each part once, and set what follows; log what changed."""
        model, catalog, activity = await asyncio.gather(
            self._model_trouble(), _trouble(self._catalog), _trouble(self._playlists)
        )
        told = dict(zip(PARTS, (model, catalog, activity), strict=True))
        for part, now in told.items():
            before = self._last[part]
            if before is not None and now is None:
                log.info("part is up", part=part)
            elif now is not None and now != before:
                log.warning("part is down", part=part, error=now)
        self._last = told
        await self._set(CATALOG, up=catalog is None)
        for service in (PLAYLISTS, EVENTS):
            await self._set(service, up=activity is None)
        for service in (WHOLE, RECOMMENDATIONS):
            await self._set(service, up=model is None or catalog is None)

    async def _model_trouble(self) -> str | None:
        engines = await self._engines.all(Deadline.after(PATIENCE))
        silent = [engine.name for engine in engines if engine.info is None]
        return f"no answer from {', '.join(silent)}" if len(silent) == len(engines) else None

    async def _set(self, service: str, *, up: bool) -> None:
        status = health_pb2.HealthCheckResponse
        await self._servicer.set(service, status.SERVING if up else status.NOT_SERVING)


async def _trouble(part: Catalog | Playlists) -> str | None:
    try:
        await part.ping(Deadline.after(PATIENCE))
    except SegueError as error:
        return str(error)
    return None
