"""EASE in closed form and with few unknowns: known answers, edges, the same bytes each time."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from segue_model.data.interactions import Interactions
from segue_model.learning import inverse, item_item_closed, item_item_sparse
from segue_model.learning.gram import Gram, counted, gram_rows, merged
from segue_model.learning.item_item import Form, ItemItemOptions, fit_counted, fit_item_item
from segue_model.learning.neighbor_table import (
    NONE,
    NeighborTable,
    entries,
    scores,
    strongest,
)
from segue_model.learning.workers import workers

ALL = ItemItemOptions(regularization=5.0, neighbors=60, min_listeners=1, form="closed")


def heard(listeners: int, songs: int, seed: int = 0) -> Interactions:
    """Listeners of one of four tastes; the songs of a taste are `songs` / 4 apart in popularity."""
    rng = np.random.default_rng(seed)
    taste = rng.integers(4, size=(listeners, 1)) == np.arange(songs) % 4
    chance = np.where(taste, 0.5, 0.05) / (1 + np.arange(songs) / songs)
    plays = (rng.random((listeners, songs)) < chance) * rng.integers(1, 9, (listeners, songs))
    return interactions(plays)


def interactions(plays: np.ndarray) -> Interactions:
    matrix = sparse.csr_matrix(plays.astype(np.float32))
    return Interactions(np.arange(1, len(plays) + 1, dtype=np.int32), matrix)


def dense(table: NeighborTable) -> np.ndarray:
    """The weights [W, W], of the listened song by row."""
    full = np.zeros((len(table.songs), len(table.songs)))
    rows, columns = np.nonzero(table.neighbors != NONE)
    full[rows, table.neighbors[rows, columns]] = table.weights[rows, columns]
    return full


def ease(binary: np.ndarray, regularization: float) -> np.ndarray:
    """The weights as the paper has them, by the plain inverse."""
    gram = binary.T @ binary + regularization * np.eye(binary.shape[1])
    inverted = np.linalg.inv(gram)
    weights: np.ndarray = -inverted / np.diag(inverted)
    weights[np.diag_indices_from(weights)] = 0
    return weights


@pytest.mark.parametrize(("tile", "slab"), [(7, 7), (16, 4), (60, 30), (1024, 128)])
def test_the_closed_form_is_that_of_the_paper(
    monkeypatch: pytest.MonkeyPatch, tile: int, slab: int
) -> None:
    for module in (inverse, item_item_closed):
        monkeypatch.setattr(module, "TILE", tile)
    monkeypatch.setattr(item_item_closed, "SLAB", slab)
    made = heard(300, 60)
    table = fit_item_item(made, ALL)
    expected = ease((made.matrix.toarray() > 0).astype(float), 5.0)
    np.testing.assert_allclose(dense(table), expected, atol=2e-5)
    assert np.abs(expected).max() > 0.1


def test_listened_songs_speak_in_their_rows_for_the_others() -> None:
    # Everyone who plays song 1 plays song 0, which many play: 1 says more of 0 than 0 of 1.
    plays = np.zeros((40, 2))
    plays[:30, 0] = plays[:5, 1] = 1
    weights = dense(fit_item_item(interactions(plays), replace(ALL, regularization=1.0)))
    assert weights[1, 0] == pytest.approx(5 / 6, abs=1e-6)
    assert weights[0, 1] == pytest.approx(5 / 31, abs=1e-6)


def test_the_sparse_form_with_all_songs_similar_is_the_closed_form() -> None:
    made = heard(2000, 60)
    assert common(made.matrix).nnz == 60 * 60
    some = fit_item_item(made, replace(ALL, form="sparse"))
    np.testing.assert_allclose(dense(some), dense(fit_item_item(made, ALL)), atol=2e-5)


def test_the_sparse_form_solves_for_the_most_similar_songs_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_item_sparse, "SLAB", 7)
    made = heard(200, 30)
    table = fit_item_item(made, replace(ALL, neighbors=6, form="sparse"))
    binary = (made.matrix.toarray() > 0).astype(float)
    gram = binary.T @ binary
    # What a song shares with another is compared to the other's length; its own is one factor.
    cosine = (gram / np.sqrt(np.diag(gram))[:, None]).astype(np.float32)
    np.fill_diagonal(cosine, 0)
    expected = np.zeros_like(gram)
    for song in range(30):
        near = np.argsort(-cosine[:, song], kind="stable")[:6]
        system = gram[np.ix_(near, near)] + 5.0 * np.eye(6)
        expected[near, song] = np.linalg.solve(system, gram[near, song])
    found = dense(table)
    # A song keeps six, though more of them may be foretold by it.
    np.testing.assert_allclose(found[found != 0], expected[found != 0], atol=1e-5)
    assert ((found != 0).sum(axis=1) == np.minimum((expected != 0).sum(axis=1), 6)).all()


def test_the_sparse_form_ranks_almost_like_the_closed_form() -> None:
    made = heard(3000, 400, seed=5)
    closed = fit_item_item(made, replace(ALL, neighbors=400, regularization=50.0))
    few = fit_item_item(made, replace(ALL, neighbors=100, regularization=50.0, form="sparse"))
    history = made.matrix[:200]
    unheard = history.toarray() == 0
    pairs = zip(scores(closed, history), scores(few, history), unheard, strict=True)
    alike = [np.corrcoef(one[free], other[free])[0, 1] for one, other, free in pairs]
    assert np.mean(alike) > 0.85


@pytest.mark.parametrize("form", ["closed", "sparse"])
def test_plays_count_once_and_names_of_listeners_do_not_count(form: Form) -> None:
    made = heard(100, 30)
    options = ItemItemOptions(5.0, 10, 1, form)
    once = Interactions(made.listeners + 7, made.binary())
    assert digest(fit_item_item(made, options)) == digest(fit_item_item(once, options))


def test_a_song_keeps_its_largest_weights_by_magnitude() -> None:
    made = heard(300, 60)
    whole = dense(fit_item_item(made, ALL))
    table = fit_item_item(made, replace(ALL, neighbors=7))
    assert table.neighbors.shape == table.weights.shape == (60, 7)
    for row, (kept, weights) in enumerate(zip(table.neighbors, table.weights, strict=True)):
        assert kept.tolist() == np.argsort(-np.abs(whole[row]), kind="stable")[:7].tolist()
        assert weights.tolist() == whole[row, kept].astype(np.float32).tolist()
    assert (table.weights < 0).any()


@pytest.mark.parametrize("form", ["closed", "sparse"])
def test_songs_of_too_few_listeners_are_neither_learned_of_nor_counted(form: Form) -> None:
    made = heard(100, 30)
    plays = made.matrix.toarray()
    plays[:, [3, 8]] = 0
    plays[0, 3] = plays[:2, 8] = 1
    options = ItemItemOptions(5.0, 40, 2, form)
    table = fit_item_item(interactions(plays), options)
    assert table.songs.tolist() == [song for song in range(30) if song != 3]
    without = fit_item_item(interactions(np.delete(plays, 3, axis=1)), options)
    np.testing.assert_array_equal(table.weights, without.weights)
    assert not scores(table, sparse.csr_matrix(np.eye(30))[3]).any()


@pytest.mark.parametrize("form", ["closed", "sparse"])
def test_one_listener_is_enough_and_nobody_makes_an_empty_table(form: Form) -> None:
    options = ItemItemOptions(1.0, 5, 1, form)
    table = fit_item_item(interactions(np.array([[2, 0, 1, 1]])), options)
    assert table.songs.tolist() == [0, 2, 3]
    # (J + I)⁻¹ of three songs heard by one listener: each other song is worth a third.
    np.testing.assert_allclose(table.weights, [[1 / 3, 1 / 3, 0, 0, 0]] * 3, rtol=1e-5)
    assert table.neighbors.tolist() == [[1, 2, -1, -1, -1], [0, 2, -1, -1, -1], [0, 1, -1, -1, -1]]
    nothing = Interactions(np.zeros(0, np.int32), sparse.csr_matrix((0, 4), dtype=np.float32))
    for made in (nothing, interactions(np.zeros((2, 4)))):
        empty = fit_item_item(made, options)
        assert empty.neighbors.shape == empty.weights.shape == (0, 5)
        assert scores(empty, sparse.csr_matrix((3, 4))).shape == (3, 0)


def test_scores_are_sums_over_listened_songs_whatever_was_played_how_often() -> None:
    made = heard(80, 20)
    table = fit_item_item(made, replace(ALL, neighbors=5, min_listeners=9))
    assert 0 < len(table.songs) < 20
    found = scores(table, made.matrix)
    assert found.dtype == np.float32
    listened = made.matrix.toarray()[:, table.songs] > 0
    np.testing.assert_allclose(found, listened @ dense(table), atol=1e-5)


def common(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The common listeners of each two songs."""
    listened = counted(matrix)
    gram = (listened.T @ listened).tocsr()
    gram.sort_indices()
    return gram


