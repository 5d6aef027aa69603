"""EASE: which songs go with which, learned so that each is foretold by the others of a listener."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from segue_model.data.interactions import Interactions
from segue_model.data.progress import Progress, silent
from segue_model.learning.gram import Gram, gram_rows
from segue_model.learning.item_item_closed import fit_closed
from segue_model.learning.item_item_sparse import fit_sparse
from segue_model.learning.neighbor_table import NeighborTable
from segue_model.learning.workers import Workers, workers

Form: TypeAlias = Literal["auto", "closed", "sparse"]

# Up to so many songs the closed form is made, of 0.8 GB; its work grows with their cube.
CLOSED_AT_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class ItemItemOptions:
    """How an item-item model is learned. Raises: ValueError naming the option and the reason.

    regularization  the ridge penalty lambda of EASE, in listeners
    neighbors       how many weights a song keeps
    min_listeners   how many listeners a song needs to be learned of
    form            `closed` is EASE itself; `sparse` foretells a song by its `neighbors` most
                    similar songs only; `auto` is closed up to `CLOSED_AT_MOST` songs
    """

    regularization: float = 100.0
    neighbors: int = 200
    min_listeners: int = 2
    form: str = "auto"

    def __post_init__(self) -> None:
        if not 0 < self.regularization < np.inf:
            raise ValueError("regularization: not a positive number")
        if self.neighbors < 1:
            raise ValueError("neighbors: less than 1")
        if self.min_listeners < 1:
            raise ValueError("min_listeners: less than 1")
        if self.form not in ("auto", "closed", "sparse"):
            raise ValueError(f"form: {self.form!r} is none of auto, closed, sparse")


def fit_item_item(
    interactions: Interactions, options: ItemItemOptions, progress: Progress = silent
) -> NeighborTable:
    """Return the table learned from who listened to what, however often.

    The same interactions and options make the same bytes on one kind of processor, on any number
    of them. The closed form needs 2 bytes x W x W and some 0.3 GB for W songs, the sparse one
    16 bytes for each ordered pair of songs with a listener in common, and 16 x W x `neighbors`.
    Raises: ValueError when the regularization is too small for the arithmetic.
    """
    heard = interactions.matrix
    listeners = np.bincount(heard.indices, minlength=heard.shape[1])
    songs = np.flatnonzero(listeners >= options.min_listeners).astype(np.int32)
    heard = heard[:, songs]
    with workers() as threads:
        gram = Gram(songs, lambda rows: gram_rows(heard, rows, threads))
        return _fit(gram, options, threads, progress)


def fit_counted(gram: Gram, options: ItemItemOptions, progress: Progress = silent) -> NeighborTable:
    """Return the table learned from common listeners that were counted elsewhere.

    Which songs have listeners enough was decided there. See `fit_item_item`.
    """
    with workers() as threads:
        return _fit(gram, options, threads, progress)


def _fit(
    gram: Gram, options: ItemItemOptions, threads: Workers, progress: Progress
) -> NeighborTable:
    few = len(gram.songs) <= CLOSED_AT_MOST
    closed = options.form == "closed" or (options.form == "auto" and few)
    fit = fit_closed if closed else fit_sparse
    neighbors, weights = fit(gram, options.regularization, options.neighbors, threads, progress)
    return NeighborTable(gram.songs, neighbors, weights)
