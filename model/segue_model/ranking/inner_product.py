"""Scores that are inner products of a listener's tastes with a vector a song.

The last column of the matrix is the song's popularity and the last entry of a taste says how
much it counts: 1 for a listener of whom nothing is known, else 0. So the popular songs come out
of the same pass as every other ranking.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.ranking.blocks import NOTHING, blocks_for_exact
from segue_model.ranking.profile import Profile, Profiler, mean
from segue_model.ranking.songs import SongTable

# Rows scored at once for many listeners: whole blocks of any size, and few enough that scores are
# never kept whole: one chunk after another, or TensorFlow would multiply them all first.
CHUNK = 20_480


class InnerProduct(tf.Module):
    """Scores a song by the inner product with the taste that likes it best.

    Every read goes through `read_value`: one gather straight from a variable would make each
    later dense read copy it whole.
    """

    def __init__(
        self,
        songs: SongTable,
        vectors: npt.NDArray[np.float32],
        source: int,
        profiler: Profiler = mean,
    ) -> None:
        """Take `vectors` [N, d], one a song; without any (d = 0) popularity alone counts.

        A vector of zeros is that of a song of which nothing is known. `source` is a code of the
        signature.
        """
        super().__init__()
        self.taste = vectors.shape[1] > 0
        self._source = source
        self._profiler = profiler
        self._blocks = songs.blocks
        matrix = np.column_stack([vectors, songs.arrays.popularity]).astype(np.float32)
        self._width = matrix.shape[1]
        self._matrix = tf.Variable(songs.laid_out(matrix), trainable=False, name="vectors")
        known = np.asarray(vectors.any(axis=1) | (not self.taste), np.bool_)
        self._known = tf.Variable(songs.laid_out(known), trainable=False, name="known")

    def knows(self, rows: tf.Tensor) -> tf.Tensor:
        """Return whether the rows have a vector; see `Scorer`."""
        return tf.gather(self._known.read_value(), rows)

    def profiles(self, seeds: tf.Tensor) -> Profile:
        """Return the profiles of listeners to `seeds` [B, L], with the column for popularity."""
        present = seeds >= 0
        profile = self._profiler(self._vectors(seeds)[:, :, :-1], present)
        nothing_known = ~tf.reduce_any(present, axis=1)[:, tf.newaxis, tf.newaxis]
        popular = tf.cast(nothing_known | (not self.taste), tf.float32)
        popular = tf.broadcast_to(popular, [*tf.unstack(tf.shape(profile.tastes)[:2]), 1])
        return profile._replace(tastes=tf.concat([profile.tastes, popular], axis=2))

    def block_maxima(self, profiles: Profile) -> tf.Tensor:
        """Return the highest score of each block, [B, blocks]."""
        return self._maxima(profiles, None)

    def blocks_for(self, profiles: Profile, rows: tf.Tensor) -> tf.Tensor:
        """Return how many blocks are ranked for the best `rows`; see `Scorer`."""
        del profiles
        return blocks_for_exact(rows)

    def allowed_block_maxima(self, profiles: Profile, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest allowed score of each block, [B, blocks]; `allowed` [B, rows]."""
        return self._maxima(profiles, allowed)

    def everything(self, profiles: Profile) -> tf.Tensor:
        """Return the scores of all rows, [B, rows]."""
        listeners, count = tf.unstack(tf.shape(profiles.bonuses))

        def of_chunk(products: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
            products = tf.reshape(products, [-1, listeners, count])
            return tf.reduce_max(products + profiles.bonuses, axis=2)

        return tf.transpose(self._by_chunk(profiles, of_chunk))

    def scores(self, profiles: Profile, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""
        table = tf.reshape(self._matrix.read_value(), [-1, self._blocks.size * self._width])
        shape = [tf.shape(blocks)[0], -1, self._width]
        vectors = tf.reshape(tf.gather(table, blocks), shape)
        return tf.reduce_max(_by_taste(vectors, profiles), axis=2)

    def scores_of(self, profiles: Profile, rows: tf.Tensor) -> tf.Tensor:
        """Return the scores of `rows` [B, K], [B, K]."""
        return tf.reduce_max(_by_taste(self._vectors(rows), profiles), axis=2)

    def products(self, ranked: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """Return the products of the vectors of `ranked` [B, K] and `seeds` [B, L], [B, K, L]."""
        mine, theirs = self._vectors(ranked), self._vectors(seeds)
        return tf.matmul(mine[:, :, :-1], theirs[:, :, :-1], transpose_b=True)

    def contributions(self, profiles: Profile, ranked: tf.Tensor) -> tf.Tensor:
        """Return the part of each seed in each score of `ranked` [B, K], [B, K, L].

        Seeds of other tastes than the one that likes a song best have no part in its score.
        """
        shape = [*tf.unstack(tf.shape(ranked)), tf.shape(profiles.parts)[1]]
        if not self.taste:
            return tf.zeros(shape)
        vectors = self._vectors(ranked)
        best = tf.argmax(_by_taste(vectors, profiles), axis=2, output_type=tf.int32)
        parts = tf.matmul(vectors[:, :, :-1], profiles.parts, transpose_b=True)
        parts += profiles.shares[:, tf.newaxis, :]
        mine = best[:, :, tf.newaxis] == profiles.members[:, tf.newaxis, :]
        return tf.where(mine, parts, 0.0)

    def sources(self, ranked: tf.Tensor) -> tf.Tensor:
        """Return the one source that all scores have."""
        return tf.fill(tf.shape(ranked), self._source)

    def _vectors(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._matrix.read_value(), tf.maximum(rows, 0))

    # A taste's bonus is the same for all rows, so it is added to the maxima of its blocks.

    def _maxima(self, profiles: Profile, allowed: tf.Tensor | None) -> tf.Tensor:
        return tf.cond(
            tf.equal(tf.size(profiles.bonuses), 1),
            lambda: self._maxima_of_one(profiles, allowed),
            lambda: self._maxima_of_many(profiles, allowed),
        )

    def _maxima_of_one(self, profiles: Profile, allowed: tf.Tensor | None) -> tf.Tensor:
        """Return the maxima for one listener of one taste."""
        scores = tf.matmul(profiles.tastes[0], self._matrix.read_value(), transpose_b=True)
        if allowed is not None:
            scores = tf.where(allowed, scores, NOTHING)
        return self._blocks.maxima(scores) + profiles.bonuses

    def _maxima_of_many(self, profiles: Profile, allowed: tf.Tensor | None) -> tf.Tensor:
        listeners, count = tf.unstack(tf.shape(profiles.bonuses))
        size = self._blocks.size

        def of_chunk(products: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
            products = tf.reshape(products, [-1, size, listeners, count])
            if allowed is not None:
                mine = tf.transpose(tf.gather(allowed, rows, axis=1))
                mine = tf.reshape(mine, [-1, size, listeners, 1])
                products = tf.where(mine, products, NOTHING)
            return tf.reduce_max(products, axis=1)

        return tf.transpose(tf.reduce_max(self._by_chunk(profiles, of_chunk) + profiles.bonuses, 2))

    def _by_chunk(
        self, profiles: Profile, of_chunk: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    ) -> tf.Tensor:
        """Return, below each other, what is made of each chunk of rows, one after another.

        `of_chunk` takes the products of the chunk with each taste of each listener, [rows, B * T],
        and its rows.
        """
        matrix = self._matrix.read_value()
        columns = tf.transpose(tf.reshape(profiles.tastes, [-1, self._width]))

        def next_chunk(at: tf.Tensor, made: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            start = at * CHUNK
            end = tf.minimum(start + CHUNK, self._blocks.rows)
            products = tf.matmul(matrix[start:end], columns)
            return at + 1, made.write(at, of_chunk(products, tf.range(start, end)))

        chunks = -(-self._blocks.rows // CHUNK)
        made = tf.TensorArray(tf.float32, chunks, infer_shape=False)
        _, made = tf.while_loop(
            lambda at, _: at < chunks, next_chunk, (0, made), parallel_iterations=1
        )
        return made.concat()


def _by_taste(vectors: tf.Tensor, profiles: Profile) -> tf.Tensor:
    """Return the scores of `vectors` [B, M, d + 1] by each taste, [B, M, T]."""
    products = tf.matmul(vectors, profiles.tastes, transpose_b=True)
    return products + profiles.bonuses[:, tf.newaxis, :]
