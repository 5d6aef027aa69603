"""The contract's services: check, call, convert; errors and deadlines are the interceptor's."""

import asyncio
from contextlib import aclosing
from typing import Any

import structlog

from segue.v1 import catalog_service_pb2 as cpb
from segue.v1 import catalog_service_pb2_grpc as cgrpc
from segue.v1 import engine_service_pb2 as epb
from segue.v1 import engine_service_pb2_grpc as egrpc
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1 import recommendation_service_pb2_grpc as rgrpc
from segue_server.domain.engine_directory import EngineDirectory
from segue_server.domain.errors import InvalidRequest, NotFound, SegueError, Violation
from segue_server.domain.model import Recommendations, RecommendRequest, View
from segue_server.domain.ports import Catalog
from segue_server.domain.recommender import Recommender
from segue_server.transport import answers, limits
from segue_server.transport.attribution import AnswerTokens
from segue_server.transport.call import Context, deadline
from segue_server.transport.checks import Checks
from segue_server.transport.engine_answers import engine_message
from segue_server.transport.errors import status_of
from segue_server.transport.identity import Identity
from segue_server.transport.requests import recommend_request, similar_request, song_view
from segue_server.transport.watch_servicer import Messages, Watchers


class RecommendationServicer(rgrpc.RecommendationServiceServicer):
    """Recommends songs."""

    def __init__(
        self,
        recommender: Recommender,
        identity: Identity,
        tokens: AnswerTokens,
        watchers: Watchers,
    ) -> None:
        self._recommender = recommender
        self._identity = identity
        self._tokens = tokens
        self._watchers = watchers

    async def RecommendSongs(
        self,
        request: rpb.RecommendSongsRequest,
        context: Context[rpb.RecommendSongsRequest, rpb.RecommendSongsResponse],
    ) -> rpb.RecommendSongsResponse:
        """Recommend songs to a listener."""
        asked = self._asked(request, context)
        answer = await self._recommender.recommend(asked, deadline())
        _tell_log(asked, answer)
        return answers.recommend_response(answer, asked.view, self._tokens.of(answer))

    async def BatchRecommendSongs(
        self,
        request: rpb.BatchRecommendSongsRequest,
        context: Context[rpb.BatchRecommendSongsRequest, rpb.BatchRecommendSongsResponse],
    ) -> rpb.BatchRecommendSongsResponse:
        """Recommend songs to many listeners; each request has an outcome of its own."""
        if not 1 <= len(request.requests) <= limits.MAX_BATCH:
            raise InvalidRequest(
                Violation("requests", f"{len(request.requests)} requests; 1 to 100 are allowed")
            )
        asked = [self._asked_or_error(one, context) for one in request.requests]
        valid = [one for one in asked if isinstance(one, RecommendRequest)]
        answered = iter(await self._recommender.recommend_batch(valid, deadline()))
        structlog.contextvars.bind_contextvars(requests=len(asked))
        response = rpb.BatchRecommendSongsResponse()
        for one in asked:
            # A batch of large answers must leave other calls, and the deadline, their turn.
            await asyncio.sleep(0)
            if isinstance(one, RecommendRequest):
                response.outcomes.append(self._outcome(next(answered), one.view))
            else:
                response.outcomes.append(rpb.RecommendSongsOutcome(error=status_of(one)))
        return response

    async def FindSimilarSongs(
        self,
        request: rpb.FindSimilarSongsRequest,
        context: Context[rpb.FindSimilarSongsRequest, rpb.FindSimilarSongsResponse],
    ) -> rpb.FindSimilarSongsResponse:
        """Find the songs most similar to one."""
        asked = similar_request(request)
        answer = await self._recommender.recommend(asked, deadline())
        _tell_log(asked, answer)
        return answers.similar_response(answer, asked.view, self._tokens.of(answer))

    async def WatchPlaylistRecommendations(
        self,
        request: rpb.WatchPlaylistRecommendationsRequest,
        context: Context[
            rpb.WatchPlaylistRecommendationsRequest, rpb.WatchPlaylistRecommendationsResponse
        ],
    ) -> Messages:
        """Recommend for a playlist whenever something has changed."""
        async with aclosing(self._watchers.follow(request, context)) as messages:
            async for message in messages:
                yield message

    def _asked(
        self, request: rpb.RecommendSongsRequest, context: Context[Any, Any]
    ) -> RecommendRequest:
        """Return the request; only one that is about a history must tell whose it is."""
        owner = self._identity.owner(context) if request.use_history else None
        return recommend_request(request, owner)

    def _asked_or_error(
        self, request: rpb.RecommendSongsRequest, context: Context[Any, Any]
    ) -> RecommendRequest | SegueError:
        try:
            return self._asked(request, context)
        except SegueError as error:
            return error

    def _outcome(
        self, outcome: Recommendations | SegueError, view: View
    ) -> rpb.RecommendSongsOutcome:
        if isinstance(outcome, SegueError):
            return rpb.RecommendSongsOutcome(error=status_of(outcome))
        response = answers.recommend_response(outcome, view, self._tokens.of(outcome))
        return rpb.RecommendSongsOutcome(response=response)


