"""K-means in products of matrices: the centers around which rows are gathered."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

# Centers for N rows: this many times the root of N. More cost more and find little more.
DENSITY: Final = 2.0
# Rows a center that k-means looks at, and how often it moves the centers.
SAMPLE: Final = 64
ROUNDS: Final = 8
# Rows compared with all centers at once, which bounds the memory.
CHUNK: Final = 4_096

Reals = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]


def means(vectors: Reals, seed: int, told: Callable[[float], None]) -> Reals:
    """Return the centers of `vectors` float32 [N, d], float32 [C, d], C about 2 sqrt(N).

    Lloyd's k-means over a sample; `told` hears the share done.
    """
    rng = np.random.default_rng(seed)
    count = max(1, min(len(vectors), round(DENSITY * len(vectors) ** 0.5)))
    sample = vectors[_some(rng, len(vectors), SAMPLE * count)]
    centers = sample[_some(rng, len(sample), count)]
    for number in range(ROUNDS):
        centers = _moved(sample, centers, rng)
        told((number + 1) / ROUNDS)
    return centers


def nearest(vectors: Reals, centers: Reals) -> Rows:
    """Return the center nearest each of `vectors` float32 [N, d], int32 [N]; the first of equals.

    Of |x - c|^2 only the part that differs between centers is looked at: x . c - |c|^2 / 2.
    """
    halves = np.einsum("ij,ij->i", centers, centers) / 2
    labels = np.empty(len(vectors), np.int32)
    for start in range(0, len(vectors), CHUNK):
        closeness = vectors[start : start + CHUNK] @ centers.T
        closeness -= halves
        labels[start : start + CHUNK] = closeness.argmax(axis=1)
    return labels


def _some(rng: np.random.Generator, total: int, count: int) -> npt.NDArray[np.int64]:
    """Return at most `count` of the numbers below `total`, each once, in order."""
    return np.sort(rng.choice(total, min(total, count), replace=False))


def _moved(sample: Reals, centers: Reals, rng: np.random.Generator) -> Reals:
    """Return the means of the rows nearest each center; where none is, a row of the sample."""
    labels = nearest(sample, centers)
    counts = np.bincount(labels, minlength=len(centers))
    used = counts > 0
    starts = (np.cumsum(counts) - counts)[used]
    sums = np.add.reduceat(sample[np.argsort(labels, kind="stable")], starts, axis=0)
    moved = sample[rng.integers(len(sample), size=len(centers))]
    moved[used] = sums / counts[used, np.newaxis].astype(np.float32)
    return moved
