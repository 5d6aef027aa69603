"""Vectors of listeners by the songs they listened to.

It is the objective of training to the letter, solved exactly: the truth that a served graph equals.
"""

import numpy as np
from scipy import linalg, sparse

from segue_model.learning.factors import Factors
from segue_model.learning.factors_products import Vectors


def fold_in(factors: Factors, history: sparse.csr_matrix) -> Vectors:
    """Return the vectors [B, d] of listeners to the songs of `history` [B, N], counted once each.

    Songs without a vector do not count; who listened to no other has the vector 0.
    """
    listened = history[:, factors.songs]
    vectors = np.zeros((listened.shape[0], factors.vectors.shape[1]), np.float32)
    for row, (start, end) in enumerate(zip(listened.indptr, listened.indptr[1:], strict=False)):
        if end > start:
            theirs = factors.vectors[listened.indices[start:end]].astype(np.float64)
            shrinkage = factors.shrinkage(np.array(len(theirs)))
            system = factors.gramian + theirs.T @ theirs + shrinkage * np.eye(theirs.shape[1])
            vectors[row] = linalg.solve(system, theirs.sum(axis=0), assume_a="pos")
    return vectors


def scores(factors: Factors, history: sparse.csr_matrix) -> Vectors:
    """Return the scores [B, W] of the songs that have a vector, for the listeners of `history`."""
    return fold_in(factors, history) @ factors.vectors.T
