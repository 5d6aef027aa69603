"""The contract as Python methods, so that a caller need not know gRPC."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self, TypedDict, TypeVar, Unpack

import grpc
from google.protobuf.message import Message

from segue.v1.catalog_service_pb2 import (
    BatchGetSongsRequest,
    BatchGetSongsResponse,
    Genre,
    GetSongRequest,
    ListGenresRequest,
    SearchSongsRequest,
    SearchSongsResponse,
)
from segue.v1.catalog_service_pb2_grpc import CatalogServiceStub
from segue.v1.engine_service_pb2 import Engine, GetEngineRequest, ListEnginesRequest
from segue.v1.engine_service_pb2_grpc import EngineServiceStub
from segue.v1.recommendation_service_pb2 import (
    BatchRecommendSongsRequest,
    Diversity,
    FindSimilarSongsRequest,
    FindSimilarSongsResponse,
    RecommendationExclusion,
    RecommendationFilter,
    RecommendSongsOutcome,
    RecommendSongsRequest,
    RecommendSongsResponse,
)
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from segue.v1.song_pb2 import SONG_VIEW_UNSPECIFIED, Song, SongView
from segue_client.channel import open_channel
from segue_client.errors import translated

VISITOR: Final = "x-visitor-id"

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)


class RecommendOptions(TypedDict, total=False):
    """What else a request for recommendations may say; see `RecommendSongsRequest`."""

    engine: str
    filter: RecommendationFilter
    exclude: RecommendationExclusion
    disliked_songs: Iterable[int]
    max_per_artist: int
    explain: bool
    view: "SongView.ValueType"
    diversity: "Diversity.ValueType"
    visitor_id: str
    use_history: bool


class SimilarOptions(TypedDict, total=False):
    """What else a request for similar songs may say; see `FindSimilarSongsRequest`."""

    engine: str
    filter: RecommendationFilter
    max_per_artist: int
    view: "SongView.ValueType"
    diversity: "Diversity.ValueType"


class Client:
    """A connection to a Segue server, for use by any number of threads.

        with Client("localhost:50051") as segue:
            for found in segue.recommend([5, 15, 1249], k=3).recommendations:
                print(found.song.title)

    Every method fails with a `SegueError`. A call that finds the server unavailable is tried
    three times in all; nothing else is tried again. All tries together take `timeout` seconds at
    the most.
    """

    def __init__(
        self,
        target: str = "localhost:50051",
        *,
        timeout: float = 2.0,
        credentials: grpc.ChannelCredentials | None = None,
        visitor: str = "",
    ) -> None:
        """Connect to `host:port` at the first call; in plain text unless credentials are given.

        `visitor` is whose calls these are, where that matters (`use_history`): 22 to 128 letters,
        digits, `-` and `_`, drawn at random once and kept.
        Raises: ValueError, when the timeout is not a positive number of seconds.
        """
        if not timeout > 0:
            raise ValueError(f"timeout must be above 0 seconds, not {timeout}")
        self._timeout = timeout
        self._metadata = ((VISITOR, visitor),) if visitor else ()
        self._channel = open_channel(target, credentials)
        self._recommendations = RecommendationServiceStub(self._channel)
        self._catalog = CatalogServiceStub(self._channel)
        self._engines = EngineServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls under way fail."""
        self._channel.close()

    def recommend(
        self, songs: Iterable[int], k: int = 0, **options: Unpack[RecommendOptions]
    ) -> RecommendSongsResponse:
        """Return `k` songs (10 when 0) for a listener of `songs`, best first.

        The answer names the songs it did not know, the model, the arm of an experiment where one
        chose it, and whether it is `degraded`.
        Raises: InvalidRequest, NotFound (an engine), Unavailable, DeadlineExceeded.
        """
        request = RecommendSongsRequest(songs=songs, k=k, **options)
        return self._call(self._recommendations.RecommendSongs, request)

    def recommend_batch(
        self, requests: Iterable[RecommendSongsRequest]
    ) -> list[RecommendSongsOutcome]:
        """Return for each request, in order, its `response` or its `error`.

        Raises: InvalidRequest (no request, or more than 100), Unavailable, DeadlineExceeded.
        """
        batch = BatchRecommendSongsRequest(requests=requests)
        return list(self._call(self._recommendations.BatchRecommendSongs, batch).outcomes)

    def similar(
        self, song_id: int, k: int = 0, **options: Unpack[SimilarOptions]
    ) -> FindSimilarSongsResponse:
        """Return the `k` songs (10 when 0) most similar to one song, most similar first.

        Raises: InvalidRequest, NotFound (the song, an engine), Unavailable, DeadlineExceeded.
        """
        request = FindSimilarSongsRequest(song_id=song_id, k=k, **options)
        return self._call(self._recommendations.FindSimilarSongs, request)

    def song(self, song_id: int) -> Song:
        """Return all that is known of a song.

        Raises: InvalidRequest, NotFound, Unavailable, DeadlineExceeded.
        """
        return self._call(self._catalog.GetSong, GetSongRequest(song_id=song_id)).song

    def songs(
        self,
        song_ids: Iterable[int],
        view: "SongView.ValueType" = SONG_VIEW_UNSPECIFIED,
    ) -> BatchGetSongsResponse:
        """Return the songs found, in the order asked for, and the ids of those that were not.

        Raises: InvalidRequest, Unavailable, DeadlineExceeded.
        """
        request = BatchGetSongsRequest(song_ids=song_ids, view=view)
        return self._call(self._catalog.BatchGetSongs, request)

    def search(self, query: str, page_size: int = 0) -> Iterator[Song]:
        """Yield every song found by the words of title, artist and album, page after page.

        A page (20 songs when 0) is asked for when the songs before it are used up, so the errors
        come then. Raises: InvalidRequest, Unavailable, DeadlineExceeded.
        """
        page = self.search_page(query, page_size)
        yield from page.songs
        while page.next_page_token:
            page = self.search_page(query, page_size, page.next_page_token)
            yield from page.songs

    def search_page(
        self, query: str, page_size: int = 0, page_token: str = ""
    ) -> SearchSongsResponse:
        """Return one page of a search, the first without a token.

        Raises: InvalidRequest, Unavailable, DeadlineExceeded.
        """
        request = SearchSongsRequest(query=query, page_size=page_size, page_token=page_token)
        return self._call(self._catalog.SearchSongs, request)

    def genres(self) -> Iterator[Genre]:
        """Yield every genre by name; each page is asked for when it is needed.

        Raises: Unavailable, DeadlineExceeded.
        """
        page = self._call(self._catalog.ListGenres, ListGenresRequest())
        yield from page.genres
        while page.next_page_token:
            request = ListGenresRequest(page_token=page.next_page_token)
            page = self._call(self._catalog.ListGenres, request)
            yield from page.genres

    def engines(self) -> list[Engine]:
        """Return all engines, the default one first.

        Raises: Unavailable, DeadlineExceeded.
        """
        return list(self._call(self._engines.ListEngines, ListEnginesRequest()).engines)

    def engine(self, name: str) -> Engine:
        """Return one engine.

        Raises: NotFound, Unavailable, DeadlineExceeded.
        """
        return self._call(self._engines.GetEngine, GetEngineRequest(engine=name)).engine

    def _call(
        self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request
    ) -> Answer:
        try:
            return method(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise translated(error) from error
