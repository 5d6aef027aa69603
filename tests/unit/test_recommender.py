"""What a recommendation is, whatever ranks it and knows the songs."""

from dataclasses import replace

import pytest

from fakes import FakeCatalog, FakeEngine, FakeEvents
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import (
    DeadlineExceeded,
    EngineUnavailable,
    InvalidRequest,
    NotFound,
    Violation,
)
from segue_server.domain.event import Opinions
from segue_server.domain.model import (
    Degradation,
    Filter,
    RankQuery,
    Recommendations,
    RecommendRequest,
    Source,
    View,
)
from segue_server.domain.ports import Described, Engine
from segue_server.domain.recommender import Recommender
from segue_server.domain.route import Route
from segue_server.domain.traffic import Lineup, Traffic
from segue_server.engines.fallback import FallbackEngine

QUERY = RankQuery(songs=(5, 15), k=3)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def substitute() -> FakeEngine:
    return FakeEngine("substitute")


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def events() -> FakeEvents:
    return FakeEvents()


@pytest.fixture
def recommender(
    engine: FakeEngine, substitute: FakeEngine, catalog: FakeCatalog, events: FakeEvents
) -> Recommender:
    return over(FallbackEngine("main", engine, substitute), engine, catalog, events)


def over(
    engine: Engine, described: Described, catalog: FakeCatalog, events: FakeEvents | None = None
) -> Recommender:
    traffic = Traffic(Lineup({"main": Route(engine, described)}, "main"))
    return Recommender(traffic, catalog, events or FakeEvents())


def soon() -> Deadline:
    return Deadline.after(5)


async def test_songs_come_in_ranked_order_with_their_details(recommender: Recommender) -> None:
    answer = await recommender.recommend(RecommendRequest(QUERY), soon())
    assert [(item.song_id, item.song and item.song.title) for item in answer.items] == [
        (100, "Title 100"),
        (99, "Title 99"),
        (98, "Title 98"),
    ]
    assert (answer.engine, answer.version, answer.degraded) == ("fake", "7", ())


async def test_all_songs_are_read_at_once_with_those_named_as_reasons(
    recommender: Recommender, catalog: FakeCatalog
) -> None:
    request = RecommendRequest(replace(QUERY, explain=True))
    answer = await recommender.recommend(request, soon())
    assert catalog.reads == [{100, 99, 98, 5, 15}]
    assert [(r.song_id, r.title, r.contribution) for r in answer.items[0].reasons] == [
        (5, "Title 5", 1.0),
        (15, "Title 15", 1.0),
    ]


async def test_ids_only_asks_no_catalog(recommender: Recommender, catalog: FakeCatalog) -> None:
    catalog.down = True
    answer = await recommender.recommend(RecommendRequest(QUERY, view=View.IDS_ONLY), soon())
    assert (len(answer.items), catalog.reads, answer.degraded) == (3, [], ())


async def test_a_catalog_that_is_down_leaves_ids_and_scores_and_is_told(
    recommender: Recommender, catalog: FakeCatalog
) -> None:
    catalog.down = True
    answer = await recommender.recommend(RecommendRequest(QUERY), soon())
    assert [(item.song_id, item.song, item.score) for item in answer.items] == [
        (100, None, 2.0),
        (99, None, 2.0),
        (98, None, 2.0),
    ]
    assert answer.degraded == (Degradation.CATALOG_UNAVAILABLE,)


async def test_a_song_that_the_catalog_lacks_is_returned_by_its_id_and_told(
    engine: FakeEngine, catalog: FakeCatalog
) -> None:
    partial = FakeCatalog({song: catalog.known[song] for song in range(1, 100)})
    answer = await over(engine, engine, partial).recommend(RecommendRequest(QUERY), soon())
    assert [item.song is None for item in answer.items] == [True, False, False]
    assert answer.degraded == (Degradation.CATALOG_INCOMPLETE,)


@pytest.mark.parametrize("trouble", ["down", "hangs"])
async def test_a_model_that_does_not_answer_is_replaced_and_told(
    recommender: Recommender, engine: FakeEngine, trouble: str
) -> None:
    setattr(engine, trouble, True)
    answer = await recommender.recommend(RecommendRequest(QUERY), Deadline.after(1))
    assert answer.engine == "substitute"
    assert answer.degraded == (Degradation.MODEL_UNAVAILABLE,)


async def test_a_question_without_substitute_fails_when_the_model_is_down(
    recommender: Recommender, engine: FakeEngine, substitute: FakeEngine
) -> None:
    engine.down = True
    with pytest.raises(EngineUnavailable):
        await recommender.recommend(RecommendRequest(replace(QUERY, substitute=False)), soon())
    assert substitute.queries == []


async def test_a_model_that_is_down_and_a_catalog_that_hangs_are_both_unavailable(
    recommender: Recommender, engine: FakeEngine, substitute: FakeEngine
) -> None:
    engine.down = substitute.hangs = True
    with pytest.raises(EngineUnavailable):
        await recommender.recommend(RecommendRequest(QUERY), Deadline.after(0.2))


async def test_nothing_is_left_to_fall_back_on(
    recommender: Recommender, engine: FakeEngine, substitute: FakeEngine
) -> None:
    engine.down = substitute.down = True
    with pytest.raises(EngineUnavailable, match="neither model nor catalog"):
        await recommender.recommend(RecommendRequest(QUERY), soon())


