"""What an answer must be, by the slow and obvious way: rank everything, then filter."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segue_model.gate.answers import Answer
from segue_model.gate.attributes import Attributes, Mask
from segue_model.gate.requests import Request


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Everything ranked for a listener, and which of it the request allows and leaves."""

    whole: Answer
    allowed: Mask
    left: Mask

    def problem(self, answer: Answer, k: int, *, exact: bool) -> str | None:
        """Return what is wrong with the answer to a request for `k` songs, or `None`.

        Songs may change places with those of the same score but for rounding. Without `exact` any
        allowed songs will do, as many as there are, with the scores that they have.
        """
        order = np.argsort(self.whole.ids)
        at = np.searchsorted(self.whole.ids, answer.ids, sorter=order)
        places = order[np.minimum(at, len(order) - 1)]
        for place in np.flatnonzero(~self.allowed[places])[:1]:
            return f"song {answer.ids[place]} is not what was asked for"
        scores = self.whole.scores[self.left][: max(0, k)]
        if len(answer.ids) != len(scores):
            return f"{len(answer.ids)} songs where {len(scores)} are left"
        return self._problem_of_scores(answer, places, scores if exact else None)

    def _problem_of_scores(
        self,
        answer: Answer,
        places: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float32] | None,
    ) -> str | None:
        tolerance = max(self.whole.tolerance, answer.tolerance)
        other = np.abs(self.whole.scores[places] - answer.scores) > tolerance
        for place in np.flatnonzero(other)[:1]:
            return f"song {answer.ids[place]} has another score than without the request's wishes"
        if scores is None:
            return None
        for place in np.flatnonzero(np.abs(scores - answer.scores) > tolerance)[:1]:
            missed = self.whole.ids[self.left][place]
            return f"song {answer.ids[place]} at place {place + 1}, where {missed} belongs"
        return None


def expected(request: Request, whole: Answer, attributes: Attributes) -> Expected:
    """Return what `whole`, ranked for the request's listener, leaves of what it asks for."""
    order = attributes.rows(whole.ids)
    allowed = attributes.allowed(request)[order]
    left = allowed.copy()
    left[allowed] = attributes.capped(order[allowed], request.max_per_artist)
    return Expected(whole, allowed, left)


def without(request: Request, whole: Answer) -> Expected:
    """Return the same of a request that asks for no more than to leave songs out."""
    left = ~np.isin(whole.ids, request.excluded_songs)
    return Expected(whole, left, left)
