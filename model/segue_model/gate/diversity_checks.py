"""Checks of diversity: none is the plain ranking, some is maximal marginal relevance."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import segue_signature as sig
from segue_model.gate.answers import Answer, difference
from segue_model.gate.checks import Check, Passed
from segue_model.gate.diversity import Pool, pool_size
from segue_model.gate.errors import Failed
from segue_model.gate.input_checks import PLAIN
from segue_model.gate.requests import Request
from segue_model.gate.sampling import diverse, mixed_requests, wishful
from segue_model.gate.subject import Subject


def diversity_none(subject: Subject) -> Passed:
    """Put plain requests into a batch with diverse ones."""
    plain = [diverse(request, 0.0) for request in mixed_requests(subject, 6)]
    company = [diverse(request, 1.0) for request in plain]
    for request, answer in zip(plain, subject.model.rank(*plain, *company)[:6], strict=True):
        alone, capped = subject.model.rank_one(request), request.max_per_artist > 0
        if found := difference(alone, answer, capped=capped):
            raise Failed(
                f"beside diverse requests the answer is another: {found}", subject.example(request)
            )
    return Passed(f"{len(plain)} requests beside as many diverse ones")


def diversity(subject: Subject) -> Passed:
    """Follow the picks one by one, alone and in a batch."""
    requests = list(_diverse(subject))
    tried = subject.expect_all(requests, lambda one: _problem(subject, one, None))
    for request, answer in zip(requests, subject.model.rank(*requests), strict=True):
        if found := _problem(subject, request, answer):
            example = {**subject.example(request), "output in the batch": answer.first()}
            raise Failed(f"in a batch of {len(requests)}: {found}", example)
    return Passed(f"{tried} requests, alone and in a batch")


def _problem(subject: Subject, request: Request, answer: Answer | None) -> str | None:
    size = pool_size(request.no_recom_songs)
    plain = subject.model.rank_one(replace(request, diversity=0.0, no_recom_songs=size))
    pool = Pool(plain, subject.known_attributes().similarity(plain.ids))
    answer = answer or subject.model.rank_one(request)
    return pool.problem(answer, request.no_recom_songs, request.diversity)


def _diverse(subject: Subject) -> Iterator[Request]:
    """Yield requests of every diversity, some with other wishes too."""
    amounts = (0.5, 0.25, 1.0, 0.75)
    wishes = (sig.EXCLUDED_SONGS, sig.GENRES, sig.YEARS, sig.MAX_PER_ARTIST)
    for at, request in enumerate(wishful(subject, wishes, subject.tries(6, 16))):
        plain = Request(request.listened_songs, request.no_recom_songs)
        yield diverse(plain if at % 2 else request, amounts[at % len(amounts)])


CHECKS: Final = (
    Check(
        "diversity-none",
        "A row without diversity is ranked plainly, whatever the other rows of the batch ask.",
        "Choose by tf.where(diversity > 0, ...) a row, not for the whole batch.",
        diversity_none,
        (*PLAIN, "batched-equals-single"),
    ),
    Check(
        "diversity",
        "With diversity, songs are picked by maximal marginal relevance out of the best.",
        "The pool is the plain ranking's first max(50, 5 k) under all wishes; docs/signature.md "
        "has the value that each pick must maximize.",
        diversity,
        (*PLAIN, "dataset", "combined-wishes", "diversity-none"),
    ),
)
