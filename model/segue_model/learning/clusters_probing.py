"""How many blocks must be searched: measured, on sampled listeners, against searching them all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.learning.clusters import Clusters

K: Final = 10
TARGET: Final = 0.99
# Shares of the deviation (or of the radius) that are tried as a block's reach.
SHARES_OF_DEVIATION: Final = (0.2, 0.35, 0.5)
SHARES_OF_RADIUS: Final = (0.1, 0.2)
# Scores nearer than this, relative to the higher one, count as equal: sums are rounded differently.
TOLERANCE: Final = 1e-5
# Listeners and blocks whose scores are in memory at once.
LISTENERS: Final = 256
BLOCKS: Final = 80
MOST_SONGS: Final = 20
MOST_ARTISTS: Final = 3

Reals = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Listeners:
    """Q listeners: `profiles` float32 [Q, d], and the rows that each has listened to."""

    profiles: Reals
    listened: Sequence[Rows]

    def known(self) -> Self:
        """Return those whose profile is not 0."""
        kept = [at for at, profile in enumerate(self.profiles) if profile.any()]
        return type(self)(self.profiles[kept], [self.listened[at] for at in kept])


@dataclass(frozen=True, slots=True, eq=False)
class Probing:
    """How the blocks are chosen that are searched for a listener of profile q.

    They are those with the highest q . centroid + |q| * reach, `reach` float32 [blocks]; `probes`
    of them, and as many more as are needed for the rows wanted. `recall` is the share of the
    exactly best 10 that is found so: of the ten found, those that score no less than the exact
    tenth, listened songs being left out.
    """

    reach: Reals
    probes: int
    recall: float

    def with_probes(self, probes: int) -> Self:
        """Return the same with other probes, of which the recall is not known."""
        return replace(self, probes=probes, recall=float("nan"))


def probing(
    vectors: Reals, clusters: Clusters, listeners: Listeners, target: float = TARGET
) -> Probing:
    """Return the probing with the fewest probes whose recall for `listeners` is the `target`.

    `vectors` float32 [N, d] are those that were clustered; `target` is above 0 and at most 1.
    Listeners of whom nothing is known (profile 0) count for nothing, and without any other there is
    nothing to miss.
    Raises: ValueError when there is no listener.
    """
    if not listeners.listened:
        raise ValueError("listeners: none to measure the recall with")
    listeners = listeners.known()
    if not listeners.listened:
        return Probing(np.zeros_like(clusters.radii), 1, 1.0)
    good = _good_blocks(vectors, clusters, listeners)
    closeness = listeners.profiles @ clusters.centroids.T
    lengths = np.linalg.norm(listeners.profiles, axis=1, keepdims=True)
    tried = [
        _fewest(reach, _ranks(good, closeness + lengths * reach), target)
        for reach in _reaches(clusters)
    ]
    return min(tried, key=lambda one: one.probes)


def sampled(matrix: sparse.csr_matrix, artists: Rows, count: int, seed: int) -> list[Rows]:
    """Return what `count` listeners have listened to: 1 to 20 rows each.

    They are drawn from the listeners of `matrix` [U, N]; where there is none, from the songs of 1
    to 3 artists, `artists` int32 [N].
    """
    rng = np.random.default_rng(seed)
    active = np.flatnonzero(np.diff(matrix.indptr))
    if len(active):
        of_whom = rng.choice(active, count)
        pools = [matrix.indices[matrix.indptr[u] : matrix.indptr[u + 1]] for u in of_whom]
    else:
        pools = _of_artists(artists, count, rng)
    sizes = rng.integers(1, MOST_SONGS + 1, count)
    return [
        rng.choice(pool, min(len(pool), size), replace=False).astype(np.int32)
        for pool, size in zip(pools, sizes, strict=True)
    ]


def _of_artists(artists: Rows, count: int, rng: np.random.Generator) -> list[Numbers]:
    """Return the rows of 1 to 3 artists for each of `count` listeners, artists of many likelier."""
    rows = np.argsort(artists, kind="stable")
    ordered = artists[rows]
    pools = []
    for number in rng.integers(1, MOST_ARTISTS + 1, count):
        chosen = np.unique(artists[rng.integers(len(artists), size=number)])
        bounds = zip(
            np.searchsorted(ordered, chosen), np.searchsorted(ordered, chosen, "right"), strict=True
        )
        pools.append(np.concatenate([rows[start:end] for start, end in bounds]))
    return pools


def _reaches(clusters: Clusters) -> list[Reals]:
    of_deviation = [np.float32(share) * clusters.deviations for share in SHARES_OF_DEVIATION]
    return of_deviation + [np.float32(share) * clusters.radii for share in SHARES_OF_RADIUS]


@dataclass(frozen=True, slots=True, eq=False)
class _Good:
    """For one listener, the `blocks` with rows as good as the tenth best, and how many each has."""

    blocks: Numbers
    counts: Numbers


def _ranks(good: Sequence[_Good], estimates: Reals) -> Numbers:
    """Return the place of the block that has each of the listeners' ten, ascending."""
    ranks = []
    for one, row in zip(good, estimates, strict=True):
        places = np.empty(len(row), np.int64)
        places[np.argsort(-row, kind="stable")] = np.arange(len(row))
        order = np.argsort(places[one.blocks])
        ranks.append(np.repeat(places[one.blocks][order], one.counts[order])[:K])
    return np.sort(np.concatenate(ranks))


