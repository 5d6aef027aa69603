"""EASE with few unknowns: every song foretold by the songs most similar to it alone."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy import sparse

from segue_model.data.progress import Progress
from segue_model.learning.gram import Gram
from segue_model.learning.neighbor_table import NONE, Rows, Weights, entries, strongest
from segue_model.learning.workers import Workers

# Songs whose similar songs are looked for at a time.
SLAB: Final = 512
# Similar songs share what they are foretold by, so what is counted of them is gathered once.
GROUP: Final = 16


def fit_sparse(
    gram: Gram,
    regularization: float,
    neighbors: int,
    threads: Workers,
    progress: Progress,
) -> tuple[Rows, Weights]:
    """Return for each of W songs its `neighbors` largest weights, as in `NeighborTable`.

    The weights that foretell song s are (G + lambda I)⁻¹ g over the `neighbors` songs of the
    largest cosine with it, G the common listeners among them, g those with s. This is what the
    sparse approximation of Steck (Markov Random Fields for Collaborative Filtering, 2019) solves
    where it solves for each song alone.
    """
    counts = _whole(gram, progress)
    similar = _similar(counts, neighbors, threads, progress)
    groups = list(_groups(similar))
    weights = np.zeros(similar.shape, np.float32)

    def solve(group: Rows) -> Weights:
        return _solve(counts, group, similar[group], regularization)

    for done, (group, solved) in enumerate(zip(groups, threads.each(solve, groups), strict=True)):
        progress("solving", done / len(groups))
        weights[group] = solved
    return strongest(entries(_by_listened(similar, weights)), neighbors)


def _whole(gram: Gram, progress: Progress) -> sparse.csr_matrix:
    count = len(gram.songs)
    parts: list[sparse.csr_matrix] = [sparse.csr_matrix((0, count), dtype=np.float32)]
    for part in gram.rows(SLAB):
        progress("counting common listeners", (len(parts) - 1) * SLAB / count)
        parts.append(part.astype(np.float32))
    return sparse.vstack(parts, format="csr")


def _similar(gram: sparse.csr_matrix, most: int, threads: Workers, progress: Progress) -> Rows:
    """Return the `most` songs of the largest cosine with each song, itself left out."""
    lengths = np.sqrt(gram.diagonal())

    def look(start: int) -> Rows:
        rows = gram[start : start + SLAB]
        rows.data /= lengths[rows.indices]
        own = start + np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        rows.data[rows.indices == own] = 0
        return strongest(entries(rows), most)[0]

    starts = range(0, gram.shape[0], SLAB)
    found: list[Rows] = [np.zeros((0, most), np.int32)]
    for rows in threads.each(look, starts):
        progress("finding similar songs", (len(found) - 1) * SLAB / gram.shape[0])
        found.append(rows)
    return np.concatenate(found)


def _groups(similar: Rows) -> Iterator[Rows]:
    """Yield every song once, together with some of those similar to it."""
    left = np.ones(len(similar), bool)
    for song, others in enumerate(similar):
        if left[song]:
            near = others[others != NONE]
            group = np.append(song, near[left[near]][: GROUP - 1]).astype(np.int32)
            left[group] = False
            yield group


def _solve(gram: sparse.csr_matrix, group: Rows, similar: Rows, regularization: float) -> Weights:
    """Return the weights of `similar` for each song of the group; where there is none, anything."""
    there = similar != NONE
    songs = np.unique(np.append(similar[there], group))
    among = gram[songs][:, songs].toarray()
    at = np.searchsorted(songs, np.where(there, similar, group[:, None]))
    own = np.searchsorted(songs, group)
    systems = among[at[:, :, None], at[:, None, :]]
    if not there.all():
        systems *= there[:, :, None] & there[:, None, :]
    every = np.arange(similar.shape[1])
    systems[:, every, every] += np.float32(regularization)
    wanted = among[at, own[:, None]]
    solved: Weights = np.linalg.solve(systems, wanted[:, :, None])[:, :, 0]
    return solved


def _by_listened(similar: Rows, weights: Weights) -> sparse.csr_matrix:
    """Turn what each song is foretold by into what each song speaks for."""
    there = similar != NONE
    foretold = np.nonzero(there)[0]
    shape = (len(similar), len(similar))
    return sparse.csr_matrix((weights[there], (similar[there], foretold)), shape=shape)
