"""A ranking within the graph."""

from typing import NamedTuple

import tensorflow as tf

from segue_model.ranking.blocks import NOTHING


class Ranked(NamedTuple):
    """Rows best first, int32 [B, K], and their scores, -inf beyond the rows found."""

    rows: tf.Tensor
    scores: tf.Tensor

    def first(self, k: tf.Tensor) -> "Ranked":
        """Return the first `k` [B] of each, as wide as before."""
        beyond = tf.range(tf.shape(self.rows)[1]) >= k[:, tf.newaxis]
        return Ranked(self.rows, tf.where(beyond, NOTHING, self.scores))

    def taken(self, indices: tf.Tensor) -> "Ranked":
        """Return those at `indices`, int32 [B, M], in their order."""
        return Ranked(
            tf.gather(self.rows, indices, batch_dims=1),
            tf.gather(self.scores, indices, batch_dims=1),
        )

    def widened(self, width: tf.Tensor) -> "Ranked":
        """Return the same with `width` places each, those added without a row found."""
        more = [[0, 0], [0, width - tf.shape(self.rows)[1]]]
        return Ranked(tf.pad(self.rows, more), tf.pad(self.scores, more, constant_values=NOTHING))

    def of(self, listener: int) -> "Ranked":
        """Return the ranking of one of the batch, without its dimension."""
        return Ranked(self.rows[listener], self.scores[listener])