def _fewest(reach: Reals, ranks: Numbers, target: float) -> Probing:
    """Return the fewest probes that find the `target` share of what is at `ranks`."""
    if not len(ranks):
        return Probing(reach, 1, 1.0)
    searched = 1 + int(ranks[max(0, int(np.ceil(target * len(ranks))) - 1)])
    # The rows wanted are given a block of their own beside the probes.
    probes = max(1, searched - 1)
    return Probing(reach, probes, float((ranks <= probes).mean()))


def _good_blocks(vectors: Reals, clusters: Clusters, listeners: Listeners) -> list[_Good]:
    rows = -(-len(vectors) // clusters.block) * clusters.block
    blocks = np.pad(clusters.order, (0, rows - len(vectors)), mode="edge")
    blocks = blocks.reshape(-1, clusters.block)
    good = []
    for start in range(0, len(listeners.listened), LISTENERS):
        profiles = listeners.profiles[start : start + LISTENERS]
        listened = listeners.listened[start : start + LISTENERS]
        maxima = _maxima(vectors, blocks, profiles)
        each = zip(profiles, maxima, listened, strict=True)
        good += [_good_of(vectors, clusters, *one) for one in each]
    return good


def _maxima(vectors: Reals, blocks: Rows, profiles: Reals) -> Reals:
    """Return the highest score of each block, [q, blocks]; `blocks` are rows [blocks, block]."""
    maxima = np.empty((len(profiles), len(blocks)), np.float32)
    for start in range(0, len(blocks), BLOCKS):
        some = blocks[start : start + BLOCKS]
        scores = profiles @ vectors[some.ravel()].T
        maxima[:, start : start + BLOCKS] = scores.reshape(len(profiles), *some.shape).max(axis=2)
    return maxima


def _good_of(
    vectors: Reals, clusters: Clusters, profile: Reals, maxima: Reals, listened: Rows
) -> _Good:
    """Return where the rows stand that are as good as the tenth best not listened to."""

    def scores_of(blocks: Numbers) -> tuple[Reals, Numbers]:
        at = (blocks[:, np.newaxis] * clusters.block + np.arange(clusters.block)).ravel()
        at = at[at < len(vectors)]
        rows = clusters.order[at]
        new = ~np.isin(rows, listened)
        return vectors[rows[new]] @ profile, at[new] // clusters.block

    # The best n rows lie within the n blocks of the highest maxima.
    candidates, _ = scores_of(np.argsort(-maxima, kind="stable")[: K + len(listened)])
    if not len(candidates):
        return _Good(np.empty(0, np.int64), np.empty(0, np.int64))
    tenth = np.sort(candidates)[-min(K, len(candidates))]
    least = tenth - TOLERANCE * abs(tenth)
    scores, homes = scores_of(np.flatnonzero(maxima >= least))
    blocks, counts = np.unique(homes[scores >= least], return_counts=True)
    return _Good(blocks, counts)
