"""A Segue server with answers known beforehand, for the tests of everything in front of one.

What a test wants is asked for by an engine's name: `absent`, `down`, `slow`, `broken`, `huge`,
`degraded` and `popular` behave as they are called; `flaky` fails as often as `failures` says.
`refuse`, a violation as `field: description`, refuses every recommendation.
"""

import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer

from canned_answers import ENGINES, GENRES, SONGS, answer, recommended
from canned_errors import info, not_found, refuse_field, refuse_ids, unavailable
from segue.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    engine_service_pb2,
    engine_service_pb2_grpc,
    recommendation_service_pb2,
    recommendation_service_pb2_grpc,
    song_pb2,
)

AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the server saw it; `time_remaining` is in seconds."""

    method: str
    request: Message
    metadata: dict[str, str]
    time_remaining: float | None


@dataclass(slots=True)
class Canned:
    """A running server: where it listens, what it was asked, what it shall do."""

    target: str = ""
    calls: list[Call] = field(default_factory=list)
    failures: int = 0
    refuse: str = ""
    health: HealthServicer = field(default_factory=HealthServicer)
    connections: set[str] = field(default_factory=set)
    stop: Callable[[], object] = lambda: None

    @property
    def port(self) -> int:
        return int(self.target.rpartition(":")[2])

    @property
    def last(self) -> Call:
        return self.calls[-1]

    def asked(self, kind: type[AnyMessage]) -> AnyMessage:
        """Return the last request, which must be of this kind."""
        request = self.last.request
        assert isinstance(request, kind)
        return request

    def record(self, method: str, request: Message, context: grpc.ServicerContext) -> None:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self.connections.add(context.peer())
        self.calls.append(Call(method, request, metadata, context.time_remaining()))

    def serve(self, serving: bool) -> None:
        """Set what the health service says of the whole server."""
        status = health_pb2.HealthCheckResponse
        self.health.set("", status.SERVING if serving else status.NOT_SERVING)


def misbehave(canned: Canned, engine: str, context: grpc.ServicerContext) -> None:
    """Do what the engine's name says."""
    if engine == "absent":
        not_found(context, "engine", engine)
    elif engine == "down":
        unavailable(context)
    elif engine == "broken":
        context.abort(grpc.StatusCode.INTERNAL, "a bug")
    elif engine == "slow":
        while context.is_active():
            time.sleep(0.01)
    elif engine == "flaky" and canned.failures:
        canned.failures -= 1
        unavailable(context)


@dataclass(slots=True)
class Recommending(recommendation_service_pb2_grpc.RecommendationServiceServicer):
    canned: Canned

    def RecommendSongs(  # noqa: N802 - the contract's name
        self,
        request: recommendation_service_pb2.RecommendSongsRequest,
        context: grpc.ServicerContext,
    ) -> recommendation_service_pb2.RecommendSongsResponse:
        self.canned.record("RecommendSongs", request, context)
        refuse_field(context, self.canned.refuse)
        refuse_ids(context, "songs", request.songs)
        misbehave(self.canned, request.engine, context)
        return answer(request)

    def BatchRecommendSongs(  # noqa: N802 - the contract's name
        self,
        request: recommendation_service_pb2.BatchRecommendSongsRequest,
        context: grpc.ServicerContext,
    ) -> recommendation_service_pb2.BatchRecommendSongsResponse:
        self.canned.record("BatchRecommendSongs", request, context)
        error = status_pb2.Status(code=code_pb2.NOT_FOUND, message="engine 'absent'")
        error.details.add().Pack(info("ENGINE_NOT_FOUND"))
        outcome = recommendation_service_pb2.RecommendSongsOutcome
        return recommendation_service_pb2.BatchRecommendSongsResponse(
            outcomes=[
                outcome(error=error) if one.engine == "absent" else outcome(response=answer(one))
                for one in request.requests
            ]
        )

    def WatchPlaylistRecommendations(  # noqa: N802 - the contract's name
        self,
        request: recommendation_service_pb2.WatchPlaylistRecommendationsRequest,
        context: grpc.ServicerContext,
    ) -> Iterator[recommendation_service_pb2.WatchPlaylistRecommendationsResponse]:
        self.canned.record("WatchPlaylistRecommendations", request, context)
        yield recommendation_service_pb2.WatchPlaylistRecommendationsResponse(
            heartbeat=recommendation_service_pb2.Heartbeat()
        )

    def FindSimilarSongs(  # noqa: N802 - the contract's name
        self,
        request: recommendation_service_pb2.FindSimilarSongsRequest,
        context: grpc.ServicerContext,
    ) -> recommendation_service_pb2.FindSimilarSongsResponse:
        self.canned.record("FindSimilarSongs", request, context)
        misbehave(self.canned, request.engine, context)
        as_list = recommendation_service_pb2.RecommendSongsRequest(k=request.k)
        return recommendation_service_pb2.FindSimilarSongsResponse(
            recommendations=recommended(as_list),
            model=recommendation_service_pb2.ModelVersion(engine="content", version="3"),
        )


