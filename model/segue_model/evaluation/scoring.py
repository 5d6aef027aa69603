"""From what was recommended to figures: means with their errors, and means of parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue_model.evaluation.metrics import (
    Counts,
    Estimate,
    Recommended,
    Values,
    difference,
    estimate,
    hits,
    ndcg,
    owners,
    recall,
    target_keys,
)
from segue_model.evaluation.results import Beyond, Group
from segue_model.evaluation.split import HeldOut

DEPTH: Final = 100  # how many songs are asked for
RECALL: Final = 20
HISTORIES: Final = (1, 5, 10, 20, 50, 100, 200)  # songs shown, where each group begins
PARTS: Final = 10  # of training listens, by popularity


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """The figures of each of B listeners, float64 [B]."""

    recall_at_20: Values
    recall_at_50: Values
    ndcg_at_100: Values

    def beyond(self, other: "Accuracy") -> Beyond:
        """Return by how much this is better than another of the same listeners."""
        return Beyond(
            difference(self.recall_at_20, other.recall_at_20),
            difference(self.recall_at_50, other.recall_at_50),
            difference(self.ndcg_at_100, other.ndcg_at_100),
        )


def accuracy(recommended: Recommended, held_out: HeldOut) -> Accuracy:
    """Return how well recommendations meet the targets of held-out listeners."""
    found = hits(recommended, held_out.targets)
    return Accuracy(
        recall(found, held_out.targets, RECALL),
        recall(found, held_out.targets, 50),
        ndcg(found, held_out.targets, DEPTH),
    )


def by_history(recalls: Values, held_out: HeldOut) -> Sequence[Group]:
    """Return the recalls of listeners by how many songs of theirs are shown."""
    lengths = np.diff(held_out.shown.indptr)
    groups = np.searchsorted(HISTORIES, lengths, side="right") - 1
    ends = [*(start - 1 for start in HISTORIES[1:]), None]
    return [
        Group(
            _span(HISTORIES[at], ends[at]),
            int((groups == at).sum()),
            estimate(recalls[groups == at]),
        )
        for at in np.unique(groups)
    ]


def by_popularity(recommended: Recommended, held_out: HeldOut, listens: Counts) -> Sequence[Group]:
    """Return the share of targets within the first 20, by how popular the target is.

    Songs are parted, the most popular first, so that each part has a tenth of the training
    listens; equally popular songs stay together.
    """
    targets = held_out.targets
    width = targets.shape[1]
    top = recommended[:, :RECALL]
    keys = (np.arange(len(top))[:, np.newaxis] * width + top)[top >= 0]
    met = np.isin(target_keys(targets), keys)
    part = popularity_parts(listens)[targets.indices]
    return list(_parts(met.astype(np.float64), part, owners(targets)))


def popularity_parts(listens: Counts) -> Counts:
    """Return the part of each song, 0 the most popular; `listens` [N] are the songs' listens."""
    counts, song = np.unique(-listens, return_inverse=True)
    number = np.bincount(song)
    mass = np.cumsum(-counts * number)
    before = np.concatenate([[0], mass[:-1]])
    part = PARTS * (before + (mass - before) / 2) // max(1, mass[-1])
    return np.minimum(PARTS - 1, part.astype(np.int64))[song]


def _parts(met: Values, part: Counts, owner: Counts) -> Iterator[Group]:
    for at in np.unique(part):
        inside = part == at
        yield Group(str(at + 1), int(inside.sum()), _pooled(met[inside], owner[inside]))


def _pooled(met: Values, owner: Counts) -> Estimate:
    """Return the mean over targets; its error allows for targets of one listener being alike."""
    mean = float(met.mean())
    residuals = np.bincount(owner, met - mean)
    return Estimate(mean, float(np.sqrt((residuals**2).sum()) / len(met)))


def _span(first: int, last: int | None) -> str:
    return f"{first}+" if last is None else f"{first}-{last}"