async def test_a_deadline_that_passes_is_told_as_one(
    recommender: Recommender, engine: FakeEngine, substitute: FakeEngine
) -> None:
    engine.hangs = substitute.hangs = True
    with pytest.raises(DeadlineExceeded):
        await recommender.recommend(RecommendRequest(QUERY), Deadline.after(0.1))


async def test_an_unknown_song_has_nothing_similar(recommender: Recommender) -> None:
    query = RankQuery(songs=(5000,), k=3, substitute=False)
    with pytest.raises(NotFound, match="song '5000'"):
        await recommender.recommend(RecommendRequest(query), soon())


async def test_popular_songs_are_not_similar_ones(catalog: FakeCatalog) -> None:
    popular = FakeEngine(source=Source.POPULAR)
    query = RankQuery(songs=(5,), k=3, substitute=False)
    with pytest.raises(InvalidRequest, match="engine"):
        await over(popular, popular, catalog).recommend(RecommendRequest(query), soon())


async def test_an_unknown_engine_is_named(recommender: Recommender) -> None:
    with pytest.raises(NotFound, match="engine 'tarot'"):
        await recommender.recommend(RecommendRequest(QUERY, engine="tarot"), soon())


async def test_genres_reach_the_engine_as_the_catalog_spells_them(
    recommender: Recommender, engine: FakeEngine
) -> None:
    query = replace(QUERY, filter=Filter(genres=("ROCK", "jazz")))
    await recommender.recommend(RecommendRequest(query), soon())
    assert engine.queries[0].filter.genres == ("Rock", "Jazz")


async def test_unknown_genres_are_named_one_by_one(recommender: Recommender) -> None:
    query = replace(QUERY, filter=Filter(genres=("rock", "rokc", "jzaz")))
    with pytest.raises(InvalidRequest) as caught:
        await recommender.recommend(RecommendRequest(query), soon())
    assert caught.value.violations == (
        Violation("filter.genres[1]", "'rokc' is not a genre of the catalog"),
        Violation("filter.genres[2]", "'jzaz' is not a genre of the catalog"),
    )


async def test_genres_are_not_checked_while_the_catalog_is_down(
    recommender: Recommender, engine: FakeEngine, catalog: FakeCatalog
) -> None:
    catalog.down = True
    query = replace(QUERY, filter=Filter(genres=("rokc",)))
    answer = await recommender.recommend(RecommendRequest(query), soon())
    assert engine.queries[0].filter.genres == ("rokc",)
    assert answer.degraded == (Degradation.CATALOG_UNAVAILABLE,)
    bare = await recommender.recommend(RecommendRequest(query, view=View.IDS_ONLY), soon())
    assert bare.degraded == (Degradation.CATALOG_UNAVAILABLE,)


async def test_a_batch_has_an_outcome_a_request_and_one_read(
    recommender: Recommender, catalog: FakeCatalog
) -> None:
    requests = [
        RecommendRequest(QUERY),
        RecommendRequest(QUERY, engine="tarot"),
        RecommendRequest(replace(QUERY, excluded_songs=(100, 99))),
    ]
    first, second, third = await recommender.recommend_batch(requests, soon())
    assert isinstance(first, Recommendations)
    assert isinstance(second, NotFound)
    assert isinstance(third, Recommendations)
    assert [item.song_id for item in first.items] == [100, 99, 98]
    assert [item.song_id for item in third.items] == [98, 97, 96]
    assert catalog.reads == [{100, 99, 98, 97, 96}]


def of(owner: str | None, query: RankQuery = QUERY) -> RecommendRequest:
    return RecommendRequest(query, history_of=owner)


async def test_of_the_history_liked_songs_count_and_disliked_ones_are_left_out(
    recommender: Recommender, engine: FakeEngine, events: FakeEvents
) -> None:
    events.told = Opinions(liked=(15, 7, 8, 9), disliked=(5, 100, 3))
    query = replace(QUERY, excluded_songs=(8, 3))
    await recommender.recommend(of("ann", query), soon())
    assert engine.queries[-1] == replace(query, songs=(5, 15, 7, 9), excluded_songs=(8, 3, 100))
    await recommender.recommend(of(None), soon())
    assert engine.queries[-1] == QUERY
    assert events.reads == ["ann"]


async def test_of_too_many_songs_the_given_ones_and_the_latest_liked_ones_count(
    recommender: Recommender, engine: FakeEngine, events: FakeEvents
) -> None:
    events.told = Opinions(liked=tuple(range(2000, 1000, -1)))
    query = replace(QUERY, songs=tuple(range(1, 991)))
    await recommender.recommend(of("ann", query), soon())
    assert engine.queries[-1].songs == (*range(1, 991), *range(2000, 1990, -1))


@pytest.mark.parametrize("trouble", ["down", "hangs"])
async def test_a_history_that_cannot_be_read_is_done_without_and_told(
    recommender: Recommender, engine: FakeEngine, events: FakeEvents, trouble: str
) -> None:
    setattr(events, trouble, True)
    answer = await recommender.recommend(of("ann"), Deadline.after(1))
    assert answer.degraded == (Degradation.HISTORY_UNAVAILABLE,)
    assert engine.queries[-1] == QUERY
    assert len(answer.items) == 3


async def test_a_batch_reads_a_history_once(
    recommender: Recommender, engine: FakeEngine, events: FakeEvents
) -> None:
    events.told = Opinions(liked=(7,))
    await recommender.recommend_batch([of("ann"), of(None), of("ann")], soon())
    assert [query.songs for query in engine.queries] == [(5, 15, 7), (5, 15), (5, 15, 7)]
    assert events.reads == ["ann"]
