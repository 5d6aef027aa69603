"""Scores that are inner products of a listener's profile with a vector a song.

The last column of the matrix is the song's popularity and the last entry of a profile says how
much it counts: 1 for a listener of whom nothing is known, else 0. So the popular songs come out
of the same pass as every other ranking.
"""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.ranking.blocks import NOTHING, Blocks

# Rows scored at once for many listeners: whole blocks of any size, and few enough that scores are
# never kept whole.
CHUNK = 20_480


class InnerProduct(tf.Module):
    """Ranks by the mean of the inner products with the listened songs' vectors.

    Every read goes through `read_value`: one gather straight from a variable would make each
    later dense read copy it whole.
    """

    def __init__(
        self, vectors: npt.NDArray[np.float32], popularity: npt.NDArray[np.float32]
    ) -> None:
        """Take `vectors` [N, d] and `popularity` [N]; without vectors (d = 0) only it counts."""
        super().__init__()
        self.taste = vectors.shape[1] > 0
        matrix = np.column_stack([vectors, popularity]).astype(np.float32)
        # Padding repeats the last song, so that no block's maximum is anything but a song's.
        self._blocks = Blocks.of(len(matrix))
        padding = self._blocks.rows - len(matrix)
        matrix = np.pad(matrix, ((0, padding), (0, 0)), mode="edge")
        self._width = matrix.shape[1]
        self._matrix = tf.Variable(matrix, trainable=False, name="vectors")

    def profiles(self, listened: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Return a profile a listener, [B, d + 1].

        `listened` int32 [B, L] are rows, `weights` float32 [B, L] their shares; all weights of
        a listener of whom nothing is known are 0.
        """
        taste = tf.linalg.matvec(self._vectors(listened), weights, transpose_a=True)[:, :-1]
        nothing_known = tf.reduce_sum(weights, axis=1, keepdims=True) == 0
        popular = tf.cast(nothing_known | (not self.taste), tf.float32)
        return tf.concat([taste, popular], axis=1)

    def block_maxima(self, profiles: tf.Tensor) -> tf.Tensor:
        """Return the highest score of each block, [B, blocks]."""
        return tf.cond(
            tf.shape(profiles)[0] == 1,
            lambda: self._maxima_of_one(profiles),
            lambda: self._maxima_of_many(profiles),
        )

    def allowed_block_maxima(self, profiles: tf.Tensor, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest allowed score of each block, [B, blocks]; `allowed` [B, rows]."""
        matrix = self._matrix.read_value()
        maxima = []
        for start in range(0, self._blocks.rows, CHUNK):
            scores = tf.matmul(profiles, matrix[start : start + CHUNK], transpose_b=True)
            scores = tf.where(allowed[:, start : start + CHUNK], scores, NOTHING)
            maxima.append(self._blocks.maxima(scores))
        return tf.concat(maxima, axis=1)

    def scores(self, profiles: tf.Tensor, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""
        table = tf.reshape(self._matrix.read_value(), [-1, self._blocks.size * self._width])
        shape = [tf.shape(blocks)[0], -1, self._width]
        return tf.linalg.matvec(tf.reshape(tf.gather(table, blocks), shape), profiles)

    def contributions(
        self, ranked: tf.Tensor, listened: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """Return the part of each listened song in each ranked song's score, [B, K, L].

        `ranked` int32 [B, K] and `listened` int32 [B, L] are rows.
        """
        if not self.taste:
            return tf.zeros([tf.shape(ranked)[0], tf.shape(ranked)[1], tf.shape(listened)[1]])
        mine, theirs = self._vectors(ranked)[:, :, :-1], self._vectors(listened)[:, :, :-1]
        return tf.matmul(mine, theirs, transpose_b=True) * weights[:, tf.newaxis, :]

    def _vectors(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._matrix.read_value(), tf.maximum(rows, 0))

    def _maxima_of_one(self, profiles: tf.Tensor) -> tf.Tensor:
        return self._blocks.maxima(tf.matmul(profiles, self._matrix.read_value(), transpose_b=True))

    def _maxima_of_many(self, profiles: tf.Tensor) -> tf.Tensor:
        matrix, columns = self._matrix.read_value(), tf.transpose(profiles)
        listeners = tf.shape(profiles)[0]
        maxima = []
        for start in range(0, self._blocks.rows, CHUNK):
            scores = tf.matmul(matrix[start : start + CHUNK], columns)
            maxima.append(
                tf.reduce_max(tf.reshape(scores, [-1, self._blocks.size, listeners]), axis=1)
            )
        return tf.transpose(tf.concat(maxima, axis=0))
