"""Inner products of the few blocks that look best, instead of all: approximate ranking.

Rows are in the order of `Clusters`. A block's highest score is estimated from its centroid and from
how far its rows reach from it; the blocks of the highest estimates are scored exactly, so what is
found has its exact score, and something may be missed. Where rows are filtered, and where nothing
is known of a listener, the ranking is exact.
"""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.learning.clusters import Clusters
from segue_model.learning.clusters_probing import Probing
from segue_model.ranking.blocks import Blocks, blocks_for_exact
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.profile import Profile
from segue_model.ranking.songs import SongTable


def blocks_of(clusters: Clusters) -> Blocks:
    """Return the blocks of a song table whose rows are in the order of `clusters`."""
    padding = -len(clusters.order) % clusters.block
    order = np.pad(clusters.order, (0, padding), constant_values=-1)
    return Blocks(len(clusters.order), clusters.block, order)


class Clustered(tf.Module):
    """Scores like the inner product that it is made from, and estimates its block maxima."""

    def __init__(
        self, songs: SongTable, exact: InnerProduct, clusters: Clusters, probing: Probing
    ) -> None:
        """Take the scorer of `songs`, whose blocks are `blocks_of(clusters)`."""
        super().__init__()
        self._exact = exact
        self._size = clusters.block
        self._probes = probing.probes
        # What is popular is ranked, so that equally popular blocks come by ids, too.
        by_popularity = np.argsort(-songs.arrays.popularity, kind="stable")
        ranks = np.empty(songs.count, np.int32)
        ranks[by_popularity] = np.arange(songs.count, dtype=np.int32)
        first = songs.laid_out(ranks).reshape(-1, clusters.block).min(axis=1)
        self._centroids = self._fixed(np.column_stack([clusters.centroids, -first]), "centroids")
        self._reach = self._fixed(probing.reach, "reach")

    def _fixed(self, array: npt.NDArray[np.float32], name: str) -> tf.Variable:
        return tf.Variable(array, trainable=False, dtype=tf.float32, name=name)

    def knows(self, rows: tf.Tensor) -> tf.Tensor:
        """Return whether the rows have a vector; see `Scorer`."""
        return self._exact.knows(rows)

    def profiles(self, seeds: tf.Tensor) -> Profile:
        """Return the profiles of listeners to `seeds`, int32 [B, L]."""
        return self._exact.profiles(seeds)

    def block_maxima(self, profiles: Profile) -> tf.Tensor:
        """Return an estimate of the highest score of each block, [B, blocks]."""
        tastes = profiles.tastes
        lengths = tf.norm(tastes[:, :, :-1], axis=2, keepdims=True)
        # A product of matrices: one a listener takes as many calls.
        flat = tf.reshape(tastes, [-1, tastes.shape[2]])
        closeness = tf.matmul(flat, self._centroids.read_value(), transpose_b=True)
        shape = [*tf.unstack(tf.shape(tastes)[:2]), -1]
        estimates = tf.reshape(closeness, shape) + lengths * self._reach.read_value()
        return tf.reduce_max(estimates + profiles.bonuses[:, :, tf.newaxis], axis=1)

    def blocks_for(self, profiles: Profile, rows: tf.Tensor) -> tf.Tensor:
        """Return how many blocks are searched for the best `rows`, int32 []."""
        probed = self._probes + tf.math.floordiv(rows + self._size - 1, self._size)
        by_popularity = tf.reduce_any(profiles.tastes[:, :, -1] > 0)
        return tf.maximum(probed, tf.where(by_popularity, blocks_for_exact(rows), 0))

    def allowed_block_maxima(self, profiles: Profile, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest allowed score of each block, [B, blocks]; `allowed` [B, rows]."""
        return self._exact.allowed_block_maxima(profiles, allowed)

    def scores(self, profiles: Profile, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of `blocks` [B, M], [B, M * size]."""
        return self._exact.scores(profiles, blocks)

    def contributions(self, profiles: Profile, ranked: tf.Tensor) -> tf.Tensor:
        """Return the part of each seed in each score of `ranked` [B, K], [B, K, L]."""
        return self._exact.contributions(profiles, ranked)

    def sources(self, ranked: tf.Tensor) -> tf.Tensor:
        """Return the one source that all scores have."""
        return self._exact.sources(ranked)
