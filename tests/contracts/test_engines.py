"""The rules that hold for every engine of the server, whatever ranks behind it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import grpc.aio
import numpy as np
import pytest

from engine_oracles import ORACLES
from fakes import FakeEngine
from predict_service import DEPLOYED, predict_service
from ranking_oracle import Oracle, Query
from running_stack import RunningStack
from segue_model.data.dataset import Dataset, read_dataset
from segue_model.engines import ENGINES as MODELS
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.domain.model import MAX_REASONS, Degradation, Filter, RankQuery, Source
from segue_server.domain.ports import Engine
from segue_server.engines.fallback import FallbackEngine
from segue_server.engines.popular import PopularEngine
from segue_server.engines.rest_predict import RestEngine, open_rest_engine
from segue_server.engines.tf_serving import TfServingEngine

UNKNOWN = 999_999


@dataclass(frozen=True)
class Hosts:
    """What engines rank by: `rest` is the model server's address, `vertex` a predict URL."""

    channel: grpc.aio.Channel
    catalog: SqlCatalog
    rest: str
    vertex: str


# Each entry is an engine to hold to the rules; a new one is a line.
ENGINES: dict[str, Callable[[Hosts], Engine]] = {
    **{
        name: partial(lambda hosts, name: TfServingEngine(hosts.channel, name, name), name=name)
        for name in MODELS
    },
    "content over REST": lambda hosts: open_rest_engine(
        "content", f"{hosts.rest}/v1/models/content:predict"
    ),
    "content on Vertex": lambda hosts: open_rest_engine("content", hosts.vertex),
    "catalog-popular": lambda hosts: PopularEngine(hosts.catalog, "catalog-popular"),
    "fallback": lambda hosts: FallbackEngine(
        "down", FakeEngine(down=True), PopularEngine(hosts.catalog, "catalog-popular")
    ),
}
QUERIES = {
    "plain": RankQuery((5, 15, 1249), 10),
    "nobody known": RankQuery((UNKNOWN,), 10),
    "empty": RankQuery((), 10),
    "exclusions": RankQuery((5, 15), 20, excluded_songs=(1, 2, 3, 4), excluded_artists=(1, 2, 3)),
    "seed artists": RankQuery((5, 15), 20, exclude_seed_artists=True),
    "years": RankQuery((5,), 30, filter=Filter(min_year=1990, max_year=1999)),
    "tempo": RankQuery((5,), 30, filter=Filter(min_tempo=100.0, max_tempo=120.0)),
    "artists": RankQuery((5,), 30, filter=Filter(artist_ids=(4, 7, 9))),
    "one an artist": RankQuery((5, 15), 30, max_per_artist=1),
    "all but few": RankQuery((5,), 2_000, filter=Filter(max_year=1965), max_per_artist=2),
}


def soon() -> Deadline:
    return Deadline.after(10)


@pytest.fixture(scope="module")
def songs(dataset: Path) -> Dataset:
    return read_dataset(dataset)


@pytest.fixture
async def channel(running: RunningStack) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{running.stack.ports.model}") as channel:
        yield channel


@pytest.fixture
async def catalog(running: RunningStack) -> AsyncIterator[SqlCatalog]:
    catalog = open_catalog(running.stack.catalog, 2)
    yield catalog
    catalog.close()


@pytest.fixture
async def hosts(
    running: RunningStack,
    channel: grpc.aio.Channel,
    catalog: SqlCatalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Hosts]:
    rest = f"http://127.0.0.1:{running.stack.ports.model_rest}"
    async with predict_service(rest) as service:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service.key_file(tmp_path)))
        yield Hosts(channel, catalog, rest, service.vertex)


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest, hosts: Hosts) -> AsyncIterator[Engine]:
    engine = ENGINES[request.param](hosts)
    yield engine
    if isinstance(engine, RestEngine):
        await engine.close()


@pytest.fixture(params=QUERIES)
def query(request: pytest.FixtureRequest) -> RankQuery:
    return QUERIES[request.param]


@pytest.fixture(scope="module")
def oracles(songs: Dataset) -> dict[str, Oracle]:
    return {name: oracle(songs) for name, oracle in ORACLES.items()}


@pytest.fixture
def oracle(request: pytest.FixtureRequest, oracles: dict[str, Oracle]) -> Oracle:
    """What ranks as the engine of this test must, wherever its model is hosted."""
    name = request.node.callspec.params["engine"].split()[0]
    return oracles["popular" if name in ("catalog-popular", "fallback") else name]


def asked(query: RankQuery) -> Query:
    wanted = query.filter
    return Query(
        listened=list(query.songs),
        k=query.k,
        excluded_songs=list(query.excluded_songs),
        excluded_artists=list(query.excluded_artists),
        exclude_seed_artists=query.exclude_seed_artists,
        genres=list(wanted.genres),
        artists=list(wanted.artist_ids),
        years=(wanted.min_year or 0, wanted.max_year or 0),
        tempos=(wanted.min_tempo or 0, wanted.max_tempo or 0),
        max_per_artist=query.max_per_artist,
    )


async def test_ranks_as_ranking_everything_and_then_filtering_does(
    engine: Engine, query: RankQuery, oracle: Oracle
) -> None:
    ranking = await engine.rank(query, soon())
    expected = oracle.rank(asked(query))
    np.testing.assert_allclose(
        [song.score for song in ranking.songs], [score for _, score in expected], atol=1e-5
    )
    if ranking.songs[0].source is Source.POPULAR:
        assert [song.id for song in ranking.songs] == [song for song, _ in expected]


