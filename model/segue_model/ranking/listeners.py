"""Listened songs made clean: rows instead of ids, each once, unknown ones apart."""

from typing import NamedTuple

import tensorflow as tf

from segue_model.ranking.songs import SongTable


class Listeners(NamedTuple):
    """A batch of listeners.

    `rows` int32 [B, L], -1 where padded, unknown or a repetition; `known` bool [B, L], true for
    repetitions too; `weights` float32 [B, L], the share of each row, 0 where there is none.
    """

    rows: tf.Tensor
    known: tf.Tensor
    weights: tf.Tensor


def clean(songs: SongTable, listened: tf.Tensor) -> Listeners:
    """Return the listeners whose song ids are `listened`, int32 [B, L]."""
    found = songs.rows_of(listened)
    rows = tf.where(_repeated(found), -1, found)
    one = tf.cast(rows >= 0, tf.float32)
    return Listeners(rows, found >= 0, tf.math.divide_no_nan(one, _sum(one)))


def _sum(values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(values, axis=1, keepdims=True)


def _repeated(rows: tf.Tensor) -> tf.Tensor:
    """Return whether each row stands further left already, bool [B, L]."""
    order = tf.argsort(rows, axis=1, stable=True)
    ordered = tf.gather(rows, order, batch_dims=1)
    same = tf.pad(ordered[:, 1:] == ordered[:, :-1], [[0, 0], [1, 0]])[:, : tf.shape(rows)[1]]
    return tf.gather(same, tf.argsort(order, axis=1), batch_dims=1)
