"""The graph ranks exactly as the obvious way does, whatever the request asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from ranking_oracle import Oracle, Query, mean_product
from ranking_use import UNKNOWN, Model, ask, found, random_query, reloaded
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.songs import SongArrays, SongTable

SMALL, LARGE = 1_500, 30_000  # of one and of several chunks, with blocks of different sizes
GENRES = [f"Genre {number}" for number in range(40)]  # more than fit one word of bits


@dataclass(frozen=True)
class Case:
    """Songs with a vector each, and what ranks them the slow and obvious way."""

    songs: SongArrays
    vectors: np.ndarray

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.songs, mean_product(self.vectors))


def song_arrays(rng: np.random.Generator, count: int) -> SongArrays:
    """Songs with gaps between ids, unknown years and tempos, and equal popularities."""
    ids = np.sort(rng.choice(np.arange(1, 4 * count), count, replace=False)).astype(np.int32)
    years = rng.integers(1960, 2010, count)
    tempos = rng.uniform(60, 180, count)
    genres_a_song = rng.integers(0, 4, count)
    return SongArrays(
        ids=ids,
        artists=(rng.zipf(1.3, count) % 200 + 7).astype(np.int32),
        years=np.where(rng.random(count) < 0.3, 0, years).astype(np.int32),
        tempos=np.where(rng.random(count) < 0.1, np.nan, tempos).astype(np.float32),
        popularity=(rng.integers(0, 50, count) / 64).astype(np.float32),
        genre_rows=np.repeat(np.arange(count), genres_a_song),
        genre_positions=rng.integers(0, len(GENRES), genres_a_song.sum()),
        genre_names=GENRES,
    )


def make_case(count: int) -> Case:
    rng = np.random.default_rng(11)
    # Coordinates on a coarse grid: sums are exact in float32, so that many songs really tie.
    vectors = rng.integers(-3, 4, (count, 6)).astype(np.float32) / 8
    return Case(song_arrays(rng, count), vectors)


def make_model(case: Case, folder: Path) -> Model:
    """Return the signatures of the exported and reloaded model."""
    songs = SongTable(case.songs)
    scorer = InnerProduct(songs, case.vectors, sig.SOURCE_CONTENT)
    description = Description("content", sig.SOURCE_CONTENT, True, "test")
    return reloaded(RankingModel(songs, scorer, description), folder)


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case(SMALL)


@pytest.fixture(scope="module")
def oracle(case: Case) -> Oracle:
    return case.oracle


@pytest.fixture(scope="module")
def model(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return make_model(case, tmp_path_factory.mktemp("model"))


def agree(model: Model, oracle: Oracle, queries: Sequence[Query]) -> None:
    """Check that graph and oracle rank alike, each query alone and all in a batch."""
    batched = ask(model, queries)
    for row, query in enumerate(queries):
        alone = ask(model, [query])
        assert found(alone, 0) == found(batched, row), query
        if query.diversity and query.k > 0:
            agree_on_picks(oracle, query, found(alone, 0))
            continue
        expected = oracle.rank(query)
        assert found(alone, 0) == [song for song, _ in expected], query
        scores = batched[sig.RECOM_SONGS_SCORES][row][: len(expected)]
        np.testing.assert_allclose(scores, [score for _, score in expected], atol=2e-6)


def agree_on_picks(oracle: Oracle, query: Query, songs: list[int]) -> None:
    pool = [song for song, _ in oracle.pool(query)]
    assert len(songs) == min(query.k, len(pool))
    assert len(set(songs)) == len(songs)
    assert set(songs) <= set(pool)
    assert not songs or oracle.shortfall(query, songs) < 1e-5, query


@pytest.mark.parametrize("seed", range(12))
def test_ranks_as_the_oracle_does_alone_and_in_a_batch(
    model: Model, oracle: Oracle, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    agree(model, oracle, [random_query(rng, oracle.songs) for _ in range(8)])


def test_ranks_as_the_oracle_does_where_songs_are_many(tmp_path: Path) -> None:
    case = make_case(LARGE)
    rng = np.random.default_rng(1)
    queries = [random_query(rng, case.songs) for _ in range(16)]
    agree(make_model(case, tmp_path), case.oracle, queries)


@pytest.mark.parametrize("seed", range(3))
def test_contributions_sum_to_the_score(model: Model, oracle: Oracle, seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    listened = rng.choice(oracle.songs.ids, 7, replace=False).tolist()
    answer = ask(model, [Query([*listened, listened[0], UNKNOWN], 50)])
    parts = answer[sig.RECOM_SONGS_CONTRIBUTIONS][0]
    assert parts.shape == (50, 9)
    np.testing.assert_allclose(parts.sum(1), answer[sig.RECOM_SONGS_SCORES][0], atol=1e-6)
    assert np.abs(parts[:, :7]).sum() > 0
    assert not parts[:, 7:].any(), "a repetition or an unknown song contributes"


def test_the_flat_signature_answers_as_the_original_client_expects(
    model: Model, oracle: Oracle
) -> None:
    listened = oracle.songs.ids[[3, 8, 300, 700]].tolist()
    answer = model[sig.RECOMMEND](
        listened_songs=tf.constant([*listened, UNKNOWN]), no_recom_songs=tf.constant(3)
    )
    expected = [song for song, _ in oracle.rank(Query(listened, 3))]
    assert answer[sig.RECOM_SONGS_IDS].numpy().tolist() == expected
    assert answer[sig.LISTENED_SONGS_KNOWN].numpy().tolist() == [True] * 4 + [False]
    assert answer[sig.RECOM_SONGS_SOURCES].numpy().tolist() == [sig.SOURCE_CONTENT] * 3


@pytest.mark.parametrize("listened", [[], [UNKNOWN], [-1]])
def test_a_listener_of_whom_nothing_is_known_gets_the_popular_songs(
    model: Model, oracle: Oracle, listened: list[int]
) -> None:
    answer = model[sig.RECOMMEND](
        listened_songs=tf.constant(listened, tf.int32), no_recom_songs=tf.constant(5)
    )
    expected = [song for song, _ in oracle.rank(Query([], 5))]
    assert answer[sig.RECOM_SONGS_IDS].numpy().tolist() == expected
    assert answer[sig.RECOM_SONGS_SOURCES].numpy().tolist() == [sig.SOURCE_POPULAR] * 5


def test_no_variable_is_gathered_from_directly(model: Model) -> None:
    """One such gather would make every later dense read copy the whole variable."""
    functions = model[sig.RECOMMEND_BATCHED].graph.as_graph_def(add_shapes=False).library.function
    ops = {node.op for function in functions for node in function.node_def}
    assert "ReadVariableOp" in ops
    assert "ResourceGather" not in ops
