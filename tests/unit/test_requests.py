"""Every field out of its limits is named, and what is within them arrives whole."""

import pytest
from google.protobuf import json_format

from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1 import song_pb2
from segue_server.domain.errors import InvalidRequest
from segue_server.domain.model import Filter, RankQuery, RecommendRequest, View
from segue_server.transport.requests import recommend_request, similar_request

BAD = [
    ({"songs": [0]}, ["songs[0]"]),
    ({"songs": [1, -5]}, ["songs[1]"]),
    ({"songs": list(range(1, 1002))}, ["songs"]),
    ({"k": -1}, ["k"]),
    ({"filter": {"genres": ["x"] * 21}}, ["filter.genres"]),
    ({"filter": {"genres": ["rock", " "]}}, ["filter.genres[1]"]),
    ({"filter": {"artistIds": [-1]}}, ["filter.artist_ids[0]"]),
    ({"filter": {"artistIds": list(range(1, 102))}}, ["filter.artist_ids"]),
    ({"filter": {"minYear": 0}}, ["filter.min_year"]),
    ({"filter": {"maxYear": 10_000}}, ["filter.max_year"]),
    ({"filter": {"minYear": 2001, "maxYear": 2000}}, ["filter.max_year"]),
    ({"filter": {"minTempo": "NaN"}}, ["filter.min_tempo"]),
    ({"filter": {"minTempo": 0.5}}, ["filter.min_tempo"]),
    ({"filter": {"genres": ["x" * 101]}}, ["filter.genres[0]"]),
    ({"engine": "x" * 101}, ["engine"]),
    ({"songs": [-1] * 1000}, [f"songs[{at}]" for at in range(10)]),
    ({"filter": {"maxTempo": "Infinity"}}, ["filter.max_tempo"]),
    ({"filter": {"minTempo": 120, "maxTempo": 60}}, ["filter.max_tempo"]),
    ({"exclude": {"songIds": [0]}}, ["exclude.song_ids[0]"]),
    ({"exclude": {"songIds": list(range(1, 1002))}}, ["exclude.song_ids"]),
    ({"exclude": {"artistIds": list(range(1, 102))}}, ["exclude.artist_ids"]),
    ({"dislikedSongs": list(range(1, 1002))}, ["disliked_songs"]),
    ({"maxPerArtist": -2}, ["max_per_artist"]),
    ({"view": 17}, ["view"]),
    ({"diversity": 17}, ["diversity"]),
    ({"visitorId": "x" * 129}, ["visitor_id"]),
    ({"songs": [0], "k": -1, "filter": {"maxYear": 0}}, ["songs[0]", "k", "filter.max_year"]),
]


@pytest.mark.parametrize(("fields", "at_fault"), BAD, ids=lambda value: str(value)[:40])
def test_each_field_at_fault_is_named(fields: dict[str, object], at_fault: list[str]) -> None:
    request = json_format.ParseDict(fields, rpb.RecommendSongsRequest())
    with pytest.raises(InvalidRequest) as caught:
        recommend_request(request)
    assert [violation.field for violation in caught.value.violations] == at_fault


def test_a_history_is_its_owner_s_and_counts_only_where_it_is_wanted() -> None:
    wanted = rpb.RecommendSongsRequest(use_history=True)
    assert recommend_request(wanted, "ann").history_of == "ann"
    assert recommend_request(rpb.RecommendSongsRequest(), "ann").history_of is None


def test_an_empty_request_asks_for_ten_popular_songs() -> None:
    assert recommend_request(rpb.RecommendSongsRequest()) == RecommendRequest(RankQuery((), 10))


def test_everything_given_arrives() -> None:
    request = rpb.RecommendSongsRequest(
        songs=[5, 15, 5],
        k=1_000_000_000,
        engine="content",
        filter=rpb.RecommendationFilter(
            genres=["Rock"], artist_ids=[7], min_year=1990, max_tempo=120.5
        ),
        exclude=rpb.RecommendationExclusion(song_ids=[8], artist_ids=[9], seed_artists=True),
        disliked_songs=[8, 10],
        max_per_artist=2,
        explain=True,
        view=song_pb2.SONG_VIEW_FULL,
        diversity=rpb.DIVERSITY_MEDIUM,
        visitor_id="x" * 128,
    )
    assert recommend_request(request) == RecommendRequest(
        RankQuery(
            songs=(5, 15),
            k=100,
            filter=Filter(genres=("Rock",), artist_ids=(7,), min_year=1990, max_tempo=120.5),
            excluded_songs=(8, 10),
            excluded_artists=(9,),
            exclude_seed_artists=True,
            max_per_artist=2,
            diversity=0.4,
            explain=True,
        ),
        engine="content",
        view=View.FULL,
        visitor="x" * 128,
    )


@pytest.mark.parametrize(
    ("level", "weight"),
    [("UNSPECIFIED", 0.0), ("NONE", 0.0), ("LOW", 0.2), ("MEDIUM", 0.4), ("HIGH", 0.6)],
)
def test_a_level_of_diversity_is_the_weight_that_the_contract_states(
    level: str, weight: float
) -> None:
    value = rpb.Diversity.Value(f"DIVERSITY_{level}")
    asked = recommend_request(rpb.RecommendSongsRequest(diversity=value))
    assert asked.query.diversity == weight
    similar = similar_request(rpb.FindSimilarSongsRequest(song_id=5, diversity=value))
    assert similar.query.diversity == weight


def test_similar_songs_have_no_substitute_and_no_experiment() -> None:
    asked = similar_request(rpb.FindSimilarSongsRequest(song_id=5, k=3, engine="content"))
    query = RankQuery((5,), 3, substitute=False)
    assert asked == RecommendRequest(query, "content", visitor=None)


def test_similar_songs_need_an_id() -> None:
    with pytest.raises(InvalidRequest, match="song_id"):
        similar_request(rpb.FindSimilarSongsRequest(k=-1))
