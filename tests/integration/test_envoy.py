"""What callers in JSON get through the real Envoy."""

from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from canned_answers import GENRES
from canned_server import Canned
from envoy_process import Envoy, Reply
from segue.v1.catalog_service_pb2 import (
    BatchGetSongsRequest,
    ListGenresRequest,
    SearchSongsRequest,
)
from segue.v1.recommendation_service_pb2 import (
    DIVERSITY_LOW,
    BatchRecommendSongsRequest,
    FindSimilarSongsRequest,
    RecommendSongsRequest,
)
from segue.v1.song_pb2 import SONG_VIEW_FULL

FILTER = {"genres": ["rock"], "minYear": 1990}


def json_of(reply: Reply) -> Any:  # noqa: ANN401 - JSON is anything
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json"), reply.body
    return reply.json


@pytest.mark.parametrize(
    "query",
    [
        "songs=5|15|1249&k=3",
        "k=3&songs=5|15|1249",
        "songs=5%7C15%7C1249&k=3",
        "songs=5%7c15%7c1249&k=3",
        "songs=5,15,1249&k=3",
        "songs=5%2C15%2c1249&k=3",
        "songs=5|15%7C1249&k=3",
        "songs=5&songs=15&songs=1249&k=3",
        "songs=5|15&k=3&songs=1249",
    ],
)
def test_the_published_address_takes_songs_in_every_spelling(
    envoy: Envoy, server: Canned, query: str
) -> None:
    answer = json_of(envoy.get(f"/recommend?{query}"))
    assert [item["song"]["id"] for item in answer["recommendations"]] == [5, 15, 25]
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(songs=[5, 15, 1249], k=3)


def test_a_separator_in_another_parameter_is_left_alone(envoy: Envoy, server: Canned) -> None:
    json_of(envoy.get("/recommend?engine=a|b,c%7C&songs=5|15&disliked_songs=6"))
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(
        engine="a|b,c|", songs=[5, 15], disliked_songs=[6]
    )
    assert envoy.get("/recommend?songs=5&disliked_songs=6|7").status == 400


def test_only_the_published_address_splits_songs(envoy: Envoy) -> None:
    assert envoy.get("/v1/recommendations?songs=5|15").status == 400


def test_the_published_address_answers_without_parameters(envoy: Envoy, server: Canned) -> None:
    json_of(envoy.get("/recommend"))
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest()


def test_as_many_songs_as_the_contract_allows_fit_in_an_address(
    envoy: Envoy, server: Canned
) -> None:
    songs = range(1_000_000, 1_001_000)
    json_of(envoy.get(f"/recommend?songs={'|'.join(map(str, songs))}"))
    assert list(server.asked(RecommendSongsRequest).songs) == list(songs)


@pytest.mark.parametrize(
    "query",
    [
        "songs=5&filter.genres=rock&filter.min_year=1990&view=SONG_VIEW_FULL",
        "songs=5&filter.genres=rock&filter.minYear=1990&view=song_view_full",
    ],
)
def test_options_go_into_the_address(envoy: Envoy, server: Canned, query: str) -> None:
    json_of(envoy.get(f"/v1/recommendations?{query}"))
    asked = server.asked(RecommendSongsRequest)
    assert (list(asked.filter.genres), asked.filter.min_year) == (["rock"], 1990)
    assert asked.view == SONG_VIEW_FULL
    assert not asked.filter.HasField("max_year")


def test_options_go_into_a_body(envoy: Envoy, server: Canned) -> None:
    json_of(envoy.post("/v1/recommendations", {"songs": [5, 15], "k": 2, "filter": FILTER}))
    asked = server.asked(RecommendSongsRequest)
    assert (list(asked.songs), asked.k, asked.filter.min_year) == ([5, 15], 2, 1990)


def test_visitor_and_diversity_go_into_the_address_and_the_arm_comes_back(
    envoy: Envoy, server: Canned
) -> None:
    answer = json_of(envoy.get("/recommend?songs=5|15&visitor_id=anna&diversity=DIVERSITY_LOW"))
    asked = server.asked(RecommendSongsRequest)
    assert (asked.visitor_id, asked.diversity) == ("anna", DIVERSITY_LOW)
    assert answer["experiment"] == {"name": "try", "arm": "content"}
    assert "experiment" not in json_of(envoy.get("/recommend?songs=5"))


