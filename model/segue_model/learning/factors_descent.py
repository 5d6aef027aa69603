"""Brings the vectors of one side closer to the best ones, given those of the other side.

The best vector x of a row that has the columns L solves A x = b, where A = gramian + sum over L of
y y' + shrinkage I and b = sum over L of y. Conjugate gradients get there in few steps, and A is
never made: Takacs, Pilaszy and Tikk, Applications of the conjugate gradient method for implicit
feedback collaborative filtering, RecSys 2011.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from segue_model.learning.factors_chunks import Chunk
from segue_model.learning.factors_products import Vectors, gramian, product

STEPS: Final = 3
# Where nothing is left to improve, a step is 0 instead of 0 / 0.
TINY: Final = np.float32(1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What the other side is to a row: its vectors, the last of them 0, and their gramian."""

    vectors: Vectors
    gramian: Vectors

    @classmethod
    def of(cls, vectors: Vectors, weight: float) -> "Side":
        """Return the side of `vectors` [n, d], every one of which weighs `weight` to all rows."""
        padding = np.zeros((1, vectors.shape[1]), np.float32)
        weighted = (weight * gramian(vectors)).astype(np.float32)
        return cls(np.concatenate([vectors, padding]), weighted)


def descend(chunks: Sequence[Chunk], vectors: Vectors, other: Side, shrinkage: Vectors) -> None:
    """Improve `vectors` [n, d] of the rows of `chunks` in place; `shrinkage` [n] is of the rows.

    The chunks are shared out among as many threads as there are processors: each writes rows of its
    own, so that the order in which they come does not matter.
    """
    task = partial(_descend_chunk, vectors=vectors, other=other, shrinkage=shrinkage)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _ in pool.map(task, chunks):
            pass


def _descend_chunk(chunk: Chunk, vectors: Vectors, other: Side, shrinkage: Vectors) -> None:
    theirs = other.vectors.take(chunk.columns, axis=0)  # [R, pieces, P, d]
    x, own = vectors[chunk.rows], shrinkage[chunk.rows, None]
    residual = _transposed(theirs, 1 - _product(theirs, x)) - product(x, other.gramian) - own * x
    direction, length = residual, _squares(residual)
    for left in reversed(range(STEPS)):
        along = _product(theirs, direction)
        rest = product(direction, other.gramian) + own * direction
        curvature = _squares(along.reshape(len(x), -1)) + _products(direction, rest)
        step = length / np.maximum(curvature, TINY)
        x = x + step * direction
        if left:
            residual = residual - step * (_transposed(theirs, along) + rest)
            before, length = length, _squares(residual)
            direction = residual + length / np.maximum(before, TINY) * direction
    vectors[chunk.rows] = x


def _product(theirs: Vectors, x: Vectors) -> Vectors:
    """Return y . x of every y of the rows' columns, [R, pieces, P, 1]."""
    return theirs @ x[:, None, :, None]


def _transposed(theirs: Vectors, weights: Vectors) -> Vectors:
    """Return the sum of weight * y of the rows' columns, [R, d]."""
    return (weights.swapaxes(2, 3) @ theirs).sum(axis=1)[:, 0]


def _products(one: Vectors, other: Vectors) -> Vectors:
    return np.einsum("rd,rd->r", one, other)[:, None]


def _squares(rows: Vectors) -> Vectors:
    return _products(rows, rows)
