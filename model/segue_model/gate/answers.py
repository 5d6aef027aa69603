"""Answers as plain arrays, a row of the batched signature or the flat one's outputs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import segue_signature as sig
from segue_model.gate.tensors import Arrays

# How far two computations of one score in float32 may lie apart, as a share of the largest.
RELATIVE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """m songs for n listened ones, as the signature has them, without padding.

    `contributions` is [m, n], `known` [n]; the others are [m].
    """

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    contributions: npt.NDArray[np.float32]
    sources: npt.NDArray[np.int32]
    known: npt.NDArray[np.bool_]

    @property
    def tolerance(self) -> float:
        """How far apart scores may lie that are the same but for rounding."""
        largest = float(np.abs(self.scores).max(initial=0.0))
        summed = float(np.abs(self.contributions[:100]).sum(axis=1).max(initial=0.0))
        return RELATIVE * max(largest, summed)

    def first(self, count: int = 10) -> dict[str, object]:
        """Return the first songs, to show in an example."""
        return {
            "songs": self.ids[:count].tolist(),
            "scores": [float(f"{score:.7g}") for score in self.scores[:count].tolist()],
            "sources": self.sources[:count].tolist(),
            "songs in all": len(self.ids),
            "listened songs known": self.known[:count].tolist(),
        }


def flat_answer(outputs: Arrays) -> Answer:
    """Return the outputs of the flat signature."""
    return Answer(
        outputs[sig.RECOM_SONGS_IDS],
        outputs[sig.RECOM_SONGS_SCORES],
        outputs[sig.RECOM_SONGS_CONTRIBUTIONS],
        outputs[sig.RECOM_SONGS_SOURCES],
        outputs[sig.LISTENED_SONGS_KNOWN],
    )


def answers_of(outputs: Arrays, lengths: list[int]) -> list[Answer]:
    """Return the rows of the batched signature; `lengths` are those of the listened songs."""
    return [_row(outputs, row, length) for row, length in enumerate(lengths)]


def _row(outputs: Arrays, row: int, length: int) -> Answer:
    ids = outputs[sig.RECOM_SONGS_IDS][row]
    found = ids != sig.PAD_ID
    return Answer(
        ids[found],
        outputs[sig.RECOM_SONGS_SCORES][row][found],
        outputs[sig.RECOM_SONGS_CONTRIBUTIONS][row][found, :length],
        outputs[sig.RECOM_SONGS_SOURCES][row][found],
        outputs[sig.LISTENED_SONGS_KNOWN][row][:length],
    )


def difference(one: Answer, other: Answer, *, capped: bool = False) -> str | None:
    """Return how `other` is not `one`, or `None`: songs may change places with their equals.

    `capped` tells that the request limits the songs of an artist: rounding decides then which of
    two equal ones comes, anywhere in the answer; without a limit, only at its end.
    """
    if len(one.ids) != len(other.ids):
        return f"{len(one.ids)} songs and {len(other.ids)}"
    tolerance = max(one.tolerance, other.tolerance)
    if len(apart := np.flatnonzero(np.abs(one.scores - other.scores) > tolerance)):
        place = int(apart[0])
        return f"scores {one.scores[place]:.7g} and {other.scores[place]:.7g} at place {place + 1}"
    if not np.array_equal(one.known, other.known):
        return "different listened songs are known"
    order, places = np.argsort(one.ids), np.arange(len(one.ids))
    at = order[np.minimum(np.searchsorted(one.ids, other.ids, sorter=order), len(order) - 1)]
    shared = one.ids[at] == other.ids
    # A song that only one has must be as good as the one in its place, or as the last.
    rival = np.where(shared, one.scores[at], one.scores if capped else one.scores[-1:])
    return _difference_of_songs(one, other, np.where(shared, at, places), rival - other.scores)


def _difference_of_songs(
    one: Answer, other: Answer, at: npt.NDArray[np.int64], lead: npt.NDArray[np.float32]
) -> str | None:
    tolerance = max(one.tolerance, other.tolerance)
    if len(wrong := np.flatnonzero(np.abs(lead) > tolerance)):
        place = int(wrong[0])
        return f"song {one.ids[place]} and song {other.ids[place]} at place {place + 1}"
    same = one.ids[at] == other.ids
    if not np.array_equal(one.sources[at][same], other.sources[same]):
        return "different sources"
    parts = np.abs(one.contributions[at] - other.contributions)[same]
    if parts.max(initial=0.0) > tolerance:
        return f"contributions {parts.max():.3g} apart"
    return None
