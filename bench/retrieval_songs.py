"""Invented songs for `bench/retrieval.py`: few artists of many songs, many of few."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from segue_model.learning.clusters_probing import Listeners, sampled
from segue_model.ranking.songs import SongArrays

WIDTH, K, QUERIES = 32, 10, 1_000
GENRES, ARTISTS, LARGEST = 20, 5_000, 230  # the largest artist has some 1 % of the songs


@dataclass(frozen=True)
class Catalog:
    """Songs around their artists, which are around their genres; unit vectors [N, d]."""

    vectors: np.ndarray
    artists: np.ndarray


def catalog(rng: np.random.Generator, songs: int) -> Catalog:
    """Return songs of few large and many small artists, some of which vary more than others."""
    artists = min(ARTISTS, songs // 10)
    genres = rng.normal(size=(GENRES, WIDTH))
    centers = genres[rng.integers(GENRES, size=artists)] + 0.7 * rng.normal(size=(artists, WIDTH))
    sizes = np.minimum(rng.pareto(1.2, artists) + 1, LARGEST)
    by = rng.permutation(
        np.repeat(np.arange(artists), 1 + rng.multinomial(songs - artists, sizes / sizes.sum()))
    )
    spreads = rng.lognormal(-0.7, 0.5, artists)
    vectors = np.asarray(
        centers[by] + rng.normal(size=(songs, WIDTH)) * spreads[by, np.newaxis], np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Catalog(vectors, by.astype(np.int32))


def listeners(songs: Catalog, seed: int) -> Listeners:
    """Return listeners to the mean of 1 to 20 songs of 1 to 3 artists."""
    nobody = sparse.csr_matrix((0, len(songs.vectors)), dtype=np.float32)
    listened = sampled(nobody, songs.artists, QUERIES, seed)
    return Listeners(np.stack([songs.vectors[rows].mean(axis=0) for rows in listened]), listened)


def song_arrays(songs: Catalog) -> SongArrays:
    """Return the songs as the graph wants them."""
    count = len(songs.vectors)
    return SongArrays(
        ids=np.arange(1, count + 1, dtype=np.int32),
        artists=songs.artists + 1,
        years=np.full(count, 2000, np.int32),
        tempos=np.full(count, 120, np.float32),
        popularity=np.linspace(0, 1, count, dtype=np.float32),
        genre_rows=np.arange(count),
        genre_positions=np.zeros(count, np.int64),
        genre_names=["genre"],
    )


def true_neighbors(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return the exact ten of each query, [Q, 10]."""
    best = []
    for start in range(0, len(queries), 20):
        scores = queries[start : start + 20] @ vectors.T
        best.append(np.argpartition(-scores, K, axis=1)[:, :K])
    return np.concatenate(best)
