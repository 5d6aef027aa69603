"""The real gRPC server in this process, over an engine and a catalog that a test sets."""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import grpc.aio

from fakes import FakeCatalog, FakeEngine
from segue.v1 import catalog_service_pb2_grpc as cgrpc
from segue.v1 import event_service_pb2_grpc as egrpc
from segue.v1 import playlist_service_pb2_grpc as pgrpc
from segue.v1 import recommendation_service_pb2_grpc as rgrpc
from segue_server.activity.open import open_activity
from segue_server.domain.attribution import AttributionTokens
from segue_server.domain.deadline import Deadline
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.playlist_keeper import PlaylistKeeper
from segue_server.domain.playlist_stream import PlaylistStream
from segue_server.domain.recommender import Recommender
from segue_server.domain.route import Route
from segue_server.domain.traffic import Lineup, Traffic
from segue_server.domain.watching import Watching
from segue_server.engines.fallback import FallbackEngine
from segue_server.transport.call import CallLimits
from segue_server.transport.identity import Identity
from segue_server.transport.readiness import Readiness
from segue_server.transport.server import Parts, make_server

DEFAULT_DEADLINE = 0.5
WATCHERS = 5
TOKEN_KEY = b"a key for tests"
USER_HEADER = "x-user"
NOWHERE = "sqlite:////nowhere/activity.db"


@dataclass
class Served:
    channel: grpc.aio.Channel
    engine: FakeEngine
    substitute: FakeEngine
    catalog: FakeCatalog
    readiness: Readiness
    traffic: Traffic
    watching: Watching

    @property
    def recommendations(self) -> "rgrpc.RecommendationServiceAsyncStub":
        return rgrpc.RecommendationServiceStub(self.channel)

    @property
    def playlists(self) -> "pgrpc.PlaylistServiceAsyncStub":
        return pgrpc.PlaylistServiceStub(self.channel)

    @property
    def events(self) -> "egrpc.EventServiceAsyncStub":
        return egrpc.EventServiceStub(self.channel)

    @property
    def songs(self) -> "cgrpc.CatalogServiceAsyncStub":
        return cgrpc.CatalogServiceStub(self.channel)


@asynccontextmanager
async def serving(
    activity_url: str = NOWHERE, deadline: float = DEFAULT_DEADLINE
) -> AsyncIterator[Served]:
    """Serve; `deadline` is that of calls without one, in seconds."""
    activity = open_activity(activity_url, connections=2, event_connections=2)
    engine, substitute, catalog = FakeEngine(), FakeEngine("substitute"), FakeCatalog()
    other = FakeEngine("other")
    routes = {
        "main": Route(FallbackEngine("main", engine, substitute), engine),
        "other": Route(other, other),
    }
    traffic = Traffic(Lineup(routes, "main"))
    directory = EngineDirectory(traffic)
    limits = CallLimits(deadline, concurrent=20)
    recommender = Recommender(traffic, catalog, activity.events)
    keeper = PlaylistKeeper(activity.playlists, catalog, recommender)

    async def world(deadline: Deadline) -> Hashable:
        engines = await directory.all(deadline)
        return tuple((one.name, one.info and one.info.version) for one in engines)

    watching = Watching(activity.playlists, world, WATCHERS)
    parts = Parts(
        recommender=recommender,
        catalog=catalog,
        directory=directory,
        keeper=keeper,
        events=activity.events,
        stream=PlaylistStream(keeper, watching, deadline),
        identity=Identity(USER_HEADER),
        tokens=AttributionTokens(TOKEN_KEY),
    )
    server, health = make_server(parts, limits)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        readiness = Readiness(health, directory, catalog, activity.playlists)
        await readiness.begin()
        yield Served(channel, engine, substitute, catalog, readiness, traffic, watching)
    await server.stop(None)
    activity.close()
