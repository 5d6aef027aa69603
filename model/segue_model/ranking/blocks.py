"""Exact top-k in two stages over blocks of rows, so that most scores are never sorted.

The rows of the catalog are cut into equal blocks. The best `n` rows lie within the `n` blocks of
the highest maxima (each better block holds a better row), so one pass takes the maximum of each
block, and only the rows of the winning blocks are ranked. Rows are in the order of song ids and
winning blocks are put back into row order, so that `top_k`, which prefers the lower index, ranks
equal scores by id.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

# Rows a block, by the size of the catalog: small blocks leave fewer rows to rank again, large ones
# fewer maxima to choose from. Beyond the last bound the time is flat from 128 to 512.
SIZES = ((20_000, 16), (200_000, 32))
LARGEST = 128
# Blocks ranked beyond those needed: the first pass may round a score differently in its last bit.
SLACK = 4

NOTHING = float("-inf")


@dataclass(frozen=True, eq=False)
class Blocks:
    """How `count` songs are cut into blocks of rows of one `size`.

    `order` int32 [rows] is the song in each row, -1 in padding; `None` is the order of ids, padded
    at the end.
    """

    count: int
    size: int
    order: npt.NDArray[np.int32] | None = None

    @classmethod
    def of(cls, count: int) -> "Blocks":
        """Return the cut that suits a catalog of `count` songs."""
        return cls(count, next((size for most, size in SIZES if count <= most), LARGEST))

    @property
    def rows(self) -> int:
        """The number of rows with the padding."""
        return -(-self.count // self.size) * self.size if self.order is None else len(self.order)

    def positions(self, *, fill: bool = False) -> npt.NDArray[np.int32]:
        """Return the song in each row; in padding -1, or the song before it when `fill`."""
        order = self.order
        if order is None:
            order = np.arange(self.rows, dtype=np.int32)
            order[self.count :] = -1
        if not fill:
            return order
        last = np.maximum.accumulate(np.where(order >= 0, np.arange(len(order)), 0))
        return order[last]

    def maxima(self, scores: tf.Tensor) -> tf.Tensor:
        """Return the highest of each block's `scores` [B, rows], [B, blocks]."""
        return tf.reduce_max(tf.reshape(scores, [tf.shape(scores)[0], -1, self.size]), axis=2)

    def rows_of(self, blocks: tf.Tensor) -> tf.Tensor:
        """Return the rows of `blocks` [B, M], [B, M * size]."""
        rows = blocks[:, :, tf.newaxis] * self.size + tf.range(self.size)
        return tf.reshape(rows, [tf.shape(blocks)[0], -1])

    def without_rows(self, scores: tf.Tensor, blocks: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Return `scores` [B, M * size] of `blocks` [B, M] with `rows` [B, S] ranked nowhere.

        A row of -1, or one outside the blocks, changes nothing.
        """
        batch, width = tf.shape(scores)[0], tf.shape(scores)[1]
        home = tf.math.floordiv(rows, self.size)
        position = tf.minimum(tf.searchsorted(blocks, home), tf.shape(blocks)[1] - 1)
        found = (tf.gather(blocks, position, batch_dims=1) == home) & (rows >= 0)
        # Rows that are not there go to a column of their own, which is cut off again.
        column = tf.where(found, position * self.size + tf.math.floormod(rows, self.size), width)
        line = tf.broadcast_to(tf.range(batch)[:, tf.newaxis], tf.shape(rows))
        where = tf.reshape(tf.stack([line, column], axis=-1), [-1, 2])
        wide = tf.pad(scores, [[0, 0], [0, 1]])
        gone = tf.fill([tf.shape(where)[0]], NOTHING)
        return tf.tensor_scatter_nd_update(wide, where, gone)[:, :width]


def blocks_for_exact(rows: tf.Tensor) -> tf.Tensor:
    """Return how many blocks hold the best `rows` for certain, int32 []."""
    return rows + SLACK


def best_blocks(maxima: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Return the blocks [B, M] of the `count` highest `maxima` [B, blocks], in row order."""
    count = tf.minimum(tf.shape(maxima)[1], count)
    return tf.sort(tf.math.top_k(maxima, count, sorted=False).indices, axis=-1)
