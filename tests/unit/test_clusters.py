"""Blocks of songs that lie near each other, and how many of them must be searched."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from segue_model.learning.clusters import Clusters, cluster
from segue_model.learning.clusters_arranging import _highest, arranged
from segue_model.learning.clusters_means import nearest
from segue_model.learning.clusters_probing import Listeners, Probing, probing, sampled

WIDTH, BLOCK = 16, 32


def clustered_vectors(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors around those of some artists, far from some and near others."""
    rng = np.random.default_rng(seed)
    artists = rng.normal(size=(max(1, count // 50), WIDTH))
    spreads = rng.lognormal(-0.5, 0.7, len(artists))
    by = rng.integers(len(artists), size=count)
    vectors = artists[by] + rng.normal(size=(count, WIDTH)) * spreads[by, np.newaxis]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def listeners_to(vectors: np.ndarray, count: int = 200) -> Listeners:
    """Listeners to 1 to 20 songs near one that they like."""
    rng = np.random.default_rng(5)
    listened = []
    for liked in rng.integers(len(vectors), size=count):
        near = np.argsort(-vectors @ vectors[liked], kind="stable")[:60]
        size = min(len(near), int(rng.integers(1, 21)))
        listened.append(rng.choice(near, size, replace=False).astype(np.int32))
    profiles = np.stack([vectors[rows].mean(axis=0) for rows in listened])
    return Listeners(profiles.astype(np.float32), listened)


def found(
    vectors: np.ndarray, clusters: Clusters, one: Probing, listeners: Listeners, extra: int = 1
) -> float:
    """The share of the exact ten that searching the probed blocks finds, done the obvious way."""
    hits = wanted = 0
    for profile, listened in zip(listeners.profiles, listeners.listened, strict=True):
        scores = vectors @ profile
        scores[listened] = -np.inf
        best = np.argsort(-scores, kind="stable")[:10]
        estimates = clusters.centroids @ profile + np.linalg.norm(profile) * one.reach
        blocks = np.argsort(-estimates, kind="stable")[: one.probes + extra]
        size = clusters.block
        rows = np.concatenate([clusters.order[at * size : (at + 1) * size] for at in blocks])
        hits += len(np.intersect1d(best, rows))
        wanted += len(best)
    return hits / wanted


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return clustered_vectors(20_000)


@pytest.fixture(scope="module")
def clusters(vectors: np.ndarray) -> Clusters:
    return cluster(vectors, seed=7, block=BLOCK)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 63, 65, 127, 129, 1_000])
def test_every_row_is_in_one_block_and_only_the_last_block_is_smaller(count: int) -> None:
    clusters = cluster(clustered_vectors(count), seed=7, block=BLOCK)
    np.testing.assert_array_equal(np.sort(clusters.order), np.arange(count))
    assert clusters.order.dtype == np.int32
    blocks = -(-count // BLOCK)
    assert clusters.centroids.shape == (blocks, WIDTH)
    assert clusters.deviations.shape == clusters.radii.shape == (blocks,)


def test_the_rows_of_a_block_ascend(clusters: Clusters) -> None:
    whole = clusters.order[: len(clusters.order) // BLOCK * BLOCK].reshape(-1, BLOCK)
    assert (np.diff(whole, axis=1) > 0).all()


def test_a_block_is_told_by_its_mean_and_by_how_far_its_rows_lie(
    vectors: np.ndarray, clusters: Clusters
) -> None:
    for at in (0, 7, len(clusters.radii) - 1):
        rows = vectors[clusters.order[at * BLOCK : (at + 1) * BLOCK]]
        distances = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
        np.testing.assert_allclose(clusters.centroids[at], rows.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(clusters.radii[at], distances.max(), rtol=1e-5)
        np.testing.assert_allclose(
            clusters.deviations[at], np.sqrt((distances**2).mean()), rtol=1e-5
        )


def test_no_row_scores_above_the_bound_that_the_radius_gives(
    vectors: np.ndarray, clusters: Clusters
) -> None:
    for profile in np.random.default_rng(3).normal(size=(20, WIDTH)).astype(np.float32):
        bounds = clusters.centroids @ profile + np.linalg.norm(profile) * clusters.radii
        scores = (vectors @ profile)[clusters.order]
        highest = np.maximum.reduceat(scores, np.arange(0, len(scores), BLOCK))
        assert (highest <= bounds + 1e-5).all()


def test_rows_of_a_block_lie_nearer_each_other_than_halving_by_axes_would_put_them(
    vectors: np.ndarray, clusters: Clusters
) -> None:
    one_cluster = np.zeros(len(vectors), np.int32)
    order = arranged(vectors, one_cluster, vectors[:1], BLOCK)
    halved = vectors[order].reshape(-1, BLOCK, WIDTH).std(axis=1)
    assert np.square(clusters.deviations).mean() < 0.9 * np.square(halved).sum(axis=1).mean()


def test_small_clusters_next_to_each_other_share_a_block() -> None:
    """Twelve tight groups of 24 rows, three of them around each of four far points."""
    rng = np.random.default_rng(2)
    far = np.repeat(100 * np.eye(4, WIDTH), 3, axis=0) + np.tile(3 * np.eye(3, WIDTH, 9), (4, 1))
    at = rng.permutation(np.repeat(np.arange(12), 24))
    vectors = (far[at] + rng.normal(scale=0.1, size=(len(at), WIDTH))).astype(np.float32)
    clusters = cluster(vectors, seed=1, block=72)
    of_far = at[clusters.order].reshape(4, 72) // 3
    assert (of_far == of_far[:, :1]).all()


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(vectors: np.ndarray) -> None:
    def made(seed: int) -> bytes:
        clusters = cluster(vectors[:3_000], seed=seed, block=BLOCK)
        return clusters.order.tobytes() + clusters.centroids.tobytes()

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_bytes_do_not_depend_on_the_number_of_threads(
    vectors: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "vectors.npy", vectors)
    script = """
import hashlib, sys, numpy
from segue_model.learning.clusters import cluster
clusters = cluster(numpy.load(sys.argv[1]), seed=7, block=32)
print(hashlib.sha256(clusters.order.tobytes() + clusters.centroids.tobytes()).hexdigest())
"""
    call = [sys.executable, "-c", script, str(tmp_path / "vectors.npy")]
    digests = set()
    for threads in ("1", "2", "5"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads}  # noqa: TID251
        ran = subprocess.run(call, env=environment, check=True, capture_output=True, text=True)
        digests.add(ran.stdout)
    assert len(digests) == 1


def test_the_vectors_given_stay_as_they_are(vectors: np.ndarray) -> None:
    before = hashlib.sha256(vectors.tobytes()).hexdigest()
    cluster(vectors, seed=7)
    assert hashlib.sha256(vectors.tobytes()).hexdigest() == before


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_vectors_stay_in_their_order(value: float) -> None:
    clusters = cluster(np.full((5_000, 8), value, np.float32), seed=1, block=BLOCK)
    np.testing.assert_array_equal(clusters.order, np.arange(5_000))
    assert not clusters.radii.any()


def test_of_equal_rows_at_a_cut_the_first_go_first() -> None:
    values = np.random.default_rng(1).integers(0, 3, 5_000).astype(np.float32)
    np.testing.assert_array_equal(
        np.flatnonzero(_highest(values, 100)), np.flatnonzero(values == 2)[:100]
    )


def test_songs_without_features_gather_in_blocks_of_their_own(vectors: np.ndarray) -> None:
    mixed = vectors[:3_000].copy()
    mixed[::3] = 0
    clusters = cluster(mixed, seed=1, block=BLOCK)
    empty = ~mixed[clusters.order].any(axis=1)
    shares = np.add.reduceat(empty, np.arange(0, 3_000, BLOCK)) / BLOCK
    # They could fill 31 blocks; where a block is made whole, a few change places with others.
    assert (shares > 0.8).sum() >= 30
    assert (shares > 0).sum() <= 34
    np.testing.assert_array_equal(np.sort(clusters.order[empty]), np.arange(0, 3_000, 3))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (np.empty((0, 4), np.float32), r"\(0, 4\)"),
        (np.empty((4, 0), np.float32), r"\(4, 0\)"),
        (np.zeros((4, 4)), "float64"),
        (np.zeros(4, np.float32), r"\(4,\)"),
        (np.array([[1, np.nan]], np.float32), "not finite"),
        (np.array([[1, np.inf]], np.float32), "not finite"),
    ],
)
def test_refuses_what_are_no_vectors(wrong: np.ndarray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cluster(wrong, seed=1)


def test_tells_its_progress(vectors: np.ndarray) -> None:
    told: list[float] = []
    cluster(vectors[:500], seed=1, progress=lambda _, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


def test_nearest_is_the_nearest_and_of_equal_centers_the_first() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(9_000, 5)).astype(np.float32)
    centers = rng.normal(size=(40, 5)).astype(np.float32)
    distances = np.linalg.norm(rows[:, np.newaxis] - np.tile(centers, (2, 1)), axis=2)
    np.testing.assert_array_equal(
        nearest(rows, np.tile(centers, (2, 1))), distances[:, :40].argmin(axis=1)
    )


@pytest.mark.parametrize("target", [0.9, 0.95, 0.99, 1.0])
def test_the_probes_reach_the_recall_told_and_one_fewer_misses_the_target(
    vectors: np.ndarray, clusters: Clusters, target: float
) -> None:
    listeners = listeners_to(vectors)
    one = probing(vectors, clusters, listeners, target)
    assert one.recall >= target
    assert found(vectors, clusters, one, listeners) == pytest.approx(one.recall, abs=1e-9)
    assert found(vectors, clusters, one, listeners, extra=0) < target
    assert one.probes < len(clusters.radii) / 8 or target == 1


def test_reaches_the_recall_for_products_with_vectors_of_any_length() -> None:
    rng = np.random.default_rng(6)
    vectors = clustered_vectors(20_000) * rng.lognormal(sigma=0.5, size=(20_000, 1))
    factors = np.asarray(vectors, np.float32)
    listeners = listeners_to(factors)
    clusters = cluster(factors, seed=7, block=BLOCK)
    one = probing(factors, clusters, listeners)
    assert one.recall >= 0.99
    assert found(factors, clusters, one, listeners) == pytest.approx(one.recall, abs=1e-9)
    assert one.probes < len(clusters.radii) / 8


def test_knowing_how_far_rows_reach_saves_probes(vectors: np.ndarray, clusters: Clusters) -> None:
    listeners = listeners_to(vectors)
    one = probing(vectors, clusters, listeners)
    blind = Probing(np.zeros_like(one.reach), one.probes, one.recall)
    assert found(vectors, clusters, blind, listeners) < one.recall - 0.01


def test_songs_as_good_as_the_tenth_count_as_found() -> None:
    """Of 3,000 equal songs any ten are the best: one probe finds them."""
    vectors = np.tile(np.eye(1, 4, dtype=np.float32), (3_000, 1))
    clusters = cluster(vectors, seed=1, block=BLOCK)
    one = probing(vectors, clusters, Listeners(vectors[:2], [np.arange(2, dtype=np.int32)] * 2))
    assert (one.probes, one.recall) == (1, 1.0)


@pytest.mark.parametrize("count", [1, 2, 127, 129])
def test_few_songs_are_all_found(count: int) -> None:
    vectors = clustered_vectors(count)
    clusters = cluster(vectors, seed=1)
    listened = [np.array([0], np.int32), np.array([count - 1], np.int32)]
    profiles = np.stack([vectors[rows].mean(axis=0) for rows in listened])
    one = probing(vectors, clusters, Listeners(profiles, listened), 1.0)
    assert one.probes <= len(clusters.radii)
    assert one.recall == 1


def test_listeners_of_whom_nothing_is_known_count_for_nothing(
    vectors: np.ndarray, clusters: Clusters
) -> None:
    listeners = listeners_to(vectors, 40)
    nobody = np.zeros((40, WIDTH), np.float32)
    mixed = Listeners(np.concatenate([nobody, listeners.profiles]), [*listeners.listened] * 2)
    assert probing(vectors, clusters, mixed).probes == probing(vectors, clusters, listeners).probes
    alone = probing(vectors, clusters, Listeners(nobody, listeners.listened))
    assert (alone.probes, alone.recall) == (1, 1.0)
    with pytest.raises(ValueError, match="listeners: none"):
        probing(vectors, clusters, Listeners(nobody[:0], []))


def test_listeners_are_drawn_from_those_with_listens() -> None:
    songs = sparse.csr_matrix(np.eye(3, 50, dtype=np.float32)[[0, 1, 1]] * [[1], [0], [1]])
    songs.eliminate_zeros()
    drawn = sampled(songs, np.zeros(50, np.int32), 100, seed=1)
    assert {tuple(rows) for rows in drawn} == {(0,), (1,)}


def test_listeners_are_made_up_where_nobody_has_listened() -> None:
    artists = np.repeat(np.arange(100, dtype=np.int32), 30)
    rng = np.random.default_rng(1)
    rng.shuffle(artists)
    drawn = sampled(sparse.csr_matrix((0, 3_000), dtype=np.float32), artists, 300, seed=1)
    sizes = {len(rows) for rows in drawn}
    assert (min(sizes), max(sizes)) == (1, 20)
    assert {len(np.unique(artists[rows])) for rows in drawn} == {1, 2, 3}
    assert all(len(np.unique(rows)) == len(rows) for rows in drawn)
    again = sampled(sparse.csr_matrix((0, 3_000), dtype=np.float32), artists, 300, seed=1)
    assert all((one == other).all() for one, other in zip(drawn, again, strict=True))
