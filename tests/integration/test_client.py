"""The client against a real server with known answers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from canned_answers import ENGINES, GENRES, SONGS
from canned_server import Canned, canned_server
from segue.v1.catalog_service_pb2 import BatchGetSongsRequest, SearchSongsRequest
from segue.v1.recommendation_service_pb2 import (
    DIVERSITY_HIGH,
    BatchRecommendSongsRequest,
    FindSimilarSongsRequest,
    RecommendationExclusion,
    RecommendationFilter,
    RecommendSongsRequest,
)
from segue.v1.song_pb2 import SONG_VIEW_FULL
from segue_client import (
    Client,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    Resource,
    SegueError,
    Unavailable,
    Violation,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Canned]:
    with canned_server() as canned:
        yield canned


@pytest.fixture
def server(shared: Canned) -> Canned:
    shared.calls.clear()
    shared.connections.clear()
    shared.failures = 0
    return shared


@pytest.fixture
def client(server: Canned) -> Iterator[Client]:
    with Client(server.target) as client:
        yield client


def test_songs_are_recommended(client: Client, server: Canned) -> None:
    answer = client.recommend([5, 15, 9001], k=3)
    assert [item.song.id for item in answer.recommendations] == [5, 15, 25]
    assert list(answer.unknown_songs) == [9001]
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(songs=[5, 15, 9001], k=3)


def test_every_option_of_the_contract_reaches_the_server(client: Client, server: Canned) -> None:
    options = RecommendSongsRequest(
        songs=[5],
        engine="content",
        filter=RecommendationFilter(genres=["rock"], min_year=1990),
        exclude=RecommendationExclusion(song_ids=[1], seed_artists=True),
        disliked_songs=[2],
        max_per_artist=1,
        explain=True,
        view=SONG_VIEW_FULL,
        diversity=DIVERSITY_HIGH,
        visitor_id="anna",
        use_history=True,
    )
    client.recommend(
        [5],
        engine="content",
        filter=options.filter,
        exclude=options.exclude,
        disliked_songs=[2],
        max_per_artist=1,
        explain=True,
        view=SONG_VIEW_FULL,
        diversity=DIVERSITY_HIGH,
        visitor_id="anna",
        use_history=True,
    )
    assert server.asked(RecommendSongsRequest) == options
    assert {field.name for field in options.DESCRIPTOR.fields} - {"k"} == {
        field.name for field, _ in options.ListFields()
    }, "a field of the contract is missing here"


def test_whose_calls_these_are_is_told_where_it_is_known(client: Client, server: Canned) -> None:
    client.recommend([5])
    assert "x-visitor-id" not in server.last.metadata
    visitor = "anna-" + "7" * 22
    with Client(server.target, visitor=visitor) as anna:
        anna.recommend([5], use_history=True)
    assert server.last.metadata["x-visitor-id"] == visitor


def test_a_batch_answers_in_order(client: Client, server: Canned) -> None:
    requests = [RecommendSongsRequest(k=1), RecommendSongsRequest(engine="absent")]
    good, bad = client.recommend_batch(requests)
    assert len(good.response.recommendations) == 1
    assert bad.error.message == "engine 'absent'"
    assert server.asked(BatchRecommendSongsRequest).requests == requests


def test_similar_songs_are_found(client: Client, server: Canned) -> None:
    answer = client.similar(
        5,
        k=2,
        max_per_artist=1,
        filter=RecommendationFilter(max_year=2000),
        diversity=DIVERSITY_HIGH,
    )
    assert [item.rank for item in answer.recommendations] == [1, 2]
    assert server.asked(FindSimilarSongsRequest) == FindSimilarSongsRequest(
        song_id=5,
        k=2,
        max_per_artist=1,
        filter=RecommendationFilter(max_year=2000),
        diversity=DIVERSITY_HIGH,
    )


def test_a_song_is_told_in_full(client: Client) -> None:
    song = client.song(5)
    assert (song.title, song.tempo) == ("Hoppípolla", 81.5)


def test_songs_are_told_with_those_that_are_unknown(client: Client, server: Canned) -> None:
    answer = client.songs([15, 77, 5], SONG_VIEW_FULL)
    assert [song.id for song in answer.songs] == [15, 5]
    assert list(answer.unknown_songs) == [77]
    assert server.asked(BatchGetSongsRequest).view == SONG_VIEW_FULL


def test_a_search_goes_on_through_all_pages(client: Client, server: Canned) -> None:
    assert [song.id for song in client.search("song", page_size=2)] == [25, 35, 45]
    assert [call.request for call in server.calls] == [
        SearchSongsRequest(query="song", page_size=2),
        SearchSongsRequest(query="song", page_size=2, page_token="2"),
    ]


def test_a_search_asks_for_no_page_that_nobody_reads(client: Client, server: Canned) -> None:
    assert next(client.search("song", page_size=2)).id == 25
    assert len(server.calls) == 1


def test_one_page_of_a_search_has_the_token_of_the_next(client: Client) -> None:
    first = client.search_page("song", page_size=2)
    second = client.search_page("song", page_size=2, page_token=first.next_page_token)
    assert [song.id for song in second.songs] == [45]
    assert second.next_page_token == ""


def test_all_genres_are_listed(client: Client) -> None:
    assert tuple(client.genres()) == GENRES


def test_engines_are_listed_and_found(client: Client) -> None:
    assert client.engines() == list(ENGINES)
    assert client.engine("content") == ENGINES[0]


def test_an_invalid_request_names_its_fields(client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.recommend([5, -1])
    assert caught.value.violations == (Violation("songs[1]", "must be at least 1 — não zero"),)
    assert caught.value.reason == "INVALID_FIELD"
    assert str(caught.value) == "songs: must be at least 1 — não zero"
    assert isinstance(caught.value.__cause__, grpc.RpcError)


@pytest.mark.parametrize(
    ("ask", "resource"),
    [
        (lambda client: client.song(99), Resource("song", "99")),
        (lambda client: client.engine("absent"), Resource("engine", "absent")),
        (lambda client: client.recommend([5], engine="absent"), Resource("engine", "absent")),
    ],
)
def test_what_does_not_exist_is_named(
    client: Client, ask: Callable[[Client], object], resource: Resource
) -> None:
    with pytest.raises(NotFound) as caught:
        ask(client)
    assert caught.value.resource == resource
    assert caught.value.reason == f"{resource.kind.upper()}_NOT_FOUND"
    assert caught.value.metadata == {"name": resource.name}


def test_an_unavailable_server_says_when_to_ask_again(client: Client) -> None:
    with pytest.raises(Unavailable) as caught:
        client.recommend([5], engine="down")
    assert (caught.value.reason, caught.value.retry_after) == ("SERVER_UNAVAILABLE", 1.5)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with canned_server() as gone:
        target = gone.target
    with Client(target) as client, pytest.raises(Unavailable) as caught:
        client.engines()
    assert (caught.value.reason, caught.value.retry_after) == ("UNAVAILABLE", None)


def test_a_server_that_hangs_is_left_at_the_deadline(server: Canned) -> None:
    with Client(server.target, timeout=0.2) as client, pytest.raises(DeadlineExceeded) as caught:
        client.recommend([5], engine="slow")
    assert caught.value.reason == "DEADLINE_EXCEEDED"
    assert len(server.calls) == 1


def test_every_call_has_a_deadline(client: Client, server: Canned) -> None:
    client.recommend([])
    client.recommend_batch([RecommendSongsRequest()])
    client.similar(5)
    client.song(5)
    client.songs([5])
    list(client.search("song"))
    list(client.genres())
    client.engines()
    client.engine("content")
    remaining = [call.time_remaining for call in server.calls]
    assert len({call.method for call in server.calls}) == 9
    assert all(left is not None and 0 < left < 2.5 for left in remaining)


def test_any_other_failure_is_told_as_it_is(client: Client, server: Canned) -> None:
    with pytest.raises(SegueError) as caught:
        client.recommend([5], engine="broken")
    assert type(caught.value) is SegueError
    assert (caught.value.reason, caught.value.message) == ("INTERNAL", "a bug")
    assert len(server.calls) == 1


def test_a_call_is_tried_three_times_when_the_server_is_unavailable(
    client: Client, server: Canned
) -> None:
    server.failures = 2
    assert client.recommend([5], engine="flaky").recommendations
    assert len(server.calls) == 3


def test_a_call_is_tried_no_more_than_three_times(client: Client, server: Canned) -> None:
    server.failures = 3
    with pytest.raises(Unavailable):
        client.recommend([5], engine="flaky")
    assert len(server.calls) == 3


def test_a_server_that_stays_down_is_asked_less(client: Client, server: Canned) -> None:
    server.failures = 1000
    for _ in range(10):
        with pytest.raises(Unavailable):
            client.recommend([5], engine="flaky")
    assert len(server.calls) < 15


def test_one_connection_serves_all_calls_of_all_threads(client: Client, server: Canned) -> None:
    barrier = threading.Barrier(4)

    def ask(song: int) -> int:
        barrier.wait(timeout=5)
        return client.song(song).id

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, [song.id for song in SONGS[:4]])) == [5, 15, 25, 35]
    assert client.engine("content").default
    assert len(server.connections) == 1


def test_a_closed_client_makes_no_calls(server: Canned) -> None:
    with Client(server.target) as client:
        client.engines()
    with pytest.raises(ValueError, match="closed"):
        client.engines()
    assert len(server.calls) == 1


def test_a_client_may_be_given_credentials(server: Canned) -> None:
    credentials = grpc.local_channel_credentials()
    with Client(server.target, credentials=credentials) as client:
        assert client.engine("content").default


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be above 0"):
        Client(timeout=timeout)


def test_an_id_that_is_none_is_refused_before_a_server_is_asked(
    client: Client, server: Canned
) -> None:
    with pytest.raises(ValueError, match="out of range"):
        client.recommend([2**31])
    assert not server.calls
