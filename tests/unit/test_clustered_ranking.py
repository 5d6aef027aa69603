"""Approximate ranking finds nearly all that exact ranking does, and bends no rule for it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from ranking_oracle import Oracle, Query, mean_product
from ranking_use import Model, ask, found, random_query, reloaded
from segue_model.learning.clusters import Clusters, cluster
from segue_model.learning.clusters_probing import Listeners, Probing, probing
from segue_model.ranking.clustered import Clustered, blocks_of
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.profile import Profile, together
from segue_model.ranking.songs import SongArrays, SongTable

COUNT, WIDTH, BLOCK = 3_000, 12, 16


@dataclass(frozen=True)
class Case:
    songs: SongArrays
    vectors: np.ndarray

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.songs, mean_product(self.vectors))

    @cached_property
    def clusters(self) -> Clusters:
        return cluster(self.vectors, seed=1, block=BLOCK)

    def ids(self, *rows: int) -> list[int]:
        return [int(self.songs.ids[row]) for row in rows]

    def rank(self, query: Query) -> list[int]:
        return [song for song, _ in self.oracle.rank(query)]


def make_case(count: int) -> Case:
    """Songs by artists, each around its artist, with ids that leave gaps."""
    rng = np.random.default_rng(3)
    by = rng.integers(max(1, count // 40), size=count)
    artists = rng.normal(size=(by.max() + 1, WIDTH))
    vectors = artists[by] + rng.normal(scale=0.5, size=(count, WIDTH))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    songs = SongArrays(
        ids=np.sort(rng.choice(np.arange(1, 4 * count + 1), count, replace=False)).astype(np.int32),
        artists=(by + 7).astype(np.int32),
        years=rng.integers(1960, 2010, count).astype(np.int32),
        tempos=rng.uniform(60, 180, count).astype(np.float32),
        # Many are equally popular, so that ids decide.
        popularity=(rng.permutation(count) // 50 / count).astype(np.float32),
        genre_rows=np.arange(count),
        genre_positions=rng.integers(0, 3, count),
        genre_names=["folk", "jazz", "noise"],
    )
    return Case(songs, np.asarray(vectors, np.float32))


def listeners_to(case: Case, count: int) -> Listeners:
    """Listeners to up to eight songs of an artist."""
    rng = np.random.default_rng(4)
    listened = []
    for artist in rng.choice(case.songs.artists, count):
        rows = np.flatnonzero(case.songs.artists == artist)
        chosen = rng.choice(rows, min(len(rows), int(rng.integers(1, 9))), replace=False)
        listened.append(chosen.astype(np.int32))
    profiles = np.stack([case.vectors[rows].mean(axis=0) for rows in listened])
    return Listeners(profiles, listened)


def make_ranking(case: Case, probed: Probing) -> RankingModel[Profile]:
    songs = SongTable(case.songs, blocks_of(case.clusters))
    exact = InnerProduct(songs, case.vectors, sig.SOURCE_CONTENT)
    scorer = Clustered(songs, exact, case.clusters, probed)
    description = Description(
        "content", sig.SOURCE_CONTENT, True, "test", recall_at_10=probed.recall
    )
    return RankingModel(songs, scorer, description)


def make_hasty(case: Case) -> Model:
    """A model, not exported, that looks into as few blocks as it may, and finds as little."""
    ranking = make_ranking(case, Probing(np.zeros_like(case.clusters.radii), 1, 0.1))
    return {"module": ranking, **ranking.signatures()}


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case(COUNT)


@pytest.fixture(scope="module")
def probed(case: Case) -> Probing:
    return probing(case.vectors, case.clusters, listeners_to(case, 300))


@pytest.fixture(scope="module")
def model(case: Case, probed: Probing, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return reloaded(make_ranking(case, probed), tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def hasty(case: Case) -> Model:
    return make_hasty(case)


def share_found(model: Model, case: Case) -> float:
    """The share of the exact ten of 300 listeners that a model finds."""
    listeners = listeners_to(case, 300)
    answer = ask(model, [Query(case.ids(*rows), 10) for rows in listeners.listened])
    each = zip(listeners.profiles, listeners.listened, strict=True)
    hits = 0
    for row, (profile, listened) in enumerate(each):
        scores = case.vectors @ profile
        scores[listened] = -np.inf
        hits += len({*case.ids(*np.argsort(-scores)[:10])} & {*found(answer, row)})
    return hits / 3_000


def test_finds_the_share_that_it_was_measured_to_find(
    model: Model, case: Case, probed: Probing
) -> None:
    assert probed.recall >= 0.99
    assert probed.probes < 0.2 * COUNT / BLOCK
    assert share_found(model, case) == pytest.approx(probed.recall, abs=0.002)


def test_looking_into_fewer_blocks_finds_less(hasty: Model, case: Case) -> None:
    assert share_found(hasty, case) < 0.98


def test_the_scores_of_what_is_found_are_exact_and_best_first(hasty: Model, case: Case) -> None:
    query = Query(case.ids(5, 600), 50)
    answer = ask(hasty, [query])
    exact = dict(case.oracle.rank(replace(query, k=COUNT)))
    scores = answer[sig.RECOM_SONGS_SCORES][0]
    np.testing.assert_allclose(scores, [exact[song] for song in found(answer, 0)], atol=2e-6)
    assert (np.diff(scores) <= 0).all()
    parts = answer[sig.RECOM_SONGS_CONTRIBUTIONS][0]
    np.testing.assert_allclose(parts.sum(axis=1), scores, atol=1e-6)


def test_a_listener_is_answered_among_others_as_alone(model: Model, case: Case) -> None:
    rng = np.random.default_rng(8)
    queries = [Query(case.ids(*rng.choice(COUNT, 3, replace=False)), 20) for _ in range(9)]
    together = ask(model, queries)
    for row, query in enumerate(queries):
        assert found(ask(model, [query]), 0) == found(together, row)


@pytest.mark.parametrize("k", [1, 10, 300, COUNT + 5])
def test_with_nothing_known_of_a_listener_the_popular_songs_are_exact(
    hasty: Model, case: Case, k: int
) -> None:
    answer = ask(hasty, [Query([], k), Query([4 * COUNT + 9], k)])
    assert found(answer, 0) == found(answer, 1) == case.rank(Query([], k))
    assert set(answer[sig.RECOM_SONGS_SOURCES].ravel().tolist()) == {sig.SOURCE_POPULAR}


def test_one_of_whom_nothing_is_known_gets_the_popular_songs_among_others(
    hasty: Model, case: Case
) -> None:
    answer = ask(hasty, [Query(case.ids(4), 200), Query([], 200)])
    assert found(answer, 1) == case.rank(Query([], 200))


def test_filtered_songs_are_exact(hasty: Model, case: Case) -> None:
    query = Query(case.ids(1, 1_000, 2_000), 40, genres=["jazz"], years=(1970, 1990))
    assert found(ask(hasty, [query]), 0) == case.rank(query)


@pytest.mark.parametrize("k", [0, 1, 100, 2_000, 2 * COUNT])
def test_as_many_songs_come_as_are_asked_for_and_there_are(
    hasty: Model, case: Case, k: int
) -> None:
    listened = case.ids(*range(0, 60, 3))
    songs = found(ask(hasty, [Query(listened, k)]), 0)
    assert len(songs) == len(set(songs)) == min(k, COUNT - len(listened))


def test_neither_listened_nor_excluded_songs_come(model: Model, case: Case) -> None:
    listened = case.ids(17, 18)
    first = found(ask(model, [Query(listened, 200)]), 0)
    second = found(ask(model, [Query(listened, 50, excluded_songs=first[:150])]), 0)
    assert second == first[150:]
    assert not set(listened) & set(first)


def test_at_most_so_many_songs_of_an_artist_come(hasty: Model, case: Case) -> None:
    songs = found(ask(hasty, [Query(case.ids(40), 30, max_per_artist=1)]), 0)
    artists = case.songs.artists[np.isin(case.songs.ids, songs)]
    assert len(songs) == len(np.unique(artists)) == 30


def test_whatever_is_asked_no_rule_is_bent(hasty: Model, case: Case) -> None:
    """All rules but that of the best songs: each song is one that the oracle might give."""
    rng = np.random.default_rng(9)
    queries = [random_query(rng, case.songs) for _ in range(10)]
    for query in queries:
        everything = replace(query, k=COUNT, max_per_artist=0)
        assert set(found(ask(hasty, [query]), 0)) <= set(case.rank(everything))
        assert len(found(ask(hasty, [query]), 0)) == len(case.rank(query))


@pytest.mark.parametrize("count", [1, 17])
def test_few_songs_are_all_ranked(count: int) -> None:
    case = make_case(count)
    query = Query(case.ids(0), count)
    assert found(ask(make_hasty(case), [query]), 0) == case.rank(query)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_equal_songs_come_in_the_order_of_ids(value: float) -> None:
    """Whether they are equal, or have no features, so that nothing is known of any listener."""
    songs = replace(make_case(500).songs, popularity=np.full(500, 0.25, np.float32))
    case = Case(songs, np.full((500, WIDTH), value, np.float32))
    songs_found = found(ask(make_hasty(case), [Query(case.ids(3), 20)]), 0)
    assert songs_found == [song for song in case.ids(*range(21)) if song != case.ids(3)[0]]


def test_of_all_songs_equal_ones_come_by_id_and_those_without_features_come_too() -> None:
    """Rows are in the order of blocks, which ids are not."""
    case = make_case(300)
    twins = case.clusters.order[[3, 250]]
    case.vectors[::4] = 0
    case.vectors[twins] = case.vectors[1]
    ranked = found(ask(make_hasty(case), [Query(case.ids(2), 299)]), 0)
    places = [ranked.index(song) for song in sorted(case.ids(1, *twins))]
    assert places == list(range(places[0], places[0] + 3))
    assert set(case.ids(*range(0, 300, 4))) <= set(ranked)


def test_a_block_is_as_good_as_the_taste_that_likes_it_best_bonus_included(case: Case) -> None:
    probed = Probing(case.clusters.radii, 1, 0.1)
    songs = SongTable(case.songs, blocks_of(case.clusters))
    exact = InnerProduct(songs, case.vectors, sig.SOURCE_CONTENT)
    scorer = Clustered(songs, exact, case.clusters, probed)

    def estimates(rows: list[int], bonuses: list[float]) -> np.ndarray:
        tastes = tf.constant(np.pad(case.vectors[rows], ((0, 0), (0, 1)))[np.newaxis])
        profile = together(tastes)
        best = scorer.block_maxima(profile._replace(tastes=tastes, bonuses=tf.constant([bonuses])))
        return np.asarray(best.numpy()[0])

    one, other = estimates([5], [0.0]), estimates([900], [0.0])
    for bonus in (0.0, 0.25, -np.inf):
        both = estimates([5, 900], [0.0, bonus])
        np.testing.assert_allclose(both, np.maximum(one, other + bonus), atol=1e-6)


def test_no_variable_is_gathered_from_directly(model: Model) -> None:
    """A gather from a variable would make every later read copy it."""
    graph = model[sig.RECOMMEND_BATCHED].graph.as_graph_def()
    nodes = [*graph.node, *(node for one in graph.library.function for node in one.node_def)]
    kinds = {node.op for node in nodes}
    assert "ReadVariableOp" in kinds
    assert not kinds & {"ResourceGather", "ResourceGatherNd"}


def test_the_description_tells_the_recall(model: Model, probed: Probing) -> None:
    text = model[sig.DESCRIBE](schema=tf.constant(2))[sig.DESCRIPTION].numpy().decode()
    assert f'"retrieval": {{"form": "approximate", "recall_at_10": {probed.recall}}}' in text
