"""Behavior and content in one score, so that songs nobody has listened to yet are ranked too."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

import segue_signature as sig
from segue_model.learning.tastes import SHARPNESS
from segue_model.ranking.blocks import NOTHING, blocks_for_exact
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.neighbors import Neighbors, Sums
from segue_model.ranking.profile import Profile
from segue_model.ranking.songs import SongTable
from segue_model.ranking.whole import allowed_maxima, of_blocks


class Both(NamedTuple):
    """The scores of all rows, float32 [B, rows], and the profiles they are made from."""

    scores: tf.Tensor
    behavior: Sums
    content: Profile


class Blended(tf.Module):
    """Scores a song by its neighbors' weights and by how much it is like the songs listened to.

    The two add up; how much content counts may differ from song to song. What counts of content is
    not its score s but exp(SHARPNESS (s - 1)), the likeness: nearly 0 for most songs, where s is
    above 0.5 for half of a catalog. The songs listened to share it by how near they are.
    """

    def __init__(
        self,
        songs: SongTable,
        behavior: Neighbors,
        content: InnerProduct,
        content_weights: npt.NDArray[np.float32],
    ) -> None:
        """Take both scorers and how much content counts for each song, [N]."""
        super().__init__()
        self._songs = songs
        self._behavior = behavior
        self._content = content
        laid_out = songs.laid_out(content_weights)
        self._content_weights = tf.Variable(laid_out, trainable=False, name="content_weights")

    def knows(self, rows: tf.Tensor) -> tf.Tensor:
        """Return whether either scorer knows the rows; see `Scorer`."""
        return self._behavior.knows(rows) | self._content.knows(rows)

    def profiles(self, seeds: tf.Tensor) -> Both:
        """Return the scores of all rows for listeners to `seeds`, int32 [B, L]."""
        behavior = self._behavior.profiles(seeds)
        content = self._content.profiles(seeds)
        alike = _likeness(self._content.everything(content)) * self._content_weights.read_value()
        nothing_known = ~tf.reduce_any(seeds >= 0, axis=1, keepdims=True)
        # Behavior alone has the popular songs for a listener of whom nothing is known.
        scores = behavior.scores + tf.where(nothing_known, 0.0, alike)
        return Both(scores, behavior, content)

    def block_maxima(self, profiles: Both) -> tf.Tensor:
        """Return the highest score of each block, [B, blocks]."""
        return self._songs.blocks.maxima(profiles.scores)

    def blocks_for(self, profiles: Both, rows: tf.Tensor) -> tf.Tensor:
        """Return how many blocks are ranked for the best `rows`; see `Scorer`."""
        del profiles
        return blocks_for_exact(rows)

    def allowed_block_maxima(self, profiles: Both, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest allowed score of each block, [B, blocks]; `allowed` [B, rows]."""
        return allowed_maxima(self._songs.blocks, profiles.scores, allowed)

    def scores(self, profiles: Both, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""
        return of_blocks(self._songs.blocks, profiles.scores, blocks)

    def contributions(self, profiles: Both, ranked: tf.Tensor) -> tf.Tensor:
        """Return the part of each seed in each score of `ranked` [B, K], [B, K, L]."""
        seeds = profiles.behavior.seeds
        weights = tf.gather(self._content_weights.read_value(), ranked)
        alike = _likeness(self._content.scores_of(profiles.content, ranked)) * weights
        nearness = SHARPNESS * self._content.products(ranked, seeds)
        shares = tf.nn.softmax(tf.where(seeds[:, tf.newaxis, :] >= 0, nearness, NOTHING))
        behavior = self._behavior.contributions(profiles.behavior, ranked)
        return behavior + alike[:, :, tf.newaxis] * shares

    def sources(self, ranked: tf.Tensor) -> tf.Tensor:
        """Return BLEND for songs of which behavior tells, CONTENT for the others."""
        return tf.where(self._behavior.knows(ranked), sig.SOURCE_BLEND, sig.SOURCE_CONTENT)


def _likeness(scores: tf.Tensor) -> tf.Tensor:
    return tf.exp(SHARPNESS * (scores - 1))
