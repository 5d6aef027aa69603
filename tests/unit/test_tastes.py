"""What tastes, the scores by them and the parts of listened songs must be."""

import math

import numpy as np
import pytest
from scipy import sparse

from segue_model.learning import tastes as module
from segue_model.learning.tastes import (
    MOST_TASTES,
    SHARPNESS,
    profiles,
    scores,
    tastes,
)

AXES = np.eye(8, dtype=np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def around(centers: np.ndarray, each: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    vectors = np.repeat(centers, each, axis=0)
    return unit(vectors + rng.normal(0, 0.02, vectors.shape))


def anything(count: int, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, 6)))


def history(count: int, *rows: list[int]) -> sparse.csr_matrix:
    dense = np.zeros((len(rows), count), np.float32)
    for listener, listened in enumerate(rows):
        dense[listener, listened] = 1
    return sparse.csr_matrix(dense)


def partition(groups: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == each).tolist()) for each in groups}


def slow_groups(vectors: np.ndarray, most: int) -> list[int]:
    """Return the taste of each song by the definition, one number at a time."""
    count = range(len(vectors))
    cosine = [[float(vectors[i].astype(float) @ vectors[j]) for j in count] for i in count]
    like = [[math.exp(SHARPNESS * (each - 1)) for each in row] for row in cosine]

    def reach(chosen: list[int]) -> float:
        return sum(max((like[song][one] for one in chosen), default=0.0) for song in count)

    centers: list[int] = []
    while len(centers) < min(most, len(vectors)):
        best = max(count, key=lambda song: reach([*centers, song]))
        if centers and reach([*centers, best]) - reach(centers) < 0.2:
            break
        centers.append(best)
    return [max(range(len(centers)), key=lambda at: cosine[song][centers[at]]) for song in count]


def slow_score(song: np.ndarray, listened: np.ndarray, groups: list[int]) -> float:
    best = -math.inf
    for taste in set(groups):
        members = [listened[at].astype(float) for at, each in enumerate(groups) if each == taste]
        mean = sum(members) / len(members)
        share = len(members) / len(listened)
        product = float(song @ mean) / math.sqrt(float(mean @ mean))
        best = max(best, product + math.log(share) / SHARPNESS)
    return best


def test_unlike_songs_are_of_different_tastes_and_alike_ones_of_the_same() -> None:
    groups, shares = tastes(np.concatenate([around(AXES[:1], 6), around(AXES[1:3], 2, seed=1)]))
    assert partition(groups) == {frozenset(range(6)), frozenset({6, 7}), frozenset({8, 9})}
    assert groups.dtype == np.int32
    assert shares.dtype == np.float32
    assert np.allclose([shares[groups[0]], shares[groups[6]], shares[groups[8]]], [0.6, 0.2, 0.2])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [1, 3, MOST_TASTES])
def test_tastes_are_what_the_definition_says(seed: int, most: int) -> None:
    listened = anything(3 + seed, seed)
    groups, shares = tastes(listened, most)
    assert groups.tolist() == slow_groups(listened, most)
    assert np.allclose(shares, np.bincount(groups) / len(listened))


@pytest.mark.parametrize("seed", range(10))
def test_scores_are_what_the_definition_says(seed: int) -> None:
    songs = anything(40, seed)
    listened = list(range(4 + 3 * seed))
    found = scores(songs, history(40, listened))
    groups = slow_groups(songs[listened], MOST_TASTES)
    expected = [slow_score(song, songs[listened], groups) for song in songs]
    assert found.dtype == np.float32
    assert np.allclose(found[0], expected, atol=2e-6)


def test_a_score_is_the_known_one() -> None:
    songs = np.stack([AXES[0], AXES[1], AXES[0], (AXES[0] + AXES[1]) / np.sqrt(2), AXES[2]])
    found = scores(songs.astype(np.float32), history(5, [0, 1, 2]))[0]
    two_thirds, third = math.log(2 / 3) / 8, math.log(1 / 3) / 8
    expected = [1 + two_thirds, 1 + third, 1 + two_thirds, math.sqrt(0.5) + two_thirds, two_thirds]
    assert np.allclose(found, expected, atol=1e-6)


