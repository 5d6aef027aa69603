"""Exact top-k in two stages over blocks of rows, so that most scores are never sorted.

The rows of the catalog are cut into equal blocks. The best `n` rows lie within the `n` blocks of
the highest maxima (each better block holds a better row), so one pass takes the maximum of each
block, and only the rows of the winning blocks are ranked. Rows are in the order of song ids and
winning blocks are put back into row order, so that `top_k`, which prefers the lower index, ranks
equal scores by id.
"""

import tensorflow as tf

# Rows a block. Timing is flat from 128 to 512; smaller blocks re-score fewer rows.
BLOCK = 128
# Blocks ranked beyond those needed: the first pass may round a score differently in its last bit.
SLACK = 4

NOTHING = float("-inf")


def padded(rows: int) -> int:
    """Return `rows` rounded up to whole blocks."""
    return -(-rows // BLOCK) * BLOCK


def best_blocks(maxima: tf.Tensor, rows_needed: tf.Tensor) -> tf.Tensor:
    """Return the blocks [B, M] that hold the best `rows_needed` rows, in row order.

    `maxima` float32 [B, blocks], `rows_needed` int32 [].
    """
    count = tf.minimum(tf.shape(maxima)[1], rows_needed + SLACK)
    return tf.sort(tf.math.top_k(maxima, count, sorted=False).indices, axis=-1)


def rows_of(blocks: tf.Tensor) -> tf.Tensor:
    """Return the rows [B, M * BLOCK] of `blocks` [B, M]."""
    rows = blocks[:, :, tf.newaxis] * BLOCK + tf.range(BLOCK)
    return tf.reshape(rows, [tf.shape(blocks)[0], -1])


def without_rows(scores: tf.Tensor, blocks: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Return `scores` [B, M * BLOCK] of `blocks` [B, M] with `rows` [B, S] ranked nowhere.

    A row of -1, or one outside the blocks, changes nothing.
    """
    batch, width = tf.shape(scores)[0], tf.shape(scores)[1]
    home = tf.math.floordiv(rows, BLOCK)
    position = tf.minimum(tf.searchsorted(blocks, home), tf.shape(blocks)[1] - 1)
    found = (tf.gather(blocks, position, batch_dims=1) == home) & (rows >= 0)
    # Rows that are not there go to a column of their own, which is cut off again.
    column = tf.where(found, position * BLOCK + tf.math.floormod(rows, BLOCK), width)
    line = tf.broadcast_to(tf.range(batch)[:, tf.newaxis], tf.shape(rows))
    where = tf.reshape(tf.stack([line, column], axis=-1), [-1, 2])
    wide = tf.pad(scores, [[0, 0], [0, 1]])
    gone = tf.fill([tf.shape(where)[0]], NOTHING)
    return tf.tensor_scatter_nd_update(wide, where, gone)[:, :width]
