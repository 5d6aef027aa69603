"""Checks of filters and exclusions: an answer is all songs, ranked and then filtered."""

from collections.abc import Callable
from typing import Final

import numpy as np

import segue_signature as sig
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.expecting import expected, without
from segue_model.gate.input_checks import PLAIN
from segue_model.gate.requests import Request
from segue_model.gate.sampling import wishful
from segue_model.gate.subject import UNKNOWN, Subject

ANYTHING: Final = (
    sig.EXCLUDED_SONGS,
    sig.EXCLUDED_ARTISTS,
    sig.EXCLUDE_SEED_ARTISTS,
    sig.GENRES,
    sig.ARTISTS,
    sig.YEARS,
    sig.TEMPOS,
    sig.MAX_PER_ARTIST,
)


def excluded_songs(subject: Subject) -> Passed:
    """Leave out some of the best songs; needs no dataset."""

    def problem(request: Request) -> str | None:
        whole = subject.whole(request.listened_songs)
        answer = subject.model.rank_one(request)
        judged = without(request, whole)
        return judged.problem(answer, request.no_recom_songs, exact=subject.exact)

    rng = subject.random("excluded")
    requests = []
    for listened in [(), *subject.listeners(subject.tries(3, 10))]:
        best = subject.whole(listened).ids[:15]
        some = rng.choice(best, len(best) // 2, replace=False).tolist()
        requests.append(Request(listened, 10, excluded_songs=(*some, UNKNOWN[0])))
    return Passed(f"{subject.expect_all(requests, problem)} requests")


def obeyed(*wishes: str) -> Callable[[Subject], Passed]:
    """Return the check that requests with these wishes are answered as they should be."""

    def check(subject: Subject) -> Passed:
        attributes = subject.known_attributes()

        def problem(request: Request) -> str | None:
            whole = subject.whole(request.listened_songs)
            answer = subject.model.rank_one(request)
            if attributes.capped(attributes.rows(answer.ids), request.max_per_artist).all():
                judged = expected(request, whole, attributes)
                return judged.problem(answer, request.no_recom_songs, exact=subject.exact)
            return f"more than {request.max_per_artist} songs of an artist"

        count = subject.tries(8, 30) * (1 if len(wishes) == 1 else 2)
        return Passed(f"{subject.expect_all(wishful(subject, wishes, count), problem)} requests")

    return check


def retrieval(subject: Subject) -> Passed:
    """Compare the first songs with those of the whole ranking."""
    lists = subject.listeners(subject.tries(30, 60))
    if not subject.exact:
        return _recall(subject, lists)

    def problem(request: Request) -> str | None:
        whole = subject.whole(request.listened_songs)
        judged = without(request, whole)
        answer = subject.model.rank_one(request)
        return judged.problem(answer, request.no_recom_songs, exact=True)

    numbers = (10, 100, 1)
    requests = [Request(one, numbers[at % 3]) for at, one in enumerate(lists)]
    return Passed(f"{subject.expect_all(requests, problem)} requests, exact")


def _recall(subject: Subject, lists: list[tuple[int, ...]]) -> Passed:
    stated = float(subject.description["retrieval"]["recall_at_10"])
    requests = [Request(listened, 10) for listened in lists]
    recalls = []
    for request in requests:
        best = subject.whole(request.listened_songs).ids[:10]
        found = np.isin(best, subject.model.rank_one(request).ids)
        recalls.append(float(found.mean()) if len(best) else 1.0)
    recall = float(np.mean(recalls))
    # What so few requests show of it lies apart from the truth by chance.
    error = max(float(np.std(recalls)), (stated * (1 - stated) / 10) ** 0.5) / len(recalls) ** 0.5
    figures = {"recall_at_10": recall}
    if recall < stated - 3 * error:
        worst = subject.example(requests[int(np.argmin(recalls))])
        raise Failed(f"recall at 10 is {recall:.3f}, stated is {stated}", worst, figures)
    return Passed(f"{len(requests)} requests, recall at 10 is {recall:.3f}", figures)


def _rule(name: str, wish: str, sentence: str, advice: str) -> Check:
    return Check(name, sentence, advice, obeyed(wish), (*PLAIN, "dataset", "retrieval"))


CHECKS: Final = (
    Check(
        "retrieval",
        "The first songs are the first of the whole ranking, or as many of them as stated.",
        "State what was measured: {'form': 'approximate', 'recall_at_10': ...}, or search more.",
        retrieval,
        PLAIN,
    ),
    Check(
        "excluded-songs",
        "Excluded songs are left out, and the next best come in their place.",
        "Take excluded songs out before the top are chosen.",
        excluded_songs,
        (*PLAIN, "retrieval"),
    ),
    _rule(
        "excluded-artists",
        sig.EXCLUDED_ARTISTS,
        "Songs of excluded artists are left out; unknown artists exclude nothing.",
        "Mask the songs of these artists before the top are chosen.",
    ),
    _rule(
        "seed-artists",
        sig.EXCLUDE_SEED_ARTISTS,
        "With exclude_seed_artists no song of a listened song's artist comes.",
        "Look the artists of all listened songs of the catalog up, known to the engine or not.",
    ),
    _rule(
        "genres",
        sig.GENRES,
        "With genres, songs of one of them come, none where no genre is known.",
        "Compare case-folded names; a set of unknown names only is not an empty set.",
    ),
    _rule(
        "artists",
        sig.ARTISTS,
        "With artists, songs of one of them come, none where no artist is known.",
        "A set of unknown artists only is not an empty set.",
    ),
    _rule(
        "years",
        sig.YEARS,
        "With years, songs of these come, both ends included; unknown years are out.",
        "0 leaves a bound open; with any bound, songs of year 0 are out.",
    ),
    _rule(
        "tempos",
        sig.TEMPOS,
        "With tempos, songs of these come, both ends included; unknown tempos are out.",
        "0 leaves a bound open; with any bound, songs of unknown tempo are out.",
    ),
    _rule(
        "max-per-artist",
        sig.MAX_PER_ARTIST,
        "No more songs of an artist come than asked for, and the next best take their place.",
        "Walk down the filtered ranking and count artists; 0 is no limit.",
    ),
    Check(
        "combined-wishes",
        "All wishes together are what ranking everything and then filtering gives.",
        "Filter first, then cap artists, then cut.",
        obeyed(*ANYTHING),
        (
            *PLAIN,
            "dataset",
            "retrieval",
            "excluded-songs",
            "excluded-artists",
            "seed-artists",
            "genres",
            "artists",
            "years",
            "tempos",
            "max-per-artist",
        ),
    ),
)
