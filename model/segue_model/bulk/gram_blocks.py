"""Cuts the Gram matrix into blocks of rows that fit into memory, and counts one."""

from collections.abc import Iterable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from segue_model.learning.gram import counted, merged

Counts: TypeAlias = npt.NDArray[np.int64]
Block: TypeAlias = tuple[int, int]

# The most pairs to count in a block, so that workers get pieces of seconds.
PAIRS: Final = 200_000_000


def pairs_of(heard: sparse.csr_matrix) -> Counts:
    """Return for each song [W] how often it meets a song of a listener, itself included.

    That is the sum of the lengths of its listeners' histories: what its row costs to count, and
    the most entries that it can have.
    """
    lengths = np.diff(heard.indptr)
    meetings = np.repeat(lengths, lengths).astype(np.float64)
    # Whole numbers below 2⁵³ are exact in float64.
    counts = np.bincount(heard.indices, weights=meetings, minlength=heard.shape[1])
    return counts.astype(np.int64)


def cut(pairs: Counts, entries: int, most: int = PAIRS) -> list[Block]:
    """Return blocks of rows, start and stop, none with more entries or pairs, or of one row."""
    widths = np.minimum(pairs, len(pairs) - np.arange(len(pairs)))
    blocks: list[Block] = []
    start = held = met = 0
    for row, (width, meetings) in enumerate(zip(widths.tolist(), pairs.tolist(), strict=True)):
        if row > start and (held + width > entries or met + meetings > most):
            blocks.append((start, row))
            start, held, met = row, 0, 0
        held, met = held + width, met + meetings
    return [*blocks, (start, len(pairs))] if len(pairs) else []


def block_gram(chunks: Iterable[sparse.csr_matrix], block: Block) -> sparse.csr_matrix:
    """Return the rows of a block [R, W] of the upper triangle, the diagonal included, int32.

    `chunks` are matrices [U, W] of listeners, none in two of them. A history of any length counts
    whole: it costs time, its square, but no memory beyond the block's.
    """
    return merged(_upper(counted(chunk), block) for chunk in chunks)


def _upper(heard: sparse.csr_matrix, block: Block) -> sparse.csr_matrix:
    start, stop = block
    others = heard[:, start:]
    gram = (heard[:, start:stop].T.tocsr() @ others).tocsr()
    gram = sparse.triu(gram, format="csr")
    gram.sort_indices()
    shape = (stop - start, heard.shape[1])
    return sparse.csr_matrix((gram.data, gram.indices + start, gram.indptr), shape=shape)
