"""Listened songs made clean: rows instead of ids, each once and in order, unknown ones apart."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from segue_model.ranking.songs import SongTable

# Behind every row, so that what is no row sorts to the end.
NO_ROW = tf.int32.max


class Listeners(NamedTuple):
    """A batch of listeners; sets are sorted, so that the order of a list changes nothing.

    `rows` int32 [B, L] are the listened songs, each once; `seeds` int32 [B, L] those of them that
    the engine knows something of. Both are -1 elsewhere, and at the same places. `known` bool
    [B, L] tells of each song as it was given whether it is a seed, `places` int32 [B, L] where in
    `rows` it went, repetitions to a place of their own, which holds -1.
    """

    rows: tf.Tensor
    seeds: tf.Tensor
    known: tf.Tensor
    places: tf.Tensor


def clean(
    songs: SongTable, listened: tf.Tensor, knows: Callable[[tf.Tensor], tf.Tensor]
) -> Listeners:
    """Return the listeners whose song ids are `listened`, int32 [B, L].

    `knows` tells of rows, any shape and all at least 0, whether the engine knows something.
    """
    found = songs.rows_of(listened)
    known = (found >= 0) & knows(tf.maximum(found, 0))
    ordered, order = _sorted(tf.where(found >= 0, found, NO_ROW))
    repeated = tf.pad(ordered[:, 1:] == ordered[:, :-1], [[0, 0], [1, 0]])
    repeated = repeated[:, : tf.shape(ordered)[1]]
    # Once more, so that repetitions too go to the end and change no rounding.
    ordered, again = _sorted(tf.where(repeated, NO_ROW, ordered))
    order = tf.gather(order, again, batch_dims=1)
    rows = tf.where(ordered == NO_ROW, -1, ordered)
    seeds = tf.where(tf.gather(known, order, batch_dims=1), rows, -1)
    return Listeners(rows, seeds, known, tf.argsort(order, axis=1))


def _sorted(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return `values` [B, L] in order, and where each was before."""
    order = tf.argsort(values, axis=1, stable=True)
    return tf.gather(values, order, batch_dims=1), order
