"""Tastes: listened songs in groups of alike ones, so that unlike ones are not averaged away.

The reference of the content engine: what its graph must equal.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Vectors: TypeAlias = npt.NDArray[np.float32]
Groups: TypeAlias = npt.NDArray[np.int32]

MOST_TASTES: Final = 6
# A center is one of so many songs at most, so that work stays linear in the listened ones.
CANDIDATES: Final = 128
# Likeness is exp(SHARPNESS (cosine - 1)): 1 for the same direction, halved by every 0.09 of cosine.
SHARPNESS: Final = 8.0
# One more taste must bring the songs this much more likeness in sum: a fifth of a song.
GAIN_AT_LEAST: Final = 0.2
# Less than this apart counts as equal, for two float32 implementations must choose the same.
TIE: Final = 1e-5
# Songs of a taste that cancel out have no direction, and rounding must not give them one.
LENGTH_AT_LEAST: Final = 1e-3


def tastes(vectors: Vectors, most: int = MOST_TASTES) -> tuple[Groups, Vectors]:
    """Return the taste of each listened song, int32 [L], and each taste's share of them, [T].

    `vectors` [L, d] are of length 1 (or 0: no features), L >= 1, in order of the songs' rows, each
    song once. T is at most `most`; no share is 0.

    Centers are songs, chosen one after another: each time the one that adds the most to the sum,
    over the songs, of the likeness with the nearest center. A song is of its nearest center's
    taste; the first of equal ones counts. Of more than `CANDIDATES` songs only every second, third,
    … may be a center.
    """
    stride = max(1, -(-len(vectors) // CANDIDATES))
    cosines = vectors @ vectors[::stride].T
    groups = _first_best(cosines[:, _centers(cosines, most)])
    # All songs of a center can be nearer to others, its own taste is empty then.
    present, groups = np.unique(groups, return_inverse=True)
    shares = np.bincount(groups, minlength=len(present)) / len(vectors)
    return groups.astype(np.int32), shares.astype(np.float32)


def profiles(vectors: Vectors, groups: Groups, shares: Vectors) -> tuple[Vectors, Vectors]:
    """Return each taste's mean song, brought to length 1, [T, d], and what its share adds, [T].

    A taste of share p adds ln(p) / SHARPNESS to its scores: 0 for the only taste, and as if its
    songs' likeness counted p times.
    """
    sums = np.zeros((len(shares), vectors.shape[1]), np.float32)
    np.add.at(sums, groups, vectors)
    added = np.asarray(np.log(shares) / np.float32(SHARPNESS), np.float32)
    return sums * _scales(sums, shares, len(vectors)), added


def scores(songs: Vectors, history: sparse.csr_matrix) -> Vectors:
    """Return the scores of N songs for B listeners, float32 [B, N].

    `songs` [N, d] are vectors as above; an entry of `history` [B, N] is a listen. The score is the
    largest, over the tastes, of the inner product with the taste's profile plus what its share
    adds; 0 throughout for a listener without listens.
    """
    result = np.zeros(history.shape, np.float32)
    for listener, row in enumerate(result):
        listened = songs[_rows(history, listener)]
        if len(listened):
            directions, added = profiles(listened, *tastes(listened))
            row[:] = (songs @ directions.T + added).max(axis=1)
    return result


def _centers(cosines: Vectors, most: int) -> list[int]:
    alike = np.exp(np.float32(SHARPNESS) * (cosines - np.float32(1)))
    centers: list[int] = []
    reached = np.zeros(len(alike), np.float32)
    while len(centers) < most:
        gains = np.maximum(alike - reached[:, None], 0).sum(axis=0, keepdims=True)
        best = int(_first_best(gains)[0])
        if centers and gains[0, best] < GAIN_AT_LEAST:
            break
        centers.append(best)
        reached = np.maximum(reached, alike[:, best])
    return centers


def _first_best(values: Vectors) -> npt.NDArray[np.intp]:
    """Return the first column of each row that is the largest, or less than TIE below it."""
    return np.argmax(values > values.max(axis=1, keepdims=True) - np.float32(TIE), axis=1)


def _scales(sums: Vectors, shares: Vectors, count: int) -> Vectors:
    """Return by what to multiply a sum of songs to make their mean one of length 1, [T, 1]."""
    sizes = (shares * count)[:, None]
    lengths = np.linalg.norm(sums / sizes, axis=1, keepdims=True)
    return np.asarray(1 / (sizes * np.maximum(lengths, np.float32(LENGTH_AT_LEAST))), np.float32)


def _rows(history: sparse.csr_matrix, listener: int) -> npt.NDArray[np.int32]:
    """Return a listener's songs in order."""
    start, end = history.indptr[listener : listener + 2]
    return np.sort(history.indices[start:end])