@dataclass(slots=True)
class Knowing(catalog_service_pb2_grpc.CatalogServiceServicer):
    canned: Canned

    def GetSong(  # noqa: N802 - the contract's name
        self, request: catalog_service_pb2.GetSongRequest, context: grpc.ServicerContext
    ) -> catalog_service_pb2.GetSongResponse:
        self.canned.record("GetSong", request, context)
        found = {song.id: song for song in SONGS}.get(request.song_id)
        if found is None:
            not_found(context, "song", str(request.song_id))
        full = song_pb2.Song(tempo=81.5, popularity=0.25, msd_track_id="TRAAAAA12903CDBE1C")
        full.duration.FromMilliseconds(268_000)
        full.MergeFrom(found or SONGS[0])
        return catalog_service_pb2.GetSongResponse(song=full)

    def BatchGetSongs(  # noqa: N802 - the contract's name
        self, request: catalog_service_pb2.BatchGetSongsRequest, context: grpc.ServicerContext
    ) -> catalog_service_pb2.BatchGetSongsResponse:
        self.canned.record("BatchGetSongs", request, context)
        refuse_ids(context, "song_ids", request.song_ids)
        known = {song.id: song for song in SONGS}
        return catalog_service_pb2.BatchGetSongsResponse(
            songs=[known[i] for i in request.song_ids if i in known],
            unknown_songs=[i for i in request.song_ids if i not in known],
        )

    def SearchSongs(  # noqa: N802 - the contract's name
        self, request: catalog_service_pb2.SearchSongsRequest, context: grpc.ServicerContext
    ) -> catalog_service_pb2.SearchSongsResponse:
        self.canned.record("SearchSongs", request, context)
        found = [s for s in SONGS if request.query.lower() in f"{s.title} {s.artist}".lower()]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 20)
        return catalog_service_pb2.SearchSongsResponse(
            songs=found[start:end], next_page_token=str(end) if end < len(found) else ""
        )

    def ListGenres(  # noqa: N802 - the contract's name
        self, request: catalog_service_pb2.ListGenresRequest, context: grpc.ServicerContext
    ) -> catalog_service_pb2.ListGenresResponse:
        self.canned.record("ListGenres", request, context)
        start = int(request.page_token or 0)
        end = start + 2
        return catalog_service_pb2.ListGenresResponse(
            genres=GENRES[start:end], next_page_token=str(end) if end < len(GENRES) else ""
        )


@dataclass(slots=True)
class Listing(engine_service_pb2_grpc.EngineServiceServicer):
    canned: Canned

    def ListEngines(  # noqa: N802 - the contract's name
        self, request: engine_service_pb2.ListEnginesRequest, context: grpc.ServicerContext
    ) -> engine_service_pb2.ListEnginesResponse:
        self.canned.record("ListEngines", request, context)
        return engine_service_pb2.ListEnginesResponse(engines=ENGINES)

    def GetEngine(  # noqa: N802 - the contract's name
        self, request: engine_service_pb2.GetEngineRequest, context: grpc.ServicerContext
    ) -> engine_service_pb2.GetEngineResponse:
        self.canned.record("GetEngine", request, context)
        found = {engine.name: engine for engine in ENGINES}.get(request.engine)
        if found is None:
            not_found(context, "engine", request.engine)
        return engine_service_pb2.GetEngineResponse(engine=found)


@contextmanager
def canned_server(port: int = 0) -> Iterator[Canned]:
    """Serve on the loopback; port 0 takes a free one. The server is gone afterwards."""
    canned = Canned()
    with futures.ThreadPoolExecutor(max_workers=8) as threads:
        server = grpc.server(threads, options=[("grpc.so_reuseport", 0)])
        recommendation_service_pb2_grpc.add_RecommendationServiceServicer_to_server(
            Recommending(canned), server
        )
        catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(Knowing(canned), server)
        engine_service_pb2_grpc.add_EngineServiceServicer_to_server(Listing(canned), server)
        health_pb2_grpc.add_HealthServicer_to_server(canned.health, server)
        canned.serve(True)
        canned.target = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
        canned.stop = lambda: server.stop(grace=None).wait()
        server.start()
        try:
            yield canned
        finally:
            canned.stop()