@pytest.mark.parametrize("form", ["closed", "sparse"])
def test_common_listeners_counted_elsewhere_teach_the_same(form: Form) -> None:
    made, options = heard(300, 80), replace(ALL, form=form, neighbors=20)
    here = fit_item_item(made, options)
    whole = common(made.matrix[:, here.songs])

    def rows(songs: int) -> Iterator[sparse.csr_matrix]:
        for start in range(0, whole.shape[0], songs):
            yield whole[start : start + songs]

    there = fit_counted(Gram(here.songs, rows), options)
    for field in ("songs", "neighbors", "weights"):
        np.testing.assert_array_equal(getattr(there, field), getattr(here, field))


def test_a_regularization_that_the_arithmetic_cannot_bear_is_refused() -> None:
    made = heard(2000, 60)
    twins = sparse.hstack([made.matrix] * 2, format="csr")
    with pytest.raises(ValueError, match="regularization: 1e-06 is too small for these listens"):
        fit_item_item(Interactions(made.listeners, twins), replace(ALL, regularization=1e-6))


def test_grams_of_parts_add_up_to_that_of_all() -> None:
    made = heard(200, 30).matrix
    whole = common(made)
    binary = (made.toarray() > 0).astype(int)
    assert whole.dtype == np.int32
    assert (whole.toarray() == binary.T @ binary).all()
    cuts = list(pairwise([0, 1, 90, 90, 200]))
    total = merged([common(made[start:end]) for start, end in cuts])
    for field in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(total, field), getattr(whole, field))
    with workers() as threads:
        rows = sparse.vstack(list(gram_rows(made, 7, threads)))
    assert (rows.toarray() == whole.toarray()).all()
    with pytest.raises(ValueError, match="parts: there is none"):
        merged([])