class CatalogServicer(cgrpc.CatalogServiceServicer):
    """Knows the songs."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def GetSong(
        self,
        request: cpb.GetSongRequest,
        context: Context[cpb.GetSongRequest, cpb.GetSongResponse],
    ) -> cpb.GetSongResponse:
        """Get one song."""
        checks = Checks()
        song_id = checks.id("song_id", request.song_id)
        checks.done()
        songs = await self._catalog.songs([song_id], deadline())
        if song_id not in songs:
            raise NotFound("song", str(song_id))
        return cpb.GetSongResponse(song=answers.song_message(songs[song_id], View.FULL))

    async def BatchGetSongs(
        self,
        request: cpb.BatchGetSongsRequest,
        context: Context[cpb.BatchGetSongsRequest, cpb.BatchGetSongsResponse],
    ) -> cpb.BatchGetSongsResponse:
        """Get many songs."""
        checks = Checks()
        if not request.song_ids:
            checks.fail("song_ids", "no id is given")
        ids = checks.ids("song_ids", request.song_ids, limits.MAX_SONGS)
        view = song_view(checks, request.view)
        checks.done()
        songs = await self._catalog.songs(ids, deadline())
        return cpb.BatchGetSongsResponse(
            songs=[answers.song_message(songs[song], view) for song in ids if song in songs],
            unknown_songs=[song for song in ids if song not in songs],
        )

    async def SearchSongs(
        self,
        request: cpb.SearchSongsRequest,
        context: Context[cpb.SearchSongsRequest, cpb.SearchSongsResponse],
    ) -> cpb.SearchSongsResponse:
        """Search songs by words and prefixes."""
        size = _page_size(request.page_size, limits.DEFAULT_PAGE, limits.MAX_PAGE)
        page = await self._catalog.search(request.query, size, request.page_token, deadline())
        return cpb.SearchSongsResponse(
            songs=[answers.song_message(song, View.BASIC) for song in page.items],
            next_page_token=page.next_token,
        )

    async def ListGenres(
        self,
        request: cpb.ListGenresRequest,
        context: Context[cpb.ListGenresRequest, cpb.ListGenresResponse],
    ) -> cpb.ListGenresResponse:
        """List the genres."""
        size = _page_size(request.page_size, limits.DEFAULT_GENRE_PAGE, limits.MAX_GENRE_PAGE)
        page = await self._catalog.genres(size, request.page_token, deadline())
        return cpb.ListGenresResponse(
            genres=[answers.genre_message(genre) for genre in page.items],
            next_page_token=page.next_token,
        )


class EngineServicer(egrpc.EngineServiceServicer):
    """Knows which engines rank."""

    def __init__(self, directory: EngineDirectory) -> None:
        self._directory = directory

    async def ListEngines(
        self,
        request: epb.ListEnginesRequest,
        context: Context[epb.ListEnginesRequest, epb.ListEnginesResponse],
    ) -> epb.ListEnginesResponse:
        """List all engines."""
        engines = await self._directory.all(deadline())
        return epb.ListEnginesResponse(engines=map(engine_message, engines))

    async def GetEngine(
        self,
        request: epb.GetEngineRequest,
        context: Context[epb.GetEngineRequest, epb.GetEngineResponse],
    ) -> epb.GetEngineResponse:
        """Get one engine."""
        checks = Checks()
        name = checks.name("engine", request.engine)
        checks.done()
        engine = await self._directory.one(name, deadline())
        return epb.GetEngineResponse(engine=engine_message(engine))


def _page_size(value: int, default: int, most: int) -> int:
    checks = Checks()
    size = checks.size("page_size", value, default, most)
    checks.done()
    return size


def _tell_log(asked: RecommendRequest, answer: Recommendations) -> None:
    """Add to the call's log line what ranked and what came of it."""
    structlog.contextvars.bind_contextvars(
        engine=answer.engine,
        version=answer.version,
        listened=len(asked.query.songs),
        recommended=len(answer.items),
        degraded=[reason.value for reason in answer.degraded],
        model_ms=round(answer.model_time * 1000, 2),
        catalog_ms=round(answer.catalog_time * 1000, 2),
        **({"experiment": answer.arm.experiment, "arm": answer.arm.engine} if answer.arm else {}),
    )
