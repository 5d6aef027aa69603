"""Vectors of listeners by the songs they listened to, and what each of the songs adds to a score.

It is the objective of training to the letter, solved exactly: the truth that a served graph equals.
"""

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from segue_model.learning.factors import Factors
from segue_model.learning.factors_products import Vectors

Reals = npt.NDArray[np.float64]


def fold_in(factors: Factors, history: sparse.csr_matrix) -> Vectors:
    """Return the vectors [B, d] of listeners to the songs of `history` [B, N], counted once each.

    Songs without a vector do not count; who listened to no other has the vector 0.
    """
    listened = history[:, factors.songs]
    vectors = np.zeros((listened.shape[0], factors.vectors.shape[1]), np.float32)
    for row, (start, end) in enumerate(zip(listened.indptr, listened.indptr[1:], strict=False)):
        if end > start:
            theirs = factors.vectors[listened.indices[start:end]].astype(np.float64)
            vectors[row] = linalg.cho_solve(_system(factors, theirs), theirs.sum(axis=0))
    return vectors


def scores(factors: Factors, history: sparse.csr_matrix) -> Vectors:
    """Return the scores [B, W] of the songs that have a vector, for the listeners of `history`."""
    return fold_in(factors, history) @ factors.vectors.T


def contributions(factors: Factors, listened: npt.NDArray[np.intp]) -> Vectors:
    """Return what each song listened to adds to each score, [L, W]; the sum over L is the score.

    `listened` are L different rows of the factors' vectors.
    """
    theirs = factors.vectors[listened].astype(np.float64)
    solved = linalg.cho_solve(_system(factors, theirs), theirs.T)
    return (solved.T @ factors.vectors.T).astype(np.float32)


def _system(factors: Factors, theirs: Reals) -> tuple[Reals, bool]:
    """Return the Cholesky factor of what the vector of a listener to `theirs` [L, d] solves."""
    shrinkage = factors.shrinkage(np.array(len(theirs)))
    matrix = factors.gramian + theirs.T @ theirs + shrinkage * np.eye(theirs.shape[1])
    return linalg.cho_factor(matrix, lower=True, overwrite_a=True)
