"""Whether songs were picked by maximal marginal relevance (MMR) out of a pool.

Relevance r is the score brought to 0 to 1 within the pool. Each pick has the highest value
(1 - d) r - d * (its similarity to the most similar song picked before), ties to the higher ranked.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segue_model.gate.answers import Answer

LEAST_POOL, POOL_FACTOR = 50, 5
# How far the graph's float32 may be off in a value of about 1.
ROUNDING: Final = 1e-5

Values = npt.NDArray[np.float64]


def pool_size(k: int) -> int:
    """Return how many songs of the plain ranking the `k` picks come from."""
    return max(LEAST_POOL, POOL_FACTOR * k)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The P songs to pick from, best first, and how alike they are, [P, P]."""

    songs: Answer
    similarity: Values

    def relevance(self) -> Values:
        """Return the relevance of each song, [P]."""
        scores = self.songs.scores.astype(np.float64)
        spread = np.ptp(scores) if len(scores) else 0.0
        return (scores - scores.min(initial=np.inf)) / spread if spread else np.zeros(len(scores))

    def slack(self) -> float:
        """Return how far off a value may be: scores are rounded, and then brought to 0 to 1."""
        spread = float(np.ptp(self.songs.scores)) if len(self.songs.scores) else 0.0
        return ROUNDING + (self.songs.tolerance / spread if spread else 0.0)

    def problem(self, answer: Answer, k: int, diversity: float) -> str | None:
        """Return what is wrong with the picks of an answer, or `None`."""
        if len(answer.ids) != min(max(k, 0), len(self.songs.ids)):
            return f"{len(answer.ids)} picks of {k} out of a pool of {len(self.songs.ids)}"
        where = {song: place for place, song in enumerate(self.songs.ids.tolist())}
        if not set(answer.ids.tolist()) <= where.keys():
            return "a pick is not one of the best songs"
        picks = [where[song] for song in answer.ids.tolist()]
        if (np.abs(self.songs.scores[picks] - answer.scores) > self.songs.tolerance).any():
            return "a pick has another score than in the plain ranking"
        return self._problem_of_picks(picks, diversity)

    def _problem_of_picks(self, picks: list[int], diversity: float) -> str | None:
        relevance, slack = self.relevance(), self.slack()
        alike, left = np.zeros(len(relevance)), np.ones(len(relevance), np.bool_)
        for number, pick in enumerate(picks, start=1):
            values = np.where(left, (1 - diversity) * relevance - diversity * alike, -np.inf)
            best = int(np.argmax(values))
            # Two songs of one score and one similarity have one value, however it was computed.
            twin = bool(np.flatnonzero(self._equals(pick, alike) & left)[0] < pick)
            if values[pick] < values[best] - slack or twin:
                first = int(np.flatnonzero(self._equals(pick, alike) & left)[0]) if twin else best
                ids = self.songs.ids
                return (
                    f"pick {number} is song {ids[pick]} of value {values[pick]:.5f}, "
                    f"not song {ids[first]} of {values[first]:.5f}"
                )
            left[pick] = False
            alike = np.maximum(alike, self.similarity[pick])
        return None

    def _equals(self, pick: int, alike: Values) -> npt.NDArray[np.bool_]:
        same_score = self.songs.scores == self.songs.scores[pick]
        return same_score & (alike == alike[pick])