def test_zero_is_written_and_unknown_is_not(envoy: Envoy) -> None:
    answer = json_of(envoy.get("/recommend?songs=5|9001&k=2"))
    known, bare = (item["song"] for item in answer["recommendations"])
    assert known["year"] == 2005
    assert "year" not in bare
    assert bare["genres"] == []
    assert answer["timing"]["catalog"] == "0s"
    assert answer["unknownSongs"] == [9001]
    assert "degraded" not in answer


def test_a_field_of_a_body_that_does_not_exist_is_dropped(envoy: Envoy, server: Canned) -> None:
    json_of(envoy.post("/v1/recommendations", {"songs": [5], "kk": 3}))
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(songs=[5])


def test_a_batch_answers_each_request_in_its_place(envoy: Envoy, server: Canned) -> None:
    requests = [{"songs": [5], "k": 1}, {"engine": "absent"}]
    good, bad = json_of(envoy.post("/v1/recommendations:batch", {"requests": requests}))["outcomes"]
    assert len(good["response"]["recommendations"]) == 1
    assert bad["error"]["code"] == 5
    assert bad["error"]["details"][0]["reason"] == "ENGINE_NOT_FOUND"
    assert len(server.asked(BatchRecommendSongsRequest).requests) == 2


def test_similar_songs_have_the_address_of_their_song(envoy: Envoy, server: Canned) -> None:
    answer = json_of(envoy.get("/v1/songs/5:similar?k=2&max_per_artist=1"))
    assert [item["rank"] for item in answer["recommendations"]] == [1, 2]
    assert server.asked(FindSimilarSongsRequest) == FindSimilarSongsRequest(
        song_id=5, k=2, max_per_artist=1
    )


def test_a_song_has_an_address(envoy: Envoy) -> None:
    song = json_of(envoy.get("/v1/songs/5"))["song"]
    assert (song["title"], song["duration"], song["tempo"]) == ("Hoppípolla", "268s", 81.5)


def test_songs_come_many_at_a_time(envoy: Envoy, server: Canned) -> None:
    answer = json_of(envoy.get("/v1/songs:batchGet?song_ids=5&song_ids=77&songIds=15"))
    assert [song["id"] for song in answer["songs"]] == [5, 15]
    assert answer["unknownSongs"] == [77]
    assert list(server.asked(BatchGetSongsRequest).song_ids) == [5, 77, 15]


@pytest.mark.parametrize("quoted", [quote("sigur rós"), quote_plus("sigur rós")])
def test_a_search_takes_spaces_and_accents(envoy: Envoy, server: Canned, quoted: str) -> None:
    answer = json_of(envoy.get(f"/v1/songs:search?query={quoted}&page_size=1"))
    assert [song["artist"] for song in answer["songs"]] == ["Sigur Rós"]
    assert answer["nextPageToken"] == "1"
    assert server.asked(SearchSongsRequest) == SearchSongsRequest(query="sigur rós", page_size=1)


def test_genres_come_in_pages(envoy: Envoy, server: Canned) -> None:
    answer = json_of(envoy.get("/v1/genres?page_token=2"))
    assert answer == {
        "genres": [{"id": 3, "name": GENRES[2].name, "songCount": 30}],
        "nextPageToken": "",
    }
    assert server.asked(ListGenresRequest) == ListGenresRequest(page_token="2")


def test_engines_are_listed_and_found_by_name(envoy: Envoy) -> None:
    content, down = json_of(envoy.get("/v1/engines"))["engines"]
    assert (content["default"], content["explains"]) == (True, True)
    assert (down["default"], down["state"]) == (False, "ENGINE_STATE_UNAVAILABLE")
    assert "version" not in down
    assert json_of(envoy.get("/v1/engines/content"))["engine"] == content


def test_a_path_with_doubled_slashes_and_dots_is_the_path_it_means(envoy: Envoy) -> None:
    assert json_of(envoy.get("//v1/./nothing/../genres"))["nextPageToken"] == "2"