def test_the_largest_weights_come_first_and_of_equal_ones_the_lower_column() -> None:
    weights = np.array([[0.5, -2, 0, 0.5, -0.5, 1], [0, 0, 0, 0, 0, -1]], np.float32)
    rows = entries(sparse.csr_matrix(weights))
    backwards = [(columns[::-1], values[::-1]) for columns, values in rows]
    for given in (rows, backwards):
        columns, values = strongest(given, 3)
        assert columns.tolist() == [[1, 5, 0], [5, NONE, NONE]]
        assert values.tolist() == [[-2, 1, 0.5], [-1, 0, 0]]
    assert strongest(rows, 9)[0][0].tolist() == [1, 5, 0, 3, 4, *[NONE] * 4]


def digest(table: NeighborTable) -> str:
    return hashlib.sha256(
        table.songs.tobytes() + table.neighbors.tobytes() + table.weights.tobytes()
    ).hexdigest()


def digests() -> list[str]:
    """What the larger of the test's data come to: wider than a tile, so that all is shared out.

    BLAS on several threads adds up a tile of 700 in another order than on one.
    """
    wide, narrow = heard(600, 1724, seed=1), heard(600, 300, seed=1)
    few = replace(ALL, form="sparse")
    return [digest(fit_item_item(wide, ALL)), digest(fit_item_item(narrow, few))]


def test_the_same_bytes_come_out_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = digests()
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert digests() == expected
    code = f"import sys; sys.path += {sys.path!r}; import test_item_item as t; print(t.digests())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ, OPENBLAS_NUM_THREADS="1"),  # noqa: TID251 - of a process
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(expected)


@pytest.mark.parametrize(("form", "step"), [("closed", "inverting"), ("sparse", "solving")])
def test_progress_only_grows_in_each_step(form: Form, step: str) -> None:
    told: list[tuple[str, float]] = []
    options = replace(ALL, form=form)
    fit_item_item(heard(100, 80), options, lambda name, share: told.append((name, share)))
    assert {step, "counting common listeners"} <= {name for name, _ in told}
    for name in {name for name, _ in told}:
        shares = [share for other, share in told if other == name]
        assert shares == sorted(shares)
        assert 0 <= shares[0] <= shares[-1] <= 1


def test_the_form_goes_by_the_number_of_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    made = heard(60, 40)
    told: list[str] = []
    for most in (40, 39):
        monkeypatch.setattr("segue_model.learning.item_item.CLOSED_AT_MOST", most)
        fit_item_item(made, ItemItemOptions(min_listeners=1), lambda name, _: told.append(name))
    assert [name for name in dict.fromkeys(told) if name in ("inverting", "solving")] == [
        "inverting",
        "solving",
    ]


def test_every_song_is_in_one_group_with_songs_similar_to_it() -> None:
    similar = np.array([[2, 3], [0, NONE], [0, 1], [4, 0], [3, NONE]], np.int32)
    groups = [group.tolist() for group in item_item_sparse._groups(similar)]
    assert groups == [[0, 2, 3], [1], [4]]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("regularization", 0.0),
        ("regularization", float("nan")),
        ("neighbors", 0),
        ("min_listeners", 0),
        ("form", "dense"),
    ],
)
def test_options_out_of_range_are_named(option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{option}: "):
        ItemItemOptions(**{option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("songs", np.array([4, 2], np.int32), "not in order"),
        ("neighbors", np.array([[1], [2]], np.int32), "not positions among 2"),
        ("neighbors", np.array([[0], [0]], np.int32), "among its own"),
        ("neighbors", np.array([[1]], np.int32), "not two tables"),
        ("weights", np.array([[np.nan], [0.5]], np.float32), "not finite"),
        ("neighbors", np.array([[-1], [0]], np.int32), "not 0 where"),
    ],
)
def test_a_table_that_cannot_be_is_refused(field: str, value: np.ndarray, reason: str) -> None:
    table = NeighborTable(
        np.array([2, 4], np.int32),
        np.array([[1], [0]], np.int32),
        np.array([[0.5], [0.5]], np.float32),
    )
    with pytest.raises(ValueError, match=reason):
        replace(table, **{field: value})
