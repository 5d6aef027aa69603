"""Checks of what every single answer must be, whatever was asked."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

import segue_signature as sig
from segue_model.gate.answers import RELATIVE, Answer
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.requests import Request
from segue_model.gate.subject import UNKNOWN, Subject

BASIC: Final = ("answer-shapes", "song-count")
WIDE: Final = 50


def song_numbers(subject: Subject) -> Passed:
    """Ask for no, fewer than no, few and more than all songs."""
    listened = subject.listeners(1)[0]
    left = np.setdiff1d(subject.song_ids, listened)
    for k in (0, -3, 1, 10, subject.song_count + 5):
        request = Request(listened, k)
        ids = subject.model.rank_one(request).ids
        if len(ids) != max(0, min(k, len(left))):
            raise Failed(f"{len(ids):,} songs for k = {k:,}", subject.example(request))
    if len(np.setdiff1d(left, ids)):
        raise Failed("not every song comes when all are asked for", subject.example(request))
    return Passed(f"k = 0, -3, 1, 10 and {k:,}")


def no_listened_songs(subject: Subject) -> Passed:
    """Look for listened songs, known to the engine or not, among the songs that come."""
    cold = subject.cold_listeners()

    def problem(request: Request) -> str | None:
        ids = subject.model.rank_one(request).ids
        back = np.intersect1d(ids, request.listened_songs)
        return f"listened songs come back: {back[:5].tolist()}" if len(back) else None

    lists = [*subject.listeners(subject.tries(4, 12)), *cold]
    requests = [Request(listened, k) for listened in lists for k in (20, subject.song_count)]
    tried = subject.expect_all(requests, problem)
    return Passed(f"{tried} requests, {len(cold)} of songs that the engine does not know")


def no_duplicates(subject: Subject) -> Passed:
    """Look for a song that comes twice."""

    def problem(request: Request) -> str | None:
        ids, counts = np.unique(subject.model.rank_one(request).ids, return_counts=True)
        return f"song {ids[counts > 1][0]} comes twice" if (counts > 1).any() else None

    requests = [
        Request(listened, k, **options)
        for listened in [(), *subject.listeners(subject.tries(2, 6))]
        for k, options in _many_ways(subject.song_count)
    ]
    return Passed(f"{subject.expect_all(requests, problem)} requests")


def best_first(subject: Subject) -> Passed:
    """Look for a better song behind a worse one, and for equal ones out of the order of ids."""

    def problem(request: Request) -> str | None:
        answer = subject.model.rank_one(request)
        if not np.isfinite(answer.scores).all():
            return "a score is not finite"
        steps, ids = np.diff(answer.scores), np.diff(answer.ids)
        for wrong, what in ((steps > 0, "is better than"), ((steps == 0) & (ids < 0), "equals")):
            if wrong.any():
                place = int(np.argmax(wrong))
                return f"song {answer.ids[place + 1]} {what} {answer.ids[place]} before it"
        return None

    lists = [(), *subject.listeners(subject.tries(4, 12))]
    requests = [Request(one, k) for one in lists for k in (WIDE, subject.song_count)]
    tried = subject.expect_all(requests, problem)
    popular = subject.whole(()).ids
    # The popular songs' scores are many a time equal, and the same however many are asked for.
    for k in (1, 7, WIDE):
        request = Request((), k)
        if not np.array_equal(subject.model.rank_one(request).ids, popular[:k]):
            raise Failed(f"the first {k} of all popular songs are others", subject.example(request))
    return Passed(f"{tried} requests, the popular songs cut at 1, 7 and {WIDE}")


def sources(subject: Subject) -> Passed:
    """Compare the codes with the engine's own."""
    described = subject.description["source"]
    own = {described} if described != sig.SOURCE_BLEND else {1, 2, 3, 4}

    def problem(request: Request) -> str | None:
        answer = subject.model.rank_one(request)
        right = own if answer.known.any() else {sig.SOURCE_POPULAR}
        wrong = sorted(set(answer.sources.tolist()) - right)
        return f"source {wrong[0]} of an engine of source {described}" if wrong else None

    requests = [Request(listened, WIDE) for listened in subject.listeners(12)]
    return Passed(f"{subject.expect_all(requests, problem)} requests")


def contributions(subject: Subject) -> Passed:
    """Add up the contributions, and look at those of unknown songs and repetitions."""
    explains = subject.description["explains"]

    def problem(request: Request) -> str | None:
        answer = subject.model.rank_one(request)
        listened = request.listened_songs
        repeated = [song in listened[:at] for at, song in enumerate(listened)]
        if answer.contributions[:, ~answer.known | np.array(repeated)].any():
            return "an unknown or repeated song contributes"
        unexplained = (answer.sources == sig.SOURCE_POPULAR) | (not explains)
        if answer.contributions[unexplained].any():
            return "contributions where nothing is explained"
        return _problem_of_sums(answer, ~unexplained)

    requests = [
        Request((*listened, UNKNOWN[0], listened[0]), WIDE)
        for listened in subject.listeners(subject.tries(6, 18))
    ]
    tried = subject.expect_all(requests, problem)
    return Passed(f"{tried} requests{'' if explains else ', of an engine that does not explain'}")


def _problem_of_sums(answer: Answer, explained: npt.NDArray[np.bool_]) -> str | None:
    parts = answer.contributions.astype(np.float64)
    # Sums of what cancels out are no more exact than the largest score.
    rounding = 1e-6 * np.abs(answer.scores).max(initial=0.0)
    bound = RELATIVE * np.abs(parts).sum(axis=1) + rounding
    off = explained & (np.abs(parts.sum(axis=1) - answer.scores) > bound)
    for place in np.flatnonzero(off)[:1]:
        total, score = parts[place].sum(), answer.scores[place]
        return f"sum to {total:.7g}, the score of song {answer.ids[place]} is {score:.7g}"
    return None


def _many_ways(count: int) -> list[tuple[int, dict[str, Any]]]:
    capped: dict[str, Any] = {"max_per_artist": 2}
    return [(20, {}), (count, {}), (20, capped), (20, {"diversity": 0.5})]


CHECKS: Final = (
    Check(
        "song-numbers",
        "As many songs come as are asked for, none for 0 or less, all but the listened for more.",
        "Clip no_recom_songs to 0 and the number of songs, a row at a time.",
        song_numbers,
        BASIC,
    ),
    Check(
        "no-listened-songs",
        "No listened song is recommended, not even one that the engine knows nothing of.",
        "Take the listened songs out of the scores before the top are chosen.",
        no_listened_songs,
        BASIC,
    ),
    Check(
        "no-duplicates",
        "No song comes twice.",
        "Look where candidates are joined or put into place: each id must be there once.",
        no_duplicates,
        BASIC,
    ),
    Check(
        "best-first",
        "Songs come best first, equal scores by id, and every score is a finite number.",
        "Keep songs in the order of ids and sort stably by falling score (tf.math.top_k does).",
        best_first,
        (*BASIC, "no-duplicates"),
    ),
    Check(
        "sources",
        "Every song says what made its score: the engine's own source, or POPULAR for no listens.",
        "Fill recom_songs_sources with the code that describe_engine gives.",
        sources,
        BASIC,
    ),
    Check(
        "contributions",
        "Contributions sum to the score; those of unknown and repeated songs are 0.",
        "Give each listened song its summand of the score, the first time that it stands there. An "
        "engine that does not explain gives zeros and says so in describe_engine.",
        contributions,
        BASIC,
    ),
)
