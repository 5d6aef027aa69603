"""Every engine keeps the rules of the signature, and scores as its algorithm says."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from engine_oracles import ORACLES
from engine_parts import PARTS
from ranking_oracle import Oracle, Query
from ranking_use import UNKNOWN, Model, ask, found, random_query, reloaded
from segue_model.data.columns import Listens
from segue_model.data.dataset import Dataset
from segue_model.data.progress import silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines import ENGINES

SONGS, LISTENERS = 1_200, 400
BATCHES, BATCH = 6, 8


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(SONGS, LISTENERS, 5)


@pytest.fixture(scope="module", params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Model:
    engine = ENGINES[name]
    return reloaded(engine.fit(dataset, engine.options(), silent), tmp_path_factory.mktemp("m"))


@pytest.fixture(scope="module")
def oracle(name: str, dataset: Dataset) -> Oracle:
    return ORACLES[name](dataset)


def test_every_engine_is_held_to_an_oracle() -> None:
    missing = sorted(set(ENGINES) - set(ORACLES))
    assert not missing, f"no entry in ORACLES (tests/engine_oracles.py) for {missing}"
    assert set(ORACLES) == set(ENGINES)


@pytest.mark.parametrize("seed", range(BATCHES))
def test_ranks_as_ranking_everything_and_then_filtering_does(
    model: Model, oracle: Oracle, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    queries = [random_query(rng, oracle.songs) for _ in range(BATCH)]
    answer = ask(model, queries)
    for row, query in enumerate(queries):
        songs = found(answer, row)
        if query.diversity and query.k > 0:
            pool = [song for song, _ in oracle.pool(query)]
            assert len(songs) == min(query.k, len(pool))
            assert not songs or oracle.shortfall(query, songs) < 1e-4, query
            continue
        expected = oracle.rank(query)
        scores = answer[sig.RECOM_SONGS_SCORES][row][: len(songs)]
        assert len(songs) == len(expected)
        same(scores, [score for _, score in expected])
        every = dict(oracle.rank(Query(**{**vars(query), "k": SONGS})))
        same(scores, [every[song] for song in songs])


def same(found: np.ndarray, expected: np.ndarray | list[float]) -> None:
    """Compare by the scale of the scores, which is each engine's own."""
    scale = max(1e-6, np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * scale)


def test_each_listened_song_has_the_part_in_a_score_that_it_should(
    name: str, model: Model, dataset: Dataset
) -> None:
    rng = np.random.default_rng(7)
    sizes = (1, 2, 5, 30)
    rows = [np.sort(rng.choice(len(dataset.songs.ids), size, replace=False)) for size in sizes]
    answer = ask(model, [Query([*dataset.songs.ids[some].tolist(), UNKNOWN], 40) for some in rows])
    scores, sources = answer[sig.RECOM_SONGS_SCORES], answer[sig.RECOM_SONGS_SOURCES]
    parts = answer[sig.RECOM_SONGS_CONTRIBUTIONS]
    popular = sources == sig.SOURCE_POPULAR
    same(parts.sum(axis=2), np.where(popular, 0, scores))
    if name not in PARTS:
        assert popular.all(), f"no entry in PARTS (tests/engine_parts.py) for {name}"
        return
    expected = PARTS[name](dataset)
    for row, listened in enumerate(rows):
        if popular[row].all():
            continue
        ranked = np.searchsorted(dataset.songs.ids, answer[sig.RECOM_SONGS_IDS][row])
        found = parts[row][:, : len(listened)]
        same(found, expected(listened)[:, ranked].T)
    assert not popular[-1].any()


def test_songs_nobody_listened_to_are_unknown_to_behavior_alone(
    model: Model, dataset: Dataset
) -> None:
    cold = np.setdiff1d(dataset.songs.ids, dataset.listens.songs)[:3].tolist()
    assert cold, "a synthetic dataset without cold songs tests nothing here"
    answer = ask(model, [Query(cold, 10)])
    said = json.loads(model[sig.DESCRIBE](schema=tf.constant(2))[sig.DESCRIPTION].numpy())
    by_listens = said["source"] == sig.SOURCE_COLLABORATIVE
    assert answer[sig.LISTENED_SONGS_KNOWN][0].tolist() == [not by_listens] * len(cold)
    popular_ = answer[sig.RECOM_SONGS_SOURCES][0] == sig.SOURCE_POPULAR
    assert popular_.all() == (by_listens or said["source"] == sig.SOURCE_POPULAR)
    assert not set(found(answer, 0)) & set(cold)


def test_the_order_of_a_list_and_repetitions_change_nothing(model: Model, dataset: Dataset) -> None:
    songs = dataset.songs.ids[[3, 99, 5, 700]].tolist()
    answer = ask(model, [Query(songs, 20), Query([*songs[::-1], songs[0]], 20)])
    for output in (sig.RECOM_SONGS_IDS, sig.RECOM_SONGS_SCORES):
        assert np.array_equal(answer[output][0], answer[output][1])


def test_without_any_listens_the_popular_songs_come(name: str, dataset: Dataset) -> None:
    """Nothing can be learned of behavior then, and nothing may break."""
    nobody = Listens(*(np.zeros(0, np.int32) for _ in range(3)))
    engine = ENGINES[name]
    model = engine.fit(replace(dataset, listens=nobody), engine.options(), silent)
    recommend = model.signatures()[sig.RECOMMEND]
    answer = recommend(tf.constant([UNKNOWN], tf.int32), tf.constant(5))
    assert len(answer[sig.RECOM_SONGS_IDS]) == 5
    assert set(answer[sig.RECOM_SONGS_SOURCES].numpy()) == {sig.SOURCE_POPULAR}


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match=r"^regularisation: no such option; there are form, "):
        ENGINES["item-item"].with_options({"regularisation": "3"})
    with pytest.raises(ValueError, match=r"^neighbors: 'many' is not of type int"):
        ENGINES["item-item"].with_options({"neighbors": "many"})
    for value in (None, float("inf"), 200.7):
        with pytest.raises(ValueError, match=r"^neighbors: .* is not of type int"):
            ENGINES["item-item"].with_options({"neighbors": value})
    with pytest.raises(ValueError, match=r"^cold_content: "):
        ENGINES["blend"].with_options({"cold_content": -1})
    options: Any = ENGINES["factors"].with_options({"dimensions": "32"})
    assert options.dimensions == 32


@pytest.mark.parametrize("one", ENGINES)
def test_what_the_search_tries_are_options_of_the_engine(one: str) -> None:
    engine = ENGINES[one]
    for option, values in engine.search.items():
        for value in values:
            assert vars_of(engine.with_options({option: value}))[option] == value


def vars_of(options: Any) -> dict[str, object]:  # noqa: ANN401 - of any engine
    return {name: getattr(options, name) for name in type(options).__dataclass_fields__}


def test_each_engine_tells_its_options(model: Model, name: str) -> None:
    answer = model[sig.DESCRIBE](**{sig.DESCRIPTION_SCHEMA: tf.constant(2)})
    said = json.loads(answer[sig.DESCRIPTION].numpy())
    # Where something was counted is no option of what was learned.
    expected = vars_of(ENGINES[name].options())
    expected.pop("gram", None)
    assert said["options"] == expected
    assert said["retrieval"] == {"form": "exact"}
