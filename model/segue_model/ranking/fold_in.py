"""Listeners of matrix factorization, solved for from their songs alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.ranking.profile import Profile, together


@dataclass(frozen=True)
class FoldIn:
    """The least squares that training solves for a listener, with the songs' factors fixed.

    x = (G + r(L) I + sum of y y')^-1 (sum of y) over the L songs listened to, in which G is
    `gramian` [d, d] and r(L) = `regularization` * (L + `unobserved`) ** `exponent`. The part of a
    song is the same with its y alone on the right, so that the parts add up to x.
    """

    gramian: npt.NDArray[np.float32]
    regularization: float
    unobserved: float
    exponent: float

    def __call__(self, vectors: tf.Tensor, present: tf.Tensor) -> Profile:
        """Return the profiles of listeners to `vectors` [B, L, d], where `present` bool [B, L]."""
        one = tf.cast(present, tf.float32)
        vectors = vectors * one[:, :, tf.newaxis]
        count = tf.reduce_sum(one, axis=1)
        ridge = self.regularization * (count + self.unobserved) ** self.exponent
        # Without a song, and of a model that knows none, there would be nothing to solve.
        ridge = tf.where(count > 0, ridge, 1.0)
        unit = tf.eye(self.gramian.shape[0])
        left = tf.matmul(vectors, vectors, transpose_a=True) + tf.constant(self.gramian)
        left += ridge[:, tf.newaxis, tf.newaxis] * unit
        parts = tf.linalg.cholesky_solve(tf.linalg.cholesky(left), tf.transpose(vectors, [0, 2, 1]))
        return together(tf.transpose(parts, [0, 2, 1]))
