"""Scores that are sums of weights out of a table: of each song listened to, a few neighbors."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

import segue_signature as sig
from segue_model.learning.neighbor_table import NONE, NeighborTable
from segue_model.ranking.blocks import blocks_for_exact
from segue_model.ranking.songs import SongTable
from segue_model.ranking.whole import allowed_maxima, of_blocks


class Sums(NamedTuple):
    """The scores of all rows, float32 [B, rows], and the seeds they are made from."""

    scores: tf.Tensor
    seeds: tf.Tensor


class Neighbors(tf.Module):
    """Scores a song by the sum of its weights with the songs listened to, 0 without any.

    Every read goes through `read_value`: one gather straight from a variable would make each
    later dense read copy it whole.
    """

    def __init__(self, songs: SongTable, table: NeighborTable) -> None:
        """Take a table over rows in the order of ids."""
        super().__init__()
        if songs.blocks.order is not None:
            raise ValueError("songs: not in the order of ids")
        self._songs = songs
        neighbors, weights = _in_row_order(table)
        if not len(neighbors):
            # A gather needs a row, be it one that nothing leads to.
            neighbors, weights = np.full((1, 1), NONE, np.int32), np.zeros((1, 1), np.float32)
        place = np.full(songs.rows, -1, np.int32)
        place[table.songs] = np.arange(len(table.songs), dtype=np.int32)
        self._places = tf.Variable(place, trainable=False, name="places")
        self._neighbors = tf.Variable(neighbors, trainable=False, name="neighbors")
        self._weights = tf.Variable(weights, trainable=False, name="weights")
        popularity = songs.laid_out(songs.arrays.popularity)
        self._popularity = tf.Variable(popularity, trainable=False, name="popularity")

    def knows(self, rows: tf.Tensor) -> tf.Tensor:
        """Return whether the table has the rows; see `Scorer`."""
        return tf.gather(self._places.read_value(), rows) >= 0

    def profiles(self, seeds: tf.Tensor) -> Sums:
        """Return the scores of all rows for listeners to `seeds`, int32 [B, L]."""
        listeners, width = tf.shape(seeds)[0], self._songs.rows
        neighbors, weights = self._of(seeds)
        # Places without a neighbor go to a column of their own, which is cut off again.
        column = tf.where(neighbors >= 0, neighbors, width)
        line = tf.range(listeners)[:, tf.newaxis, tf.newaxis] * (width + 1)
        sums = tf.math.unsorted_segment_sum(
            tf.reshape(weights, [-1]), tf.reshape(line + column, [-1]), listeners * (width + 1)
        )
        scores = tf.reshape(sums, [listeners, width + 1])[:, :width]
        nothing_known = ~tf.reduce_any(seeds >= 0, axis=1, keepdims=True)
        scores = tf.cond(
            tf.reduce_any(nothing_known),
            lambda: tf.where(nothing_known, self._popularity.read_value(), scores),
            lambda: scores,
        )
        return Sums(scores, seeds)

    def block_maxima(self, profiles: Sums) -> tf.Tensor:
        """Return the highest score of each block, [B, blocks]."""
        return self._songs.blocks.maxima(profiles.scores)

    def blocks_for(self, profiles: Sums, rows: tf.Tensor) -> tf.Tensor:
        """Return how many blocks are ranked for the best `rows`; see `Scorer`."""
        del profiles
        return blocks_for_exact(rows)

    def allowed_block_maxima(self, profiles: Sums, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest allowed score of each block, [B, blocks]; `allowed` [B, rows]."""
        return allowed_maxima(self._songs.blocks, profiles.scores, allowed)

    def scores(self, profiles: Sums, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""
        return of_blocks(self._songs.blocks, profiles.scores, blocks)

    def contributions(self, profiles: Sums, ranked: tf.Tensor) -> tf.Tensor:
        """Return the weight of each seed with each of `ranked` [B, K], [B, K, L]."""
        neighbors, weights = self._of(profiles.seeds)
        listeners, seeds, count = tf.unstack(tf.shape(neighbors))
        wanted = tf.repeat(ranked, seeds, axis=0)
        known = tf.reshape(neighbors, [listeners * seeds, count])
        at = tf.minimum(tf.searchsorted(known, wanted), count - 1)
        found = tf.gather(known, at, batch_dims=1) == wanted
        of_wanted = tf.gather(tf.reshape(weights, [-1, count]), at, batch_dims=1)
        parts = tf.reshape(tf.where(found, of_wanted, 0.0), [listeners, seeds, -1])
        return tf.transpose(parts, [0, 2, 1])

    def sources(self, ranked: tf.Tensor) -> tf.Tensor:
        """Return COLLABORATIVE for all."""
        return tf.fill(tf.shape(ranked), sig.SOURCE_COLLABORATIVE)

    def _of(self, seeds: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the neighbors [B, L, m], rows in order, and weights of `seeds` [B, L]."""
        place = tf.where(seeds >= 0, tf.gather(self._places.read_value(), tf.maximum(seeds, 0)), -1)
        there = (place >= 0)[:, :, tf.newaxis]
        at = tf.maximum(place, 0)
        neighbors = tf.gather(self._neighbors.read_value(), at)
        weights = tf.gather(self._weights.read_value(), at)
        return tf.where(there, neighbors, -1), tf.where(there, weights, 0.0)


def _in_row_order(
    table: NeighborTable,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return neighbors as rows, those of each song in order and padding first, and weights."""
    padding = table.neighbors == NONE
    rows = np.where(padding, NONE, table.songs[np.where(padding, 0, table.neighbors)])
    order = np.argsort(rows, axis=1, kind="stable")
    neighbors = np.take_along_axis(rows, order, axis=1).astype(np.int32)
    return neighbors, np.take_along_axis(table.weights, order, axis=1)
