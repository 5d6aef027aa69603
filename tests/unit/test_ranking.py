"""The graph ranks exactly as the obvious way does, whatever the request asks for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from ranking_oracle import Oracle, Query
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import BATCHED, Description, RankingModel
from segue_model.ranking.songs import SongArrays, SongTable

SMALL, LARGE = 1_500, 30_000  # of one and of several chunks, with blocks of different sizes
Model = dict[str, Any]  # the loaded module, and its signatures by name
GENRES = [f"Genre {number}" for number in range(40)]  # more than fit one word of bits
UNKNOWN = 10**9


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


def make_oracle(count: int) -> Oracle:
    rng = np.random.default_rng(11)
    # Coordinates on a coarse grid: sums are exact in float32, so that many songs really tie.
    vectors = rng.integers(-3, 4, (count, 6)).astype(np.float32) / 8
    return Oracle(song_arrays(rng, count), vectors)


def make_model(oracle: Oracle, folder: Path) -> Model:
    """Return the signatures of the exported and reloaded model."""
    ranking = RankingModel(
        SongTable(oracle.songs),
        InnerProduct(oracle.vectors, oracle.songs.popularity),
        Description("content", sig.SOURCE_CONTENT, True, "test"),
    )
    tf.saved_model.save(ranking, str(folder), signatures=ranking.signatures())
    loaded = tf.saved_model.load(str(folder))
    # The loaded module must outlive the functions taken from it.
    return {"module": loaded, **loaded.signatures}


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return make_oracle(SMALL)


@pytest.fixture(scope="module")
def model(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return make_model(oracle, tmp_path_factory.mktemp("model"))


def random_query(rng: np.random.Generator, songs: SongArrays) -> Query:
    """A query whose listened songs are a power of two, so that their mean is exact too."""

    def some(values: Any, most: int) -> list[Any]:  # noqa: ANN401 - whatever is chosen from
        chosen: list[Any] = rng.choice(values, rng.integers(0, most), replace=False).tolist()
        return chosen

    listened = rng.choice(songs.ids, rng.choice([0, 1, 2, 4, 8]), replace=False).tolist()
    listened += [UNKNOWN] * int(rng.integers(0, 2)) + listened[: rng.integers(0, 2)]
    low, high = sorted(rng.integers(1960, 2010, 2).tolist())
    slow, fast = sorted(rng.uniform(60, 180, 2).astype(np.float32).tolist())
    return Query(
        listened=listened,
        k=int(rng.choice([0, 1, 3, 10, 100, 3 * len(songs.ids)])),
        excluded_songs=some(songs.ids, 40) if rng.random() < 0.3 else [],
        excluded_artists=some(np.unique(songs.artists), 20) if rng.random() < 0.3 else [],
        exclude_seed_artists=bool(rng.random() < 0.3),
        genres=[name.casefold() for name in some(GENRES, 4)] if rng.random() < 0.4 else [],
        artists=some(np.unique(songs.artists), 9) if rng.random() < 0.2 else [],
        years=[(0, 0), (low, 0), (0, high), (low, high)][rng.choice(4, p=[0.6, 0.1, 0.1, 0.2])],
        tempos=[(0, 0), (slow, 0), (0, fast), (slow, fast)][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])],
        max_per_artist=int(rng.choice([0, 0, 0, 1, 2])),
    )


def ask(model: Model, queries: Sequence[Query]) -> dict[str, np.ndarray]:
    def padded(lists: Sequence[Sequence[object]], pad: object, dtype: tf.DType) -> tf.Tensor:
        width = max(1, *(len(values) for values in lists)) if lists else 1
        return tf.constant([[*v, *[pad] * (width - len(v))] for v in lists], dtype)

    def ids(name: str) -> tf.Tensor:
        return padded([getattr(query, name) for query in queries], sig.PAD_ID, tf.int32)

    inputs = (
        ids("listened"),
        tf.constant([query.k for query in queries]),
        ids("excluded_songs"),
        ids("excluded_artists"),
        tf.constant([query.exclude_seed_artists for query in queries]),
        padded([query.genres for query in queries], sig.PAD_NAME, tf.string),
        ids("artists"),
        tf.constant([query.years for query in queries], tf.int32),
        tf.constant([query.tempos for query in queries], tf.float32),
        tf.constant([query.max_per_artist for query in queries]),
    )
    outputs = model[sig.RECOMMEND_BATCHED](**dict(zip(BATCHED, inputs, strict=True)))
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def found(answer: dict[str, np.ndarray], row: int) -> list[int]:
    return [song for song in answer[sig.RECOM_SONGS_IDS][row].tolist() if song != sig.PAD_ID]


def agree(model: Model, oracle: Oracle, queries: Sequence[Query]) -> None:
    """Check that graph and oracle rank alike, each query alone and all in a batch."""
    batched = ask(model, queries)
    for row, query in enumerate(queries):
        expected = oracle.rank(query)
        alone = ask(model, [query])
        assert found(batched, row) == [song for song, _ in expected], query
        assert found(alone, 0) == [song for song, _ in expected], query
        scores = batched[sig.RECOM_SONGS_SCORES][row][: len(expected)]
        np.testing.assert_allclose(scores, [score for _, score in expected], atol=2e-6)


@pytest.mark.parametrize("seed", range(12))
def test_ranks_as_the_oracle_does_alone_and_in_a_batch(
    model: Model, oracle: Oracle, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    agree(model, oracle, [random_query(rng, oracle.songs) for _ in range(8)])


def test_ranks_as_the_oracle_does_where_songs_are_many(tmp_path: Path) -> None:
    oracle = make_oracle(LARGE)
    rng = np.random.default_rng(1)
    queries = [random_query(rng, oracle.songs) for _ in range(16)]
    agree(make_model(oracle, tmp_path), oracle, queries)


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
