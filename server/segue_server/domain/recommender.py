"""The use case: read the history, rank, read the songs once, join."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from segue_server.domain import history
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import (
    CatalogUnavailable,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    SegueError,
    Violation,
)
from segue_server.domain.experiment import Arm
from segue_server.domain.model import (
    Degradation,
    Filter,
    Ranking,
    RankQuery,
    Reason,
    Recommendation,
    Recommendations,
    RecommendRequest,
    Song,
    Source,
    View,
)
from segue_server.domain.ports import Catalog, Events
from segue_server.domain.traffic import Traffic

# A catalog that hangs must leave time to answer without it.
CATALOG_SHARE_OF_TIME = 0.8


class Recommender:
    """Recommends songs by the engines that the traffic goes to."""

    def __init__(
        self,
        traffic: Traffic,
        catalog: Catalog,
        events: Events,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._traffic = traffic
        self._catalog = catalog
        self._events = events
        self._clock = clock

    async def recommend(self, request: RecommendRequest, deadline: Deadline) -> Recommendations:
        """Return the recommendations asked for.

        Raises: InvalidRequest, NotFound, Unavailable, DeadlineExceeded.
        """
        told = await history.read(self._events, [request], deadline)
        ranked = await self._rank(request, told, deadline)
        return _join(ranked, await self._read([ranked], deadline))

    async def recommend_batch(
        self, requests: Sequence[RecommendRequest], deadline: Deadline
    ) -> list[Recommendations | SegueError]:
        """Return an outcome a request, in order; the songs of all are read at once."""
        told = await history.read(self._events, requests, deadline)
        outcomes = await asyncio.gather(*(self._rank_or_error(r, told, deadline) for r in requests))
        ranked = [outcome for outcome in outcomes if isinstance(outcome, _Ranked)]
        read = await self._read(ranked, deadline)
        answers: list[Recommendations | SegueError] = []
        for outcome in outcomes:
            # A batch of large answers must leave other calls, and the deadline, their turn.
            await asyncio.sleep(0)
            answers.append(_join(outcome, read) if isinstance(outcome, _Ranked) else outcome)
        return answers

    async def _rank_or_error(
        self, request: RecommendRequest, told: history.Told, deadline: Deadline
    ) -> "_Ranked | SegueError":
        try:
            return await self._rank(request, told, deadline)
        except SegueError as error:
            return error

    async def _rank(
        self, request: RecommendRequest, told: history.Told, deadline: Deadline
    ) -> "_Ranked":
        filter_, degraded = await self._known_genres(request.query.filter, deadline)
        query, missing = _with_history(request, told)
        query = replace(query, filter=filter_)
        # Chosen at the last moment: an engine may leave once no call runs in it.
        choice = self._traffic.choose(request)
        started = self._clock()
        ranking = await choice.route.rank(query, deadline)
        if not query.substitute:
            _must_be_personal(choice.name, ranking)
        ranking = replace(
            ranking,
            degraded=(*ranking.degraded, *degraded, *missing),
            unknown_songs=_asked_about(ranking.unknown_songs, request),
        )
        return _Ranked(request, ranking, self._clock() - started, choice.arm)

    async def _known_genres(
        self, wanted: Filter, deadline: Deadline
    ) -> tuple[Filter, tuple[Degradation, ...]]:
        """Return the filter with the genres' names as the catalog spells them.

        While the catalog is down they stay as they are, which the answer must tell.
        """
        if not wanted.genres:
            return wanted, ()
        try:
            names = await self._catalog.genre_names(
                {genre.casefold() for genre in wanted.genres}, deadline.share(CATALOG_SHARE_OF_TIME)
            )
        except (CatalogUnavailable, DeadlineExceeded):
            return wanted, (Degradation.CATALOG_UNAVAILABLE,)
        unknown = [
            Violation(f"filter.genres[{at}]", f"{genre!r} is not a genre of the catalog")
            for at, genre in enumerate(wanted.genres)
            if genre.casefold() not in names
        ]
        if unknown:
            raise InvalidRequest(*unknown)
        spelled = tuple(names[genre.casefold()] for genre in wanted.genres)
        return replace(wanted, genres=spelled), ()

    async def _read(self, ranked: Sequence["_Ranked"], deadline: Deadline) -> "_Read":
        """Return all songs that the answers need, by one read; none when the catalog is down."""
        wanted = {song for one in ranked for song in one.songs_to_read()}
        if not wanted:
            return _Read({})
        started = self._clock()
        try:
            songs = await self._catalog.songs(wanted, deadline.share(CATALOG_SHARE_OF_TIME))
        except (CatalogUnavailable, DeadlineExceeded):
            return _Read({}, self._clock() - started, down=True)
        return _Read(songs, self._clock() - started)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A request with its ranking, the seconds it took, and the experiment's arm that it is of."""

    request: RecommendRequest
    ranking: Ranking
    seconds: float
    arm: Arm | None

    def songs_to_read(self) -> set[int]:
        """Return the ids of the songs that the answer shows or names as reasons."""
        if self.request.view is View.IDS_ONLY:
            return set()
        shown = {song.id for song in self.ranking.songs}
        return shown | {part.song_id for s in self.ranking.songs for part in s.contributions}


