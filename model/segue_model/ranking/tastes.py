"""Listened songs in groups of alike ones, so that unlike ones are not averaged away.

The same as `learning.tastes` in the graph, for a batch at a time.
"""

from dataclasses import dataclass

import tensorflow as tf

from segue_model.learning.tastes import (
    CANDIDATES,
    GAIN_AT_LEAST,
    LENGTH_AT_LEAST,
    MOST_TASTES,
    SHARPNESS,
    TIE,
)
from segue_model.ranking.blocks import NOTHING
from segue_model.ranking.profile import Profile


@dataclass(frozen=True)
class Tastes:
    """Profiles of at most `most` tastes a listener, no more than the batch has use for."""

    most: int = MOST_TASTES

    def __call__(self, vectors: tf.Tensor, present: tf.Tensor) -> Profile:
        """Return the profiles of listeners to `vectors` [B, L, d], where `present` bool [B, L].

        Vectors are of length 1, or 0, and in the order of the songs' rows.
        """
        vectors = vectors * tf.cast(present, tf.float32)[:, :, tf.newaxis]
        candidates = _candidates(present)
        around = tf.gather(vectors, tf.maximum(candidates, 0), batch_dims=1)
        cosines = tf.matmul(vectors, around, transpose_b=True)
        centers = self._centers(cosines, present, candidates >= 0)
        nearness = tf.gather(cosines, tf.maximum(centers, 0), axis=2, batch_dims=1)
        nearness = tf.where((centers >= 0)[:, tf.newaxis, :], nearness, NOTHING)
        members = _first_best(nearness)
        return _profile(vectors, members, present, tf.shape(centers)[1])

    def _centers(self, cosines: tf.Tensor, present: tf.Tensor, possible: tf.Tensor) -> tf.Tensor:
        """Return the candidates that are centers, int32 [B, T], -1 where a listener has fewer."""
        alike = tf.exp(SHARPNESS * (cosines - 1))
        alike = tf.where(present[:, :, tf.newaxis] & possible[:, tf.newaxis, :], alike, 0.0)
        batch = tf.shape(cosines)[0]

        def another(
            at: tf.Tensor, centers: tf.Tensor, reached: tf.Tensor, growing: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            gains = tf.reduce_sum(tf.nn.relu(alike - reached[:, :, tf.newaxis]), axis=1)
            gains = tf.where(possible, gains, NOTHING)
            best = _first_best(gains)
            gain = tf.gather(gains, best, batch_dims=1)
            growing &= (at == 0) | (gain >= GAIN_AT_LEAST)
            column = tf.where(growing, best, -1)[:, tf.newaxis]
            gained = tf.maximum(reached, tf.gather(alike, best, axis=2, batch_dims=1))
            reached = tf.where(growing[:, tf.newaxis], gained, reached)
            return at + 1, tf.concat([centers, column], axis=1), reached, growing

        _, centers, _, _ = tf.while_loop(
            lambda at, _, __, growing: (at < self.most) & tf.reduce_any(growing),
            another,
            (
                tf.constant(0),
                tf.zeros([batch, 0], tf.int32),
                tf.zeros(tf.shape(present)),
                tf.fill([batch], True),
            ),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, None]),
                tf.TensorShape([None, None]),
                tf.TensorShape([None]),
            ),
        )
        return centers


def _candidates(present: tf.Tensor) -> tf.Tensor:
    """Return the places that may be centers, int32 [B, at most CANDIDATES], -1 beyond.

    All that are present or, where these are too many, every second, third, … of them.
    """
    count = tf.math.count_nonzero(present, axis=1, keepdims=True, dtype=tf.int32)
    width = tf.minimum(tf.shape(present)[1], CANDIDATES)
    stride = tf.maximum((count + CANDIDATES - 1) // CANDIDATES, 1)
    order = tf.argsort(tf.cast(~present, tf.int32), axis=1, stable=True)
    wanted = tf.range(width) * stride
    places = tf.gather(order, tf.minimum(wanted, tf.shape(order)[1] - 1), batch_dims=1)
    return tf.where(wanted < count, places, -1)


def _first_best(values: tf.Tensor) -> tf.Tensor:
    """Return the first of the last axis that is the largest, or less than TIE below it, int32."""
    near = values > tf.reduce_max(values, axis=-1, keepdims=True) - TIE
    return tf.argmax(tf.cast(near, tf.int32), axis=-1, output_type=tf.int32)


def _profile(
    vectors: tf.Tensor, members: tf.Tensor, present: tf.Tensor, tastes: tf.Tensor
) -> Profile:
    """Return the mean of each taste's members, brought to length 1, and what its size adds."""
    belongs = tf.one_hot(tf.where(present, members, -1), tastes)
    sizes = tf.reduce_sum(belongs, axis=1)
    sums = tf.matmul(belongs, vectors, transpose_a=True)
    lengths = tf.norm(tf.math.divide_no_nan(sums, sizes[:, :, tf.newaxis]), axis=2)
    scales = tf.math.divide_no_nan(1.0, sizes * tf.maximum(lengths, LENGTH_AT_LEAST))
    count = tf.reduce_sum(sizes, axis=1, keepdims=True)
    bonuses = tf.math.log(tf.math.divide_no_nan(sizes, count)) / SHARPNESS
    # Who has listened to nothing is scored by other means than taste.
    bonuses = tf.where(count > 0, bonuses, 0.0)
    mine = tf.gather(scales, members, batch_dims=1)
    equal = tf.math.divide_no_nan(bonuses, sizes)
    shares = tf.where(present, tf.gather(equal, members, batch_dims=1), 0.0)
    return Profile(
        tastes=sums * scales[:, :, tf.newaxis],
        bonuses=bonuses,
        parts=vectors * mine[:, :, tf.newaxis],
        shares=shares,
        members=tf.where(present, members, -1),
    )
