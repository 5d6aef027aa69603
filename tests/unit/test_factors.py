"""Factors of songs: what training makes smaller, and what a listener's songs make of them."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from segue_model.data.interactions import Interactions
from segue_model.data.progress import silent
from segue_model.learning import factors_chunks
from segue_model.learning.factors import Factors, fit_factors, shrinkage_of
from segue_model.learning.factors_chunks import chunks
from segue_model.learning.factors_descent import Side, descend
from segue_model.learning.factors_fold_in import fold_in, scores
from segue_model.learning.factors_options import FactorsOptions
from segue_model.learning.factors_products import gramian, product

Table = npt.NDArray[Any]

# Conjugate gradients are exact after as many steps as there are dimensions, and 3 are taken.
EXACT = FactorsOptions(
    dimensions=3,
    regularization=0.02,
    unobserved_weight=0.2,
    nu=0.7,
    epochs=5,
    seed=3,
)
WIDE = FactorsOptions(dimensions=24, regularization=0.01, unobserved_weight=0.1, epochs=4)


def interactions(matrix: npt.ArrayLike | sparse.csr_matrix) -> Interactions:
    plays = sparse.csr_matrix(matrix, dtype=np.float32)
    return Interactions(np.arange(1, plays.shape[0] + 1, dtype=np.int32), plays)


def random_listens(listeners: int = 60, songs: int = 40, share: float = 0.15) -> Interactions:
    rng = np.random.default_rng(1)
    plays = rng.integers(1, 30, (listeners, songs)) * (rng.random((listeners, songs)) < share)
    return interactions(plays)


def exact_vectors(listens: Table, others: Table, options: FactorsOptions) -> Table:
    """The best vectors of the rows of `listens`, by the objective as it is written."""
    rows = []
    for row in listens:
        weights = np.diag(options.unobserved_weight + (row > 0))
        shrinkage = (row.sum() + options.unobserved_weight * len(row)) ** options.nu
        matrix = others.T @ weights @ others
        matrix += options.regularization * shrinkage * np.eye(others.shape[1])
        rows.append(np.linalg.solve(matrix, others.T @ (row > 0)))
    return np.array(rows)


def exact_factors(listens: Table, options: FactorsOptions) -> Table:
    rng = np.random.default_rng(options.seed)
    of_songs = rng.standard_normal((listens.shape[1], options.dimensions), np.float32)
    of_songs = of_songs.astype(np.float64) * 0.1 / np.sqrt(options.dimensions)
    for _ in range(options.epochs):
        of_listeners = exact_vectors(listens, of_songs, options)
        of_songs = exact_vectors(listens.T, of_listeners, options)
    return of_songs


def objective(listens: Table, factors: Factors, options: FactorsOptions) -> float:
    of_songs = factors.vectors.astype(np.float64)
    of_listeners = exact_vectors(listens, of_songs, options)
    products = of_listeners @ of_songs.T
    loss = ((1 - products) ** 2)[listens > 0].sum()
    loss += options.unobserved_weight * (products**2).sum()
    for vectors, table in ((of_listeners, listens), (of_songs, listens.T)):
        counts = table.sum(axis=1) + options.unobserved_weight * table.shape[1]
        loss += options.regularization * (counts**options.nu * (vectors**2).sum(axis=1)).sum()
    return float(loss)


@pytest.mark.parametrize("options", [EXACT, replace(EXACT, nu=1.0), replace(EXACT, nu=0.0)])
def test_training_solves_what_the_objective_says(options: FactorsOptions) -> None:
    listens = random_listens()
    factors = fit_factors(listens, options, silent)
    wanted = exact_factors(listens.binary().toarray(), options)
    np.testing.assert_allclose(factors.vectors, wanted, atol=2e-4 * np.abs(wanted).max())


def test_every_epoch_makes_the_objective_smaller() -> None:
    listens = random_listens()
    table = listens.binary().toarray()
    losses = [
        objective(table, fit_factors(listens, replace(WIDE, epochs=epochs), silent), WIDE)
        for epochs in range(1, 12)
    ]
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.8 * losses[0]


def test_few_steps_end_where_exact_solutions_do() -> None:
    listens = random_listens()
    table = listens.binary().toarray()
    options = replace(WIDE, epochs=40)
    factors = fit_factors(listens, options, silent)
    exact = replace(factors, vectors=exact_factors(table, options).astype(np.float32))
    reached, best = (objective(table, each, options) for each in (factors, exact))
    assert reached == pytest.approx(best, rel=2e-3)


def test_a_listener_folds_in_as_training_would_have_it() -> None:
    listens = random_listens()
    factors = fit_factors(listens, EXACT, silent)
    trained = np.zeros((60, EXACT.dimensions), np.float32)
    binary = listens.binary()
    shrinkage = shrinkage_of(np.diff(binary.indptr), 40, EXACT).astype(np.float32)
    other = Side.of(factors.vectors, EXACT.unobserved_weight)
    descend(chunks(binary, EXACT.dimensions), trained, other, shrinkage)
    folded = fold_in(factors, binary)
    np.testing.assert_allclose(folded, trained, atol=1e-4 * np.abs(folded).max())
    wanted = exact_vectors(binary.toarray(), factors.vectors.astype(np.float64), EXACT)
    np.testing.assert_allclose(folded, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(other.gramian, factors.gramian)


def test_where_nothing_is_left_to_improve_nothing_changes() -> None:
    listens = random_listens().binary()
    vectors = np.zeros((60, 4), np.float32)
    other = Side.of(np.zeros((40, 4), np.float32), 0.1)
    descend(chunks(listens, 4), vectors, other, np.ones(60, np.float32))
    assert (vectors == 0).all()


def test_listeners_are_recommended_what_their_like_listen_to() -> None:
    table = np.kron(np.eye(2), np.ones((10, 8)))
    table[np.arange(20), np.arange(20) % 8 + 8 * (np.arange(20) >= 10)] = 0
    factors = fit_factors(interactions(table), WIDE, silent)
    found = scores(factors, sparse.csr_matrix(table, dtype=np.float32))
    for row, hidden in enumerate(np.arange(20) % 8 + 8 * (np.arange(20) >= 10)):
        assert np.where(table[row] > 0, -np.inf, found[row]).argmax() == hidden


def test_how_often_a_song_was_played_does_not_matter() -> None:
    listens = random_listens()
    once = fit_factors(interactions(listens.binary()), WIDE, silent)
    np.testing.assert_array_equal(fit_factors(listens, WIDE, silent).vectors, once.vectors)
    many = scores(once, listens.matrix)
    np.testing.assert_array_equal(many, scores(once, listens.binary()))


def test_songs_with_too_few_listeners_have_no_vector_and_do_not_count() -> None:
    table = random_listens().binary().toarray()
    table[:, [4, 17]] = 0
    table[[0, 1], 4] = 1
    few = fit_factors(interactions(table), replace(WIDE, min_listeners=3), silent)
    assert few.songs.dtype == np.int32
    counts = table.sum(axis=0)
    np.testing.assert_array_equal(few.songs, np.flatnonzero(counts >= 3))
    assert {4, 17}.isdisjoint(few.songs.tolist())
    kept = np.delete(table, [4, 17], axis=1)
    np.testing.assert_array_equal(
        few.vectors, fit_factors(interactions(kept), WIDE, silent).vectors
    )
    history = np.zeros((3, 40), np.float32)
    history[0, [4, 17]] = history[1, [4, 9]] = history[2, 9] = 1
    folded = fold_in(few, sparse.csr_matrix(history))
    assert (folded[0] == 0).all()
    np.testing.assert_array_equal(folded[1], folded[2])
    assert (folded[1] != 0).any()


def test_a_song_with_just_enough_listeners_has_a_vector() -> None:
    table = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0]])
    assert fit_factors(
        interactions(table), replace(WIDE, min_listeners=2), silent
    ).songs.tolist() == [0, 1]


def test_listeners_left_without_a_song_count_as_nobody() -> None:
    table = random_listens().binary().toarray()
    table[:, 0] = 0
    alone = np.vstack([np.eye(1, 40), table, np.zeros((1, 40))])
    options = replace(WIDE, min_listeners=2)
    with_them = fit_factors(interactions(alone), options, silent)
    np.testing.assert_array_equal(
        with_them.vectors, fit_factors(interactions(table), options, silent).vectors
    )


def test_one_listener_is_enough() -> None:
    factors = fit_factors(interactions([[0, 2, 0, 1]]), WIDE, silent)
    assert factors.songs.tolist() == [1, 3]
    history = sparse.csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 0, 0]], np.float32))
    found = scores(factors, history)
    assert found.shape == (2, 2)
    assert found[0, 1] > 0
    assert (found[1] == 0).all()


@pytest.mark.parametrize("shape", [(0, 5), (4, 5), (0, 0)])
def test_without_listens_there_is_no_vector(shape: tuple[int, int]) -> None:
    factors = fit_factors(interactions(np.zeros(shape)), WIDE, silent)
    assert factors.vectors.shape == (0, WIDE.dimensions)
    assert factors.songs.shape == (0,)
    assert (factors.gramian == 0).all()
    assert scores(factors, sparse.csr_matrix((3, shape[1]), dtype=np.float32)).shape == (3, 0)


def test_progress_goes_from_nothing_to_all() -> None:
    told: list[tuple[str, float]] = []
    fit_factors(random_listens(), WIDE, lambda step, share: told.append((step, share)))
    assert {step for step, _ in told} == {"learning factors"}
    assert [share for _, share in told] == [at / 8 for at in range(9)]


@pytest.mark.parametrize(("listeners", "songs"), [(60, 40), (200, 9)])
def test_histories_in_pieces_are_learned_from_as_whole_ones(
    monkeypatch: pytest.MonkeyPatch, listeners: int, songs: int
) -> None:
    listens = random_listens(listeners, songs, 0.4)
    whole = fit_factors(listens, WIDE, silent)
    monkeypatch.setattr(factors_chunks, "CHUNK", 7 * WIDE.dimensions)
    cut = fit_factors(listens, WIDE, silent)
    np.testing.assert_allclose(cut.vectors, whole.vectors, atol=1e-4 * np.abs(whole.vectors).max())


def test_chunks_hold_every_row_once_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors_chunks, "CHUNK", 64)
    rng = np.random.default_rng(5)
    table = rng.random((90, 70)) < np.linspace(0, 0.9, 90)[:, None] ** 3
    found = chunks(sparse.csr_matrix(table, dtype=np.float32), 8)
    rows = np.concatenate([chunk.rows for chunk in found])
    assert sorted(rows.tolist()) == np.flatnonzero(table.any(axis=1)).tolist()
    for chunk in found:
        assert chunk.columns.shape[2] <= 8
        assert chunk.columns.size <= 8 or len(chunk.rows) == 1
        for row, columns in zip(chunk.rows, chunk.columns, strict=True):
            there = columns[columns < 70]
            np.testing.assert_array_equal(there, np.flatnonzero(table[row]))
            assert (columns[columns >= 70] == 70).all()
    assert len(found) < len(rows)


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize("dimensions", [1, 64, 130])
def test_products_in_tiles_are_products(rows: int, dimensions: int) -> None:
    rng = np.random.default_rng(rows)
    left = rng.standard_normal((rows, dimensions), np.float32)
    right = rng.standard_normal((dimensions, 70), np.float32)
    np.testing.assert_allclose(product(left, right), left @ right, atol=1e-3)
    found = gramian(left)
    np.testing.assert_allclose(found, left.astype(np.float64).T @ left, atol=1e-3)
    np.testing.assert_array_equal(found, found.T)


def test_gramians_of_many_rows_count_all_of_them() -> None:
    vectors = np.random.default_rng(2).standard_normal((9_001, 5), np.float32)
    wanted = vectors.astype(np.float64).T @ vectors
    np.testing.assert_allclose(gramian(vectors), wanted, rtol=1e-5, atol=1e-2)


BYTES = """
import hashlib, os, sys
os.cpu_count = lambda: int(sys.argv[1])
import numpy as np
from scipy import sparse
from segue_model.data.interactions import Interactions
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_options import FactorsOptions
rng = np.random.default_rng(0)
table = sparse.csr_matrix((rng.random((5000, 60)) < rng.random(60) ** 2).astype(np.float32))
found = fit_factors(
    Interactions(np.arange(5000, dtype=np.int32), table),
    FactorsOptions(dimensions=130, epochs=2),
    lambda step, share: None,
)
print(hashlib.sha256(found.vectors.tobytes() + found.gramian.tobytes()).hexdigest())
"""


def digest(processors: int, blas: int) -> str:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(blas)}  # noqa: TID251 - passed on
    done = subprocess.run(
        [sys.executable, "-c", BYTES, str(processors)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_bytes_are_the_same_on_any_number_of_threads() -> None:
    assert digest(1, 1) == digest(4, 1) == digest(3, 2)


def test_bytes_depend_on_the_seed_alone() -> None:
    listens = random_listens()

    def found(seed: int) -> str:
        factors = fit_factors(listens, replace(WIDE, seed=seed), silent)
        return hashlib.sha256(factors.vectors.tobytes()).hexdigest()

    assert found(1) == found(1) != found(2)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("dimensions", 0, "not at least 1: 0"),
        ("epochs", 0, "not at least 1: 0"),
        ("min_listeners", 0, "not at least 1: 0"),
        ("regularization", 0.0, "not a positive number: 0.0"),
        ("regularization", float("nan"), "not a positive number: nan"),
        ("unobserved_weight", -1.0, "not a positive number: -1.0"),
        ("unobserved_weight", float("inf"), "not a positive number: inf"),
        ("nu", 1.5, "not from 0 to 1: 1.5"),
        ("nu", -0.1, "not from 0 to 1: -0.1"),
        ("nu", float("nan"), "not from 0 to 1: nan"),
        ("seed", -1, "negative: -1"),
    ],
)
def test_options_out_of_range_are_refused_by_name(name: str, value: float, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: {reason}$"):
        replace(WIDE, **{name: value})  # type: ignore[arg-type]


def test_factors_that_do_not_fit_together_are_refused() -> None:
    songs, vectors = np.array([1, 4], np.int32), np.zeros((2, 3), np.float32)
    terms = (np.zeros((3, 3), np.float32), 0.1, 1.0, 0.1)
    Factors(songs, vectors, *terms)
    with pytest.raises(ValueError, match="songs: not 2 positions in order"):
        Factors(songs[::-1], vectors, *terms)
    with pytest.raises(ValueError, match="songs: not 2 positions in order"):
        Factors(songs[[1, 1]], vectors, *terms)
    with pytest.raises(ValueError, match="songs: not 3 positions in order"):
        Factors(songs, np.zeros((3, 3), np.float32), *terms)
    with pytest.raises(ValueError, match="gramian: not of 3 dimensions"):
        Factors(songs, vectors, np.zeros((2, 2), np.float32), *terms[1:])
