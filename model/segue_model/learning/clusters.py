"""Songs cut into equal blocks of songs that lie near each other, so that few blocks are searched.

Block-IVF: k-means finds the clusters, a tree over them cuts the rows into blocks without padding,
and a block is told by its centroid and by how far its rows lie from it. The score of a block's best
row for a profile q is estimated as q . centroid + |q| * reach, where `reach` is a share of one of
the two distances (see `clusters_probing`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.data.progress import Progress, silent
from segue_model.learning.clusters_arranging import arranged
from segue_model.learning.clusters_means import means, nearest

BLOCK: Final = 128
STEP: Final = "clusters"

Reals = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """N rows in blocks of `block`; the last one may be smaller.

    Block b is of the rows `order[b * block : (b + 1) * block]`, which ascend; `order` int32 [N] has
    every row once. By block: `centroids` float32 [blocks, d], and the distance of its rows from it:
    `deviations` float32 [blocks] the root mean square, `radii` float32 [blocks] the largest.
    """

    block: int
    order: Rows
    centroids: Reals
    deviations: Reals
    radii: Reals


def cluster(
    vectors: Reals, *, seed: int, block: int = BLOCK, progress: Progress = silent
) -> Clusters:
    """Return the rows of `vectors` float32 [N, d], N and d at least 1, in blocks of near ones.

    Where all rows are equal they stay in their order. The same arguments make the same bytes.
    Beside the vectors it takes about twice their memory.
    Raises: ValueError when they are of another type or shape, or a number is not finite.
    """
    if vectors.ndim != 2 or not vectors.size or vectors.dtype != np.float32:  # noqa: PLR2004
        raise ValueError(f"vectors: float32 [N, d] wanted, not {vectors.dtype} {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("vectors: a number that is not finite")
    progress(STEP, 0.0)
    centers = means(vectors, seed, lambda share: progress(STEP, 0.5 * share))
    labels = nearest(vectors, centers)
    progress(STEP, 0.6)
    order = arranged(vectors, labels, centers, block)
    progress(STEP, 0.9)
    clusters = _measured(vectors, order, block)
    progress(STEP, 1.0)
    return clusters


def _measured(vectors: Reals, order: Rows, block: int) -> Clusters:
    """Return the clusters of rows arranged in `order`."""
    blocks = -(-len(order) // block)
    centroids = np.empty((blocks, vectors.shape[1]), np.float32)
    squares = np.empty((blocks, 2), np.float64)
    for at in range(blocks):
        rows = vectors[order[at * block : (at + 1) * block]].astype(np.float64)
        centroids[at] = rows.mean(axis=0)
        distances = ((rows - centroids[at]) ** 2).sum(axis=1)
        squares[at] = distances.mean(), distances.max()
    deviations, radii = np.sqrt(squares).astype(np.float32).T.copy()
    return Clusters(block, order, centroids, deviations, radii)
