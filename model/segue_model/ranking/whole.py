"""Block maxima and block scores, for scorers that have the scores of all rows anyway."""

import tensorflow as tf

from segue_model.ranking.blocks import NOTHING, Blocks


def allowed_maxima(blocks: Blocks, scores: tf.Tensor, allowed: tf.Tensor) -> tf.Tensor:
    """Return each block's highest allowed score, [B, blocks]; `scores`, `allowed` [B, rows]."""
    return blocks.maxima(tf.where(allowed, scores, NOTHING))


def of_blocks(blocks: Blocks, scores: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """Return the `scores` [B, rows] of the blocks `wanted` [B, M], [B, M * size]."""
    table = tf.reshape(scores, [tf.shape(scores)[0], -1, blocks.size])
    return tf.reshape(tf.gather(table, wanted, batch_dims=1), [tf.shape(scores)[0], -1])