async def test_keeps_every_rule_of_the_answer(
    engine: Engine, query: RankQuery, songs: Dataset, oracle: Oracle
) -> None:
    ranking = await engine.rank(query, soon())
    ids = [song.id for song in ranking.songs]
    assert len(ids) <= query.k
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {*query.songs, *query.excluded_songs}
    assert ids == [song.id for song in sorted(ranking.songs, key=lambda s: (-s.score, s.id))]
    artists = dict(zip(songs.songs.ids.tolist(), songs.songs.artists.tolist(), strict=True))
    most = max(Counter(artists[song] for song in ids).values())
    assert query.max_per_artist in (0, most) or most < query.max_per_artist
    assert ranking.unknown_songs == tuple(s for s in query.songs if not oracle.knows(s))


async def test_the_same_question_has_the_same_answer(engine: Engine, query: RankQuery) -> None:
    answers = await asyncio.gather(*(engine.rank(query, soon()) for _ in range(6)))
    ids = {tuple(song.id for song in answer.songs) for answer in answers}
    assert len(ids) == 1
    scores = np.array([[song.score for song in answer.songs] for answer in answers])
    np.testing.assert_allclose(scores, np.broadcast_to(scores[0], scores.shape), atol=1e-6)


async def test_genres_are_matched_without_regard_to_case(engine: Engine, songs: Dataset) -> None:
    genre = str(songs.genres.names[0])
    query = RankQuery((5,), 15, filter=Filter(genres=(genre.upper(), "no such genre")))
    ranking = await engine.rank(query, soon())
    of_genre = {
        int(song)
        for row, song in enumerate(songs.songs.ids)
        if songs.genres.ids[0] in songs.songs.genres[row]
    }
    assert ranking.songs
    assert {song.id for song in ranking.songs} <= of_genre


async def test_contributions_sum_to_the_score_where_there_are_any(engine: Engine) -> None:
    query = RankQuery((5, UNKNOWN, 15, 1249), 20, explain=True)
    for song in (await engine.rank(query, soon())).songs:
        assert (song.source is Source.POPULAR) == (not song.contributions)
        if song.contributions:
            assert {part.song_id for part in song.contributions} <= {5, 15, 1249}
            assert all(part.value for part in song.contributions)
            total = sum(part.value for part in song.contributions)
            assert total == pytest.approx(song.score, abs=1e-6)


async def test_of_many_reasons_the_strongest_are_named_and_the_others_summed(
    engine: Engine,
) -> None:
    query = RankQuery(tuple(range(1, 101)), 10, explain=True)
    for song in (await engine.rank(query, soon())).songs:
        if song.contributions:
            assert len(song.contributions) <= MAX_REASONS
            assert song.remaining is None or len(song.contributions) == MAX_REASONS
            total = sum(part.value for part in song.contributions) + (song.remaining or 0)
            assert total == pytest.approx(song.score, abs=1e-5)


async def test_a_deadline_that_has_passed_is_said_to_have(engine: Engine) -> None:
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERIES["plain"], Deadline.after(-1))


async def test_a_fallback_is_never_silent(catalog: SqlCatalog) -> None:
    engine = FallbackEngine("down", FakeEngine(down=True), PopularEngine(catalog, "stand-in"))
    ranking = await engine.rank(QUERIES["plain"], soon())
    assert ranking.degraded == (Degradation.MODEL_UNAVAILABLE,)
    with pytest.raises(EngineUnavailable):
        await engine.rank(replace(QUERIES["plain"], substitute=False), soon())


@pytest.mark.parametrize(
    ("address", "model"), [("model server", "no such model"), ("nowhere", "content")]
)
async def test_a_model_that_is_not_there_is_unavailable(
    running: RunningStack, address: str, model: str
) -> None:
    port = running.stack.ports.model if address == "model server" else 1
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        engine = TfServingEngine(channel, "x", model)
        with pytest.raises(EngineUnavailable):
            await engine.rank(QUERIES["plain"], soon())
        with pytest.raises(EngineUnavailable):
            await engine.describe(soon())


@pytest.mark.parametrize("name", ["content", "content over REST", "content on Vertex"])
async def test_an_engine_describes_the_model_that_serves(
    hosts: Hosts, songs: Dataset, name: str
) -> None:
    engine = ENGINES[name](hosts)
    assert isinstance(engine, TfServingEngine | RestEngine)
    info = await engine.describe(soon())
    assert (info.algorithm, info.source, info.explains) == ("content", Source.CONTENT, True)
    assert info.song_count == len(songs.songs.ids)
    assert info.dataset == songs.fingerprint
    ranked_by = (await engine.rank(QUERIES["plain"], soon())).version
    assert info.version == ranked_by
    if name == "content":
        assert int(ranked_by) >= 1
    else:
        assert ranked_by == {"content on Vertex": DEPLOYED, "content over REST": ""}[name]
    if isinstance(engine, RestEngine):
        await engine.close()


async def test_hosts_of_one_model_rank_alike(hosts: Hosts, query: RankQuery) -> None:
    names = ("content", "content over REST", "content on Vertex")
    engines = [ENGINES[name](hosts) for name in names]
    explained = replace(query, explain=True)
    direct, *hosted = [await engine.rank(explained, soon()) for engine in engines]
    for ranking in hosted:
        assert [song.id for song in ranking.songs] == [song.id for song in direct.songs]
        assert [song.score for song in ranking.songs] == pytest.approx(
            [song.score for song in direct.songs], rel=1e-6
        )
        assert [len(song.contributions) for song in ranking.songs] == [
            len(song.contributions) for song in direct.songs
        ]
        assert ranking.unknown_songs == direct.unknown_songs
    for engine in engines:
        if isinstance(engine, RestEngine):
            await engine.close()
