"""What an engine must be able to do in the graph."""

from typing import Protocol, TypeVar

import tensorflow as tf

# What a scorer needs to know of each listener: a named tuple of tensors with B rows.
Profiles = TypeVar("Profiles")


class Scorer(Protocol[Profiles]):
    """Scores the rows of a song table; a score is the sum of what the listened songs contribute.

    A listener without seeds is scored by popularity, the share of listeners, 0 to 1. Padding rows
    may have any score that does not raise their block's maximum above its songs'.
    """

    def knows(self, rows: tf.Tensor) -> tf.Tensor:
        """Return of `rows`, any shape, whether listening to them tells anything."""

    def profiles(self, seeds: tf.Tensor) -> Profiles:
        """Return the profiles of listeners to the rows `seeds`, int32 [B, L], -1 is none."""

    def block_maxima(self, profiles: Profiles) -> tf.Tensor:
        """Return the highest score of each block, or an estimate of it, [B, blocks]."""

    def blocks_for(self, profiles: Profiles, rows: tf.Tensor) -> tf.Tensor:
        """Return how many blocks of the highest maxima hold the best `rows`, int32 []."""

    def allowed_block_maxima(self, profiles: Profiles, allowed: tf.Tensor) -> tf.Tensor:
        """Return each block's highest score among `allowed`, bool [B, rows]; never an estimate."""

    def scores(self, profiles: Profiles, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""

    def contributions(self, profiles: Profiles, ranked: tf.Tensor) -> tf.Tensor:
        """Return the part of each seed in each score of `ranked` [B, K], [B, K, L]."""

    def sources(self, ranked: tf.Tensor) -> tf.Tensor:
        """Return what the scores of `ranked` [B, K] are made from, codes of the signature."""
