"""Clusters of any size cut into blocks of one size: a tree over the clusters, then over their rows.

Every cut of the tree falls on a multiple of the block, so only the last block is smaller. Where it
parts clusters, the few rows too many (at most half a block) that lie nearest the border change
sides. So no block is padded, and hardly one holds rows of clusters that are far from each other.
Sums are numpy's own here, whose bytes do not depend on the number of threads.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue_model.learning.clusters_means import nearest

# Rows that tell the direction in which a cluster is cut, and how often it is refined.
SAMPLE: Final = 2_048
ROUNDS: Final = 6

Reals = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


class _Span(NamedTuple):
    """Rows next to each other: views that are put in order in place."""

    vectors: Reals
    labels: Rows
    order: Rows

    def part(self, start: int, end: int) -> "_Span":
        return _Span(self.vectors[start:end], self.labels[start:end], self.order[start:end])

    def split(self, first: Flags) -> None:
        """Put the rows that are `first` before the others, either in their order."""
        at = np.concatenate([np.flatnonzero(first), np.flatnonzero(~first)])
        for array in self:
            array[:] = array[at]


def arranged(vectors: Reals, labels: Rows, centers: Reals, block: int) -> Rows:
    """Return the rows of `vectors` float32 [N, d] in the order of their blocks, int32 [N].

    `labels` int32 [N] are the rows' clusters, `centers` float32 [C, d] the clusters' centers. The
    rows of a block ascend, and where all are equal, so do the blocks.
    """
    whole = _Span(vectors.copy(), labels.copy(), np.arange(len(vectors), dtype=np.int32))
    spans = [(0, len(vectors))]
    while spans:
        start, end = spans.pop()
        if end - start > block:
            middle = start + _cut(whole.part(start, end), centers, block)
            spans += [(start, middle), (middle, end)]
    return whole.order


def _cut(span: _Span, centers: Reals, block: int) -> int:
    """Put the rows of two parts apart and return where the second begins."""
    groups, counts = np.unique(span.labels, return_counts=True)
    if len(groups) == 1:
        first = _halved(span.vectors, block)
    else:
        first = _parted(span, _Centers(groups, centers[groups], counts), block)
    span.split(first)
    return int(first.sum())


def _halved(vectors: Reals, block: int) -> Flags:
    """Return the half of the rows that lies further along the principal axis."""
    sample = vectors[:: -(-len(vectors) // SAMPLE)]
    along = _products(vectors, _principal_axis(sample, np.ones(len(sample), np.float32)))
    return _highest(along, _whole_blocks(len(vectors) / 2, len(vectors), block))


class _Centers(NamedTuple):
    """The clusters of a span: labels, centers [G, d], numbers of rows."""

    labels: Rows
    vectors: Reals
    counts: npt.NDArray[np.int64]


def _parted(span: _Span, centers: _Centers, block: int) -> Flags:
    """Return the rows of one part of the clusters, made whole blocks at the border."""
    chosen, border = _two_means(centers.vectors, centers.counts.astype(np.float32))
    first = chosen[np.searchsorted(centers.labels, span.labels)]
    surplus = int(first.sum()) - _whole_blocks(first.sum(), len(first), block)
    if surplus == 0:
        return first
    leaving = np.flatnonzero(first == (surplus > 0))
    inward = _products(span.vectors[leaving], border if surplus > 0 else -border)
    leaving = leaving[_highest(-inward, abs(surplus))]
    first[leaving] = surplus < 0
    into = chosen == (surplus < 0)
    there = nearest(span.vectors[leaving], centers.vectors[into])
    span.labels[leaving] = centers.labels[into][there]
    return first


def _whole_blocks(rows: float, total: int, block: int) -> int:
    """Return the multiple of `block` nearest `rows` that leaves at least one block on each side."""
    most = -(-total // block) - 1
    return block * min(max(1, round(rows / block)), most)


def _two_means(vectors: Reals, weights: Reals) -> tuple[Flags, Reals]:
    """Return which vectors are of the first of two clusters, and the direction towards it, [d].

    `vectors` [G, d], G at least 2; neither cluster is empty.
    """
    border = _principal_axis(vectors, weights)
    along = _products(vectors, border)
    first = along > np.average(along, weights=weights)
    for _ in range(ROUNDS):
        if first.all() or not first.any():
            # The vectors are equal, or as good as equal.
            return np.arange(len(vectors)) == 0, border
        here = np.average(vectors[first], axis=0, weights=weights[first])
        there = np.average(vectors[~first], axis=0, weights=weights[~first])
        border = (here - there).astype(np.float32)
        first = _products(vectors, border) > border @ ((here + there) / 2)
    return first, border


def _principal_axis(vectors: Reals, weights: Reals) -> Reals:
    """Return the direction of the largest spread, [d], by power iteration; 0 without any spread."""
    centered = vectors - np.average(vectors, axis=0, weights=weights).astype(np.float32)
    spread = np.einsum("ij,ij,i->j", centered, centered, weights)
    axis = np.zeros(vectors.shape[1], np.float32)
    axis[spread.argmax() : spread.argmax() + 1] = 1
    for _ in range(ROUNDS):
        axis = np.einsum("ij,i->j", centered, _products(centered, axis) * weights)
        axis /= max(np.abs(axis).max(initial=0), np.finfo(np.float32).tiny)
    return axis


def _products(vectors: Reals, direction: Reals) -> Reals:
    return np.einsum("ij,j->i", vectors, direction)


def _highest(values: Reals, count: int) -> Flags:
    """Return which are the `count` highest values, of equal ones the first."""
    flags = np.zeros(len(values), np.bool_)
    flags[np.argsort(-values, kind="stable")[:count]] = True
    return flags