@dataclass(frozen=True, slots=True)
class _Read:
    """What the catalog answered, and the seconds it took."""

    songs: Mapping[int, Song]
    seconds: float = 0.0
    down: bool = False


def _with_history(
    request: RecommendRequest, told: history.Told
) -> tuple[RankQuery, tuple[Degradation, ...]]:
    """Return the query with the listener's opinions; as it is while they cannot be read."""
    if request.history_of is None:
        return request.query, ()
    opinions = told[request.history_of]
    if opinions is None:
        return request.query, (Degradation.HISTORY_UNAVAILABLE,)
    return history.with_opinions(request.query, opinions), ()


def _asked_about(unknown: Sequence[int], request: RecommendRequest) -> tuple[int, ...]:
    """Return the unknown songs that the caller has named; of those of the history it knows none."""
    given = set(request.query.songs)
    return tuple(song for song in unknown if song in given)


def _must_be_personal(name: str, ranking: Ranking) -> None:
    """Raise when the answer is not about the songs asked about."""
    if ranking.unknown_songs:
        raise NotFound("song", str(ranking.unknown_songs[0]))
    if any(song.source is Source.POPULAR for song in ranking.songs):
        raise InvalidRequest(Violation("engine", f"{name!r} knows popular songs, not similar ones"))


def _join(ranked: _Ranked, read: _Read) -> Recommendations:
    ranking = ranked.ranking
    items = tuple(
        Recommendation(
            song_id=song.id,
            song=read.songs.get(song.id),
            score=song.score,
            source=song.source,
            reasons=tuple(
                Reason(part.song_id, _title(read.songs.get(part.song_id)), part.value)
                for part in song.contributions
            ),
            remaining=song.remaining,
        )
        for song in ranking.songs
    )
    return Recommendations(
        items=items,
        engine=ranking.engine,
        version=ranking.version,
        unknown_songs=ranking.unknown_songs,
        degraded=tuple(
            dict.fromkeys((*ranking.degraded, *_catalog_degradation(ranked, read, items)))
        ),
        model_time=ranked.seconds,
        catalog_time=read.seconds,
        arm=ranked.arm,
    )


def _title(song: Song | None) -> str | None:
    return song.title if song else None


def _catalog_degradation(
    ranked: _Ranked, read: _Read, items: tuple[Recommendation, ...]
) -> tuple[Degradation, ...]:
    if ranked.request.view is View.IDS_ONLY or not items:
        return ()
    if read.down:
        return (Degradation.CATALOG_UNAVAILABLE,)
    if any(item.song is None for item in items):
        return (Degradation.CATALOG_INCOMPLETE,)
    return ()