def test_one_taste_ranks_as_the_mean_cosine_does() -> None:
    songs = anything(200, 4)
    songs[:5] = around(AXES[:1, :6], 5)
    found = scores(songs, history(200, [0, 1, 2, 3, 4]))[0]
    mean = songs @ songs[:5].mean(axis=0)
    assert len(tastes(songs[:5])[1]) == 1
    assert np.allclose(found, mean / np.linalg.norm(songs[:5].mean(axis=0)), atol=1e-6)


def test_a_song_near_the_lesser_taste_comes_before_one_between_the_tastes() -> None:
    between = unit(AXES[:1] + AXES[1:2] + AXES[2:3])
    songs = np.concatenate([around(AXES[:1], 6), around(AXES[1:2], 2), between, AXES[1:2]])
    found = scores(songs, history(10, list(range(8))))[0]
    mean = songs @ songs[:8].mean(axis=0)
    assert found[9] > found[8]
    assert mean[9] < mean[8]


@pytest.mark.parametrize(("likeness", "count"), [(0.81, 1), (0.79, 2)])
def test_a_taste_must_bring_a_fifth_of_a_song(likeness: float, count: int) -> None:
    cosine = 1 + math.log(likeness) / SHARPNESS
    pair = np.array([[1, 0], [cosine, math.sqrt(1 - cosine**2)]], np.float32)
    assert len(tastes(pair)[1]) == count


@pytest.mark.parametrize("most", [1, 2, MOST_TASTES])
def test_there_are_at_most_as_many_tastes_as_said(most: int) -> None:
    groups, shares = tastes(AXES, most)
    assert len(shares) == most
    assert set(groups.tolist()) == set(range(most))
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_songs_changes_no_taste(seed: int) -> None:
    listened = anything(17, seed)
    order = np.random.default_rng(seed).permutation(17)
    groups = np.empty(17, np.int32)
    groups[order] = tastes(listened[order])[0]
    assert partition(groups) == partition(tastes(listened)[0])


def test_neither_plays_nor_the_order_of_entries_count() -> None:
    # Evenly spread: each choice of a center is between equals, and only the order of rows decides.
    angles = np.arange(4) * math.acos(1 + math.log(0.9) / SHARPNESS)
    songs = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    rows = np.array([1, 3, 2, 0], np.int32)
    unsorted = sparse.csr_matrix(
        (np.array([5, 1, 7, 2], np.float32), rows, np.array([0, 4])), shape=(1, 4)
    )
    expected = scores(songs, history(4, [0, 1, 2, 3]))
    assert partition(tastes(songs)[0]) != partition(tastes(songs[::-1][[0, 2, 1, 3]])[0])
    assert scores(songs, unsorted).tobytes() == expected.tobytes()


def test_a_center_that_no_song_is_nearest_to_makes_no_taste(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_centers", lambda cosines, most: [0, 1, 2])
    groups, shares = tastes(AXES[[0, 0, 1]])
    assert groups.tolist() == [0, 0, 1]
    assert np.allclose(shares, [2 / 3, 1 / 3])


def test_equal_songs_are_of_one_taste() -> None:
    groups, shares = tastes(np.repeat(AXES[:2], 3, axis=0))
    assert groups.tolist() == [0, 0, 0, 1, 1, 1]
    assert shares.tolist() == [0.5, 0.5]


def test_of_what_rounding_could_swap_the_first_counts() -> None:
    values = np.array([[0.5, 0.500005, 0.1], [0.5, 0.50002, 0.1]], np.float32)
    assert module._first_best(values).tolist() == [0, 1]


def test_each_listener_is_scored_alone_and_none_without_listens() -> None:
    songs = anything(20, 2)
    together = scores(songs, history(20, [1, 2], [], [7]))
    assert np.array_equal(together[0], scores(songs, history(20, [1, 2]))[0])
    assert (together[1] == 0).all()
    assert np.allclose(together[2], songs @ songs[7], atol=1e-6)


def test_songs_without_features_are_like_none() -> None:
    songs = np.concatenate([np.zeros((3, 8), np.float32), AXES])
    nothing, some = scores(songs, history(11, [0, 1], [0, 1, 3]))
    assert (nothing == 0).all()
    assert np.isfinite(some).all()
    assert np.argmax(some) == 3


def test_songs_that_cancel_out_give_no_direction_to_rounding() -> None:
    one = anything(1, 5)
    pair = np.concatenate([one, -one * np.float32(1 + 1e-6)])
    directions, added = profiles(pair, *tastes(pair, 1))
    assert np.abs(directions).max() < 0.01
    assert added[0] == 0
