"""Approximate search made to measure: as many blocks as the recall asked for takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

import segue_signature as sig
from segue_model.data.progress import Progress
from segue_model.learning import tastes
from segue_model.learning.clusters import cluster
from segue_model.learning.clusters_probing import TOLERANCE, K, Listeners, probing
from segue_model.ranking.clustered import Clustered, blocks_of
from segue_model.ranking.constraints import no_constraints
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.listeners import clean
from segue_model.ranking.profile import Profile
from segue_model.ranking.ranker import Ranker
from segue_model.ranking.scorer import Scorer
from segue_model.ranking.songs import SongArrays, SongTable
from segue_model.ranking.tastes import Tastes

Rows = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float32]

BATCH: Final = 32
# By how much the number of blocks grows as long as the recall is not reached.
GROWTH: Final = 1.3


@dataclass(frozen=True, eq=False)
class Search:
    """What is searched for: the share `target` of the exact ten best songs of some listeners.

    `listened` are the rows, in the order of ids, that each of them has listened to.
    """

    listened: Sequence[Rows]
    target: float
    seed: int


@dataclass(frozen=True, eq=False)
class Found:
    """The table in the order of its blocks, the scorer over it, and the recall it reached."""

    songs: SongTable
    scorer: Clustered
    recall: float


def approximate(
    arrays: SongArrays, vectors: Reals, profiler: Tastes, search: Search, progress: Progress
) -> Found:
    """Return what finds the share asked for, for the listeners given, as the graph ranks them.

    `vectors` float32 [N, d] are of length 1, or 0. Raises: ValueError when there is no listener.
    """
    clusters = cluster(vectors, seed=search.seed, progress=progress)
    progress("measuring recall", 0)
    probed = probing(vectors, clusters, _each_taste(vectors, profiler, search), search.target)
    songs = SongTable(arrays, blocks_of(clusters))
    exact = InnerProduct(songs, vectors, sig.SOURCE_CONTENT, profiler)
    best = _tenth_best(songs, exact, search.listened)
    probes = probed.probes
    while True:
        scorer = Clustered(songs, exact, clusters, probed.with_probes(probes))
        recall = _recall(_ten(songs, scorer, search.listened), best)
        if recall >= search.target or probes >= len(clusters.radii):
            progress("measuring recall", 1)
            return Found(songs, scorer, round(recall, 4))
        probes = min(int(probes * GROWTH) + 1, len(clusters.radii))


def _each_taste(vectors: Reals, profiler: Tastes, search: Search) -> Listeners:
    """Return a listener for each taste of those given."""
    directions, listened = [], []
    for rows in search.listened:
        found = vectors[np.sort(rows)]
        groups, shares = tastes.tastes(found, profiler.most)
        each, _ = tastes.profiles(found, groups, shares)
        directions.append(each)
        listened += [rows] * len(each)
    return Listeners(np.concatenate(directions), listened)


def _tenth_best(songs: SongTable, exact: InnerProduct, listened: Sequence[Rows]) -> Reals:
    return _ten(songs, exact, listened)[:, -1]


def _recall(found: Reals, tenth: Reals) -> float:
    """Return the share of scores [Q, 10] that are no less than the exact tenth [Q]."""
    least = tenth - TOLERANCE * np.abs(tenth)
    return float((found >= least[:, np.newaxis]).mean())


def _ten(songs: SongTable, scorer: Scorer[Profile], listened: Sequence[Rows]) -> Reals:
    """Return the scores of the ten best songs for each, [Q, 10], -inf beyond the catalog."""
    ranker = Ranker(songs, scorer, alone=True)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def ten(ids: tf.Tensor) -> tf.Tensor:
        listeners = clean(songs, ids, scorer.knows)
        batch = tf.shape(ids)[0]
        constraints = no_constraints(batch)
        k = tf.fill([batch], min(K, songs.count))
        return ranker.rank(scorer.profiles(listeners.seeds), listeners, constraints, k).scores

    width = max(len(rows) for rows in listened)
    ids = np.full((len(listened), width), sig.PAD_ID, np.int32)
    for at, rows in enumerate(listened):
        ids[at, : len(rows)] = songs.arrays.ids[rows]
    batches = range(0, len(ids), BATCH)
    return np.concatenate([ten(ids[start : start + BATCH]).numpy() for start in batches])
