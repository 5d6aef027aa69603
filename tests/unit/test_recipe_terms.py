"""Artists among their terms: alike are those whose telling terms are, by a truncated SVD."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from recipe_songs import random_terms
from segue_model.ingest.recipe.subspace import leading_directions
from segue_model.ingest.recipe.terms import TermModel

TESTS = Path(__file__).resolve().parents[1]
LISTS = random_terms(300, vocabulary=90)


def array(lists: list[list[str]]) -> pa.Array:
    return pa.array(lists, pa.list_(pa.string()))


def tf_idf(lists: list[list[str]]) -> np.ndarray:
    """The definition, term by term."""
    vocabulary = sorted({term for each in lists for term in each})
    with_terms = sum(map(bool, lists))
    rows = np.zeros((len(lists), len(vocabulary)))
    for row, each in enumerate(lists):
        for place, term in enumerate(dict.fromkeys(each), start=1):
            artists = sum(term in other for other in lists)
            if artists > 1:
                rarity = np.log(with_terms / artists) + 1
                rows[row, vocabulary.index(term)] = rarity / np.sqrt(place)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def test_cosines_are_those_of_the_first_24_directions_of_the_tf_idf_rows() -> None:
    # Artists without terms make no term rarer.
    lists = [*LISTS, ["term 1", "only here", "term 2", "term 1"], *[[] for _ in range(900)]]
    left, sizes, _ = np.linalg.svd(tf_idf(lists), full_matrices=False)
    placed = (left * sizes)[1:301, :24]
    wanted = placed / np.linalg.norm(placed, axis=1, keepdims=True)
    found = TermModel.of(array(lists)).placed(array(lists))
    assert np.isnan(found[[0, -1]]).all()
    np.testing.assert_allclose(found[1:301] @ found[1:301].T, wanted @ wanted.T, atol=2e-3)


def test_directions_are_the_singular_vectors_with_the_largest_entry_positive() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((80, 50)) * 0.8 ** np.arange(50)
    found = leading_directions(sparse.csr_array(matrix), 5)
    _, _, wanted = np.linalg.svd(matrix)
    np.testing.assert_allclose(np.abs((found * wanted[:5].T).sum(axis=0)), 1, atol=1e-6)
    assert (found[np.abs(found).argmax(axis=0), range(5)] > 0).all()


def test_there_are_no_more_directions_than_rows_differ_in() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.standard_normal((80, 3)) @ rng.standard_normal((3, 50))
    found = leading_directions(sparse.csr_array(matrix), 5)
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(matrix @ found @ found.T, matrix, atol=1e-9)


@pytest.mark.parametrize(("artists", "columns"), [(0, 0), (1, 0), (2, 1), (5, 4)])
def test_few_artists_fill_few_columns_and_the_others_are_0(artists: int, columns: int) -> None:
    lists = [["all", f"pair {at // 2}", f"pair {at // 2} b"] for at in range(artists)]
    model = TermModel.of(array(lists))
    assert model.projection.shape == (len(model.vocabulary), 24)
    assert (model.projection[:, columns:] == 0).all()


def test_a_term_of_one_artist_counts_for_nothing_and_leaves_its_artist_unknown() -> None:
    lists = array([["rock", "x1"], ["rock", "x2"], ["x3"]])
    model = TermModel.of(lists)
    assert model.vocabulary == ("rock",)
    assert np.isnan(model.placed(lists)[2]).all()


def test_a_new_artist_with_the_terms_of_another_lies_where_that_one_does() -> None:
    model = TermModel.of(array(LISTS))
    known = model.placed(array(LISTS))
    new = model.placed(array([LISTS[7], [*LISTS[8], "never heard"], ["never heard"], []]))
    assert new[0].tobytes() == known[7].tobytes()
    assert new[1].tobytes() == known[8].tobytes()
    assert np.isnan(new[2:]).all()


def test_lengths_are_one() -> None:
    found = TermModel.of(array(LISTS)).placed(array(LISTS))[1:]
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_the_number_of_threads_changes_nothing() -> None:
    program = (
        "import hashlib, pyarrow as pa; from recipe_songs import random_terms;"
        "from segue_model.ingest.recipe.terms import TermModel;"
        "lists = pa.array(random_terms(1000, vocabulary=600), pa.list_(pa.string()));"
        "model = TermModel.of(lists);"
        "print(hashlib.sha256(model.projection.tobytes()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(TESTS)},  # noqa: TID251
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(hashes) == 1
