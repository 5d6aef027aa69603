"""Figures of merit, against the slow and obvious way."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from segue_model.evaluation.metrics import (
    coverage,
    difference,
    estimate,
    gini,
    hits,
    mean_percentile,
    ndcg,
    percentiles,
    recall,
    times_recommended,
)
from segue_model.evaluation.scoring import (
    accuracy,
    by_history,
    by_popularity,
    popularity_parts,
)
from segue_model.evaluation.split import HeldOut

SONGS, LISTENERS, DEPTH = 300, 40, 100


def naive_recall(ranked: list[int], targets: set[int], cutoff: int) -> float:
    return sum(one in targets for one in ranked[:cutoff]) / min(cutoff, len(targets))


def naive_ndcg(ranked: list[int], targets: set[int], cutoff: int) -> float:
    gain = sum(1 / math.log2(at + 2) for at, one in enumerate(ranked[:cutoff]) if one in targets)
    ideal = sum(1 / math.log2(at + 2) for at in range(min(cutoff, len(targets))))
    return gain / ideal


def matrix(lists: list[list[int]], songs: int = SONGS) -> sparse.csr_matrix:
    indptr = np.cumsum([0, *map(len, lists)])
    indices = np.array([one for each in lists for one in sorted(each)], np.int32)
    return sparse.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(len(lists), songs))


@pytest.fixture(scope="module")
def targets() -> list[list[int]]:
    """Of one listener a single song, of one more songs than are recommended."""
    rng = np.random.default_rng(4)
    sizes = [1, 150, *rng.integers(1, 60, LISTENERS - 2)]
    return [rng.choice(SONGS, size, replace=False).tolist() for size in sizes]


@pytest.fixture(scope="module")
def ranked() -> np.ndarray:
    """Some answers are shorter, one is empty."""
    rng = np.random.default_rng(5)
    found = np.array([rng.permutation(SONGS)[:DEPTH] for _ in range(LISTENERS)])
    found[3, 30:] = found[4, 5:] = found[5] = -1
    return found


@pytest.mark.parametrize("cutoff", [1, 20, 50, 100])
def test_recall_is_that_of_the_obvious_way(
    ranked: np.ndarray, targets: list[list[int]], cutoff: int
) -> None:
    found = recall(hits(ranked, matrix(targets)), matrix(targets), cutoff)
    pairs = zip(ranked.tolist(), map(set, targets), strict=True)
    expected = [naive_recall(one, wanted, cutoff) for one, wanted in pairs]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.max() > 0


@pytest.mark.parametrize("cutoff", [1, 10, 100])
def test_ndcg_is_that_of_the_obvious_way(
    ranked: np.ndarray, targets: list[list[int]], cutoff: int
) -> None:
    found = ndcg(hits(ranked, matrix(targets)), matrix(targets), cutoff)
    pairs = zip(ranked.tolist(), map(set, targets), strict=True)
    expected = [naive_ndcg(one, wanted, cutoff) for one, wanted in pairs]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_known_answers() -> None:
    ranked = np.array([[3, 1, 2, -1], [0, 4, -1, -1]])
    wanted = matrix([[1, 2], [0]], 5)
    assert hits(ranked, wanted).tolist() == [
        [False, True, True, False],
        [True, False] + [False] * 2,
    ]
    assert recall(hits(ranked, wanted), wanted, 2).tolist() == [0.5, 1.0]
    gains = [(1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3)), 1.0]
    np.testing.assert_allclose(ndcg(hits(ranked, wanted), wanted, 4), gains, rtol=1e-15)


def test_perfect_answers_reach_one_even_where_targets_outnumber_ranks() -> None:
    ranked = np.arange(100)[np.newaxis, :]
    wanted = matrix([list(range(150))])
    found = hits(ranked, wanted)
    assert recall(found, wanted, 20).tolist() == [1.0]
    np.testing.assert_allclose(ndcg(found, wanted, 100), [1.0], rtol=1e-15)


def test_fewer_ranks_than_the_cutoff_are_enough() -> None:
    ranked, wanted = np.array([[7, 8]]), matrix([[8, 9]])
    assert recall(hits(ranked, wanted), wanted, 20).tolist() == [0.5]
    np.testing.assert_allclose(
        ndcg(hits(ranked, wanted), wanted, 100), [(1 / math.log2(3)) / (1 + 1 / math.log2(3))]
    )


def test_padding_is_no_hit_though_the_last_song_of_the_one_before_is_a_target() -> None:
    assert not hits(np.array([[0], [-1]]), matrix([[SONGS - 1], [5]])).any()


def test_estimates_are_means_with_standard_errors() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.5])
    found = estimate(values)
    assert found.value == 0.625
    assert found.standard_error == pytest.approx(math.sqrt(np.var(values) * 4 / 3 / 4))
    assert estimate(np.array([0.25])).standard_error == 0


def test_differences_are_paired() -> None:
    theirs = np.array([0.0, 0.5, 0.9, 0.1])
    found = difference(theirs + 0.125, theirs)
    assert found.value == pytest.approx(0.125)
    assert found.standard_error == pytest.approx(0, abs=1e-12)


def test_coverage_and_gini_are_those_of_the_obvious_way(ranked: np.ndarray) -> None:
    times = times_recommended(ranked, SONGS, 10)
    counted = Counter(one for row in ranked.tolist() for one in row[:10] if one >= 0)
    assert times.tolist() == [counted[song] for song in range(SONGS)]
    assert coverage(times) == len(counted) / SONGS
    apart = sum(abs(one - other) for one in times.tolist() for other in times.tolist())
    assert gini(times) == pytest.approx(apart / (2 * SONGS * int(times.sum())))


def test_gini_is_nothing_when_even_and_nearly_one_on_one_song() -> None:
    assert gini(np.full(50, 3)) == pytest.approx(0)
    assert gini(np.eye(1, 50, 7, dtype=np.int64)[0] * 9) == pytest.approx(0.98)
    assert gini(np.zeros(5, np.int64)) == 0


def test_percentiles_count_the_songs_that_are_less_popular() -> None:
    popularity = np.array([5.0, 0, 0, 9, 5])
    expected = []
    for at, own in enumerate(popularity):
        others = np.delete(popularity, at)
        expected.append((np.sum(others < own) + np.sum(others == own) / 2) / len(others))
    np.testing.assert_allclose(percentiles(popularity), expected)
    assert percentiles(np.array([3.0])).tolist() == [0]
    times = np.array([2, 0, 0, 1, 1])
    found = mean_percentile(times, popularity)
    assert found == pytest.approx(np.average(expected, weights=times))
    assert mean_percentile(np.zeros(5, np.int64), popularity) == 0


@pytest.fixture
def held_out(targets: list[list[int]]) -> HeldOut:
    lengths = [1, 4, 5, 9, 10, 250, *[30] * (LISTENERS - 6)]
    rng = np.random.default_rng(6)
    shown = [rng.choice(SONGS, length, replace=False).tolist() for length in lengths]
    return HeldOut(np.arange(LISTENERS, dtype=np.int32), matrix(shown), matrix(targets))


def test_accuracy_is_made_of_the_three_figures(ranked: np.ndarray, held_out: HeldOut) -> None:
    found = accuracy(ranked, held_out)
    met = hits(ranked, held_out.targets)
    assert np.array_equal(found.recall_at_20, recall(met, held_out.targets, 20))
    assert np.array_equal(found.recall_at_50, recall(met, held_out.targets, 50))
    assert np.array_equal(found.ndcg_at_100, ndcg(met, held_out.targets, 100))
    beyond = found.beyond(found)
    assert beyond.ndcg_at_100.value == beyond.ndcg_at_100.standard_error == 0


def test_histories_are_grouped_by_their_length(ranked: np.ndarray, held_out: HeldOut) -> None:
    recalls = accuracy(ranked, held_out).recall_at_20
    groups = by_history(recalls, held_out)
    assert [(group.label, group.count) for group in groups] == [
        ("1-4", 2),
        ("5-9", 2),
        ("10-19", 1),
        ("20-49", LISTENERS - 6),
        ("200+", 1),
    ]
    assert groups[1].recall_at_20 == estimate(recalls[2:4])


def test_parts_by_popularity_hold_a_tenth_of_the_listens_each() -> None:
    listens = np.array([1000, 0, *[10] * 100, *[5] * 200, 100, 900])
    parts = popularity_parts(listens)
    assert parts[0] == 1  # its listens are a fourth of all, in the middle of the first five parts
    assert len(set(parts[2:102])) == 1
    assert parts[1] == 9
    for more, fewer in ((0, 303), (303, 302), (302, 2), (2, 102)):
        assert parts[more] <= parts[fewer]
    even = popularity_parts(np.arange(1000, 2000))
    for part in range(10):
        assert np.arange(1000, 2000)[even == part].sum() == pytest.approx(149_950, rel=0.02)


def test_recall_by_popularity_counts_targets_met(ranked: np.ndarray, held_out: HeldOut) -> None:
    listens = np.arange(SONGS)[::-1].copy()
    parts = popularity_parts(listens)
    groups = by_popularity(ranked, held_out, listens)
    assert [group.label for group in groups] == [str(at) for at in range(1, 11)]
    for at, group in enumerate(groups):
        met = [
            target in row[:20]
            for row, wanted in zip(ranked.tolist(), held_out.targets.tolil().rows, strict=True)
            for target in wanted
            if parts[target] == at
        ]
        assert group.count == len(met)
        assert group.recall_at_20.value == pytest.approx(np.mean(met))


def test_the_error_of_pooled_targets_is_that_of_the_mean_when_listeners_have_one_each() -> None:
    ranked = np.where(np.arange(200)[:, np.newaxis] % 4 == 0, 7, 8)
    held_out = HeldOut(np.arange(200, dtype=np.int32), matrix([[1]] * 200), matrix([[7]] * 200))
    (group,) = by_popularity(ranked, held_out, np.eye(1, SONGS, 7, dtype=np.int64)[0])
    assert group.recall_at_20.value == 0.25
    assert group.recall_at_20.standard_error == pytest.approx(math.sqrt(0.25 * 0.75 / 200))
