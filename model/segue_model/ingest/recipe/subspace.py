"""The plane in which the rows of a sparse matrix differ most, the same on any number of threads."""

from typing import Final

import numpy as np
from scipy import sparse

from segue_model.ingest.recipe.columns import Values

# More directions than are wanted, so that those that are wanted settle soon.
SPARE: Final = 16
ROUNDS: Final = 100
SETTLED: Final = 1e-9
# A direction of less than this part of the longest is rounding.
LEAST: Final = 1e-12


def leading_directions(matrix: sparse.csr_array, wanted: int) -> Values:
    """Return the first right singular vectors of a matrix [n, m], [m, wanted] or fewer.

    Subspace iteration from a fixed start with Rayleigh-Ritz steps (Halko, Martinsson and Tropp,
    Finding Structure with Randomness, 2011, section 4.5); a vector's largest entry is positive.
    All sums over rows are plain ones: BLAS adds up in an order that depends on its threads.
    """
    width = min(*matrix.shape, wanted + SPARE)
    start = np.random.default_rng(0).standard_normal((matrix.shape[1], width))
    basis, sizes = _orthonormal(matrix.T @ (matrix @ start)), np.zeros(0)
    for _ in range(ROUNDS):
        image = matrix.T @ (matrix @ basis)
        found, _ = _by_size(_inner(basis, image))
        if len(found) == len(sizes) and _alike(found[:wanted], sizes[:wanted]):
            break
        basis, sizes = _orthonormal(image), found
    _, turn = _by_size(_inner(basis, matrix.T @ (matrix @ basis)))
    return _signed(_product(basis, turn)[:, :wanted])


def _alike(found: Values, before: Values) -> bool:
    return bool((np.abs(found - before) <= SETTLED * found.max(initial=0)).all())


def _orthonormal(columns: Values) -> Values:
    """Return an orthonormal basis of what the columns span; dependent ones are left out."""
    sizes, turn = _by_size(_inner(columns, columns))
    kept = sizes > LEAST * sizes.max(initial=0)
    return _product(columns, turn[:, kept] / np.sqrt(sizes[kept]))


def _by_size(symmetric: Values) -> tuple[Values, Values]:
    """Return eigenvalues, the largest first, and eigenvectors."""
    sizes, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    return sizes[::-1], vectors[:, ::-1]


def _inner(one: Values, other: Values) -> Values:
    inner: Values = np.einsum("ri,rj->ij", one, other, optimize=False)
    return inner


def _product(one: Values, other: Values) -> Values:
    product: Values = np.einsum("ri,ij->rj", one, other, optimize=False)
    return product


def _signed(vectors: Values) -> Values:
    if not vectors.size:
        return vectors
    largest = np.abs(vectors).argmax(axis=0)
    return vectors * np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1, 1)
