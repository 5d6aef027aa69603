"""From the vectors of a listener's songs to what all songs are multiplied with."""

from typing import NamedTuple, Protocol

import tensorflow as tf


class Profile(NamedTuple):
    """One or more tastes a listener; a song is scored by the taste that likes it best.

    The score by a taste is the inner product with `tastes` float32 [B, T, d] and `bonuses` float32
    [B, T] more. `parts` float32 [B, L, d] and `shares` float32 [B, L] are what each seed adds to
    its taste and its bonus, `members` int32 [B, L] tells which taste that is: both are the sums
    over their members. A taste without members has a bonus of -inf, unless there are no seeds.
    """

    tastes: tf.Tensor
    bonuses: tf.Tensor
    parts: tf.Tensor
    shares: tf.Tensor
    members: tf.Tensor


class Profiler(Protocol):
    """Makes profiles."""

    def __call__(self, vectors: tf.Tensor, present: tf.Tensor) -> Profile:
        """Return the profiles of listeners to `vectors` [B, L, d], where `present` bool [B, L]."""


def mean(vectors: tf.Tensor, present: tf.Tensor) -> Profile:
    """Return one taste a listener, the mean of the vectors present."""
    one = tf.cast(present, tf.float32)
    shares = tf.math.divide_no_nan(one, tf.reduce_sum(one, axis=1, keepdims=True))
    return together(vectors * shares[:, :, tf.newaxis])


def together(parts: tf.Tensor) -> Profile:
    """Return the profile of one taste that all `parts` [B, L, d] add up to."""
    listeners, seeds = tf.unstack(tf.shape(parts)[:2])
    return Profile(
        tastes=tf.reduce_sum(parts, axis=1, keepdims=True),
        bonuses=tf.zeros([listeners, 1]),
        parts=parts,
        shares=tf.zeros([listeners, seeds]),
        members=tf.zeros([listeners, seeds], tf.int32),
    )
