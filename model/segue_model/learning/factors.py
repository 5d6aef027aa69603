"""Vectors of songs whose products with a listener's say what to listen to: iALS.

The objective is that of Rendle, Krichene, Zhang and Koren, Revisiting the performance of iALS on
item recommendation benchmarks, RecSys 2022: over listened pairs (1 - x.y)^2, over all pairs
unobserved_weight * (x.y)^2, and the squared lengths of the vectors, those of frequent songs and of
busy listeners weighing more.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.data.interactions import Interactions
from segue_model.data.progress import Progress
from segue_model.learning.factors_chunks import Chunk, chunks
from segue_model.learning.factors_descent import Side, descend
from segue_model.learning.factors_options import FactorsOptions
from segue_model.learning.factors_products import Vectors, gramian

# Of the length of a song's first vector, whatever the dimensions.
FIRST_LENGTH: Final = 0.1


def shrinkage_of(
    counts: npt.NDArray[np.int64], others: int, terms: "Factors | FactorsOptions"
) -> npt.NDArray[np.float64]:
    """Return what holds back vectors of rows that have `counts` of the `others` columns."""
    weights = counts + terms.unobserved_weight * others
    return np.asarray(terms.regularization * weights**terms.nu, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """Vectors [W, d] of W songs, and all else that a listener's vector takes.

    `songs` are positions in the dataset's songs, in order. The vector of who listened to the songs
    L of them is (gramian + sum of y y' + s I)^-1 sum of y, where s is `shrinkage(|L|)`.
    Raises: ValueError when the shapes do not fit, or songs are out of order.
    """

    songs: npt.NDArray[np.int32]
    vectors: Vectors
    gramian: Vectors
    regularization: float
    nu: float
    unobserved_weight: float

    def __post_init__(self) -> None:
        count, dimensions = self.vectors.shape
        if self.songs.shape != (count,) or (np.diff(self.songs) <= 0).any():
            raise ValueError(f"songs: not {count} positions in order")
        if self.gramian.shape != (dimensions, dimensions):
            raise ValueError(f"gramian: not of {dimensions} dimensions")

    def shrinkage(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return what holds back the vectors of listeners who listened to `counts` songs."""
        return shrinkage_of(counts, len(self.songs), self)


def fit_factors(interactions: Interactions, options: FactorsOptions, progress: Progress) -> Factors:
    """Return the factors of the songs with enough listeners; how often they played does not matter.

    The same interactions and options make the same bytes on any number of threads. Held are the
    vectors, those of one side again, and the listens three times; besides, each thread works on a
    few MiB, or on the vectors of all listeners of one song. W is 0 where no song has enough.
    """
    songs, listens = _warm(interactions.matrix, options.min_listeners)
    rng = np.random.default_rng(options.seed)
    scale = FIRST_LENGTH / np.sqrt(options.dimensions)
    shape = (len(songs), options.dimensions)
    of_songs = rng.standard_normal(shape, np.float32) * np.float32(scale)
    of_listeners = np.zeros((listens.shape[0], options.dimensions), np.float32)
    halves = (
        _Half.of(listens, of_listeners, of_songs, options),
        _Half.of(listens.T.tocsr(), of_songs, of_listeners, options),
    )
    for epoch in range(options.epochs):
        for number, half in enumerate(halves):
            progress("learning factors", (epoch + number / 2) / options.epochs)
            other = Side.of(half.others, options.unobserved_weight)
            descend(half.chunks, half.vectors, other, half.shrinkage)
    progress("learning factors", 1.0)
    return Factors(
        songs,
        of_songs,
        (options.unobserved_weight * gramian(of_songs)).astype(np.float32),
        options.regularization,
        options.nu,
        options.unobserved_weight,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """The half of an epoch that improves `vectors` given those of the `others`."""

    chunks: list[Chunk]
    vectors: Vectors
    others: Vectors
    shrinkage: Vectors

    @classmethod
    def of(
        cls, matrix: sparse.csr_matrix, vectors: Vectors, others: Vectors, options: FactorsOptions
    ) -> Self:
        shrinkage = shrinkage_of(np.diff(matrix.indptr), len(others), options)
        parts = chunks(matrix, options.dimensions)
        return cls(parts, vectors, others, shrinkage.astype(np.float32))


def _warm(
    listens: sparse.csr_matrix, min_listeners: int
) -> tuple[npt.NDArray[np.int32], sparse.csr_matrix]:
    """Return the songs with enough listeners, and the listens to these of who has any."""
    counts = np.bincount(listens.indices, minlength=listens.shape[1])
    songs = np.flatnonzero(counts >= min_listeners).astype(np.int32)
    kept = listens[:, songs]
    return songs, kept[np.diff(kept.indptr) > 0]
