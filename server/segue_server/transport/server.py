"""The gRPC server with everything that is on the wire."""

from dataclasses import dataclass

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health

from segue.v1 import catalog_service_pb2_grpc as cgrpc
from segue.v1 import engine_service_pb2_grpc as egrpc
from segue.v1 import event_service_pb2_grpc as vgrpc
from segue.v1 import playlist_service_pb2_grpc as pgrpc
from segue.v1 import recommendation_service_pb2_grpc as rgrpc
from segue_server.domain.attribution import AttributionTokens
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.playlist_keeper import PlaylistKeeper
from segue_server.domain.playlist_stream import PlaylistStream
from segue_server.domain.ports import Catalog, Events
from segue_server.domain.recommender import Recommender
from segue_server.transport import limits
from segue_server.transport.attribution import AnswerTokens
from segue_server.transport.call import CallInterceptor, CallLimits
from segue_server.transport.event_servicer import EventServicer
from segue_server.transport.identity import Identity
from segue_server.transport.playlist_servicer import PlaylistServicer
from segue_server.transport.readiness import SERVICES
from segue_server.transport.reflection import add_reflection
from segue_server.transport.servicers import (
    CatalogServicer,
    EngineServicer,
    RecommendationServicer,
)
from segue_server.transport.watch_servicer import Watchers

OPTIONS = (
    # A taken port is an error, not a second server that gets half of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", limits.MAX_REQUEST_BYTES),
    ("grpc.max_concurrent_streams", limits.MAX_STREAMS_A_CONNECTION),
    # Envoy pings an idle connection every 30 s; without these two it is hung up on.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services are made of."""

    recommender: Recommender
    catalog: Catalog
    directory: EngineDirectory
    keeper: PlaylistKeeper
    events: Events
    stream: PlaylistStream
    identity: Identity
    tokens: AttributionTokens


def make_server(parts: Parts, limit: CallLimits) -> tuple[grpc.aio.Server, health.HealthServicer]:
    """Return a server, not started and without a port, and its health."""
    # gRPC's own limit of calls would refuse health checks too.
    server = grpc.aio.server(interceptors=[CallInterceptor(limit)], options=OPTIONS)
    tokens = AnswerTokens(parts.tokens)
    watchers = Watchers(parts.stream, parts.identity, tokens)
    recommending = RecommendationServicer(parts.recommender, parts.identity, tokens, watchers)
    rgrpc.add_RecommendationServiceServicer_to_server(recommending, server)
    cgrpc.add_CatalogServiceServicer_to_server(CatalogServicer(parts.catalog), server)
    egrpc.add_EngineServiceServicer_to_server(EngineServicer(parts.directory), server)
    keeping = PlaylistServicer(parts.keeper, parts.identity, tokens)
    pgrpc.add_PlaylistServiceServicer_to_server(keeping, server)
    learning = EventServicer(parts.events, parts.identity, parts.tokens)
    vgrpc.add_EventServiceServicer_to_server(learning, server)
    health_servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    add_reflection((*SERVICES, HEALTH), server)
    return server, health_servicer
