"""Checks that an answer is the same whenever, in whatever batch and by whichever signature."""

from typing import Final

import segue_signature as sig
from segue_model.gate.answers import difference
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.input_checks import PLAIN, shown
from segue_model.gate.requests import Request, tensors_of
from segue_model.gate.sampling import diverse, mixed_requests
from segue_model.gate.subject import UNKNOWN, Subject
from segue_model.gate.tensors import Arrays

REPEATS: Final = 20


def determinism(subject: Subject) -> Passed:
    """Ask the same again and again and compare bytes."""
    requests = [diverse(one, 0.4 * (at % 2)) for at, one in enumerate(_mixed(subject))]
    batches = [tensors_of([one]) for one in requests[:4]] + [tensors_of(requests)]
    for batch in batches:
        first = _bytes(subject, batch)
        for _ in range(REPEATS - 1):
            if _bytes(subject, batch) != first:
                raise Failed("the same request got another answer", shown(batch))
    return Passed(f"{len(batches)} requests {REPEATS} times each")


def batched_equals_single(subject: Subject) -> Passed:
    """Compare the rows of mixed batches with each request alone."""
    requests = _mixed(subject)
    for company in (requests, requests[::-1], requests[:2]):
        for request, answer in zip(company, subject.model.rank(*company), strict=True):
            alone, capped = subject.model.rank_one(request), request.max_per_artist > 0
            if found := difference(alone, answer, capped=capped):
                raise Failed(
                    f"in a batch of {len(company)} the answer is another: {found}",
                    {**subject.example(request), "output in the batch": answer.first()},
                )
    return Passed(f"{len(requests)} different requests in 3 batches")


def flat_equals_batched(subject: Subject) -> Passed:
    """Compare both signatures."""
    lists = [(), UNKNOWN, *subject.listeners(subject.tries(4, 12))]
    for listened in lists:
        for k in (0, 1, 25):
            batched = subject.model.rank_one(Request(listened, k))
            flat = subject.model.rank_flat(listened, k)
            if found := difference(batched, flat):
                example = subject.example(Request(listened, k))
                raise Failed(f"they differ: {found}", {**example, "flat output": flat.first()})
    return Passed(f"{3 * len(lists)} requests")


def default_equals_batched(subject: Subject) -> Passed:
    """Compare the bytes of the default signature's answer."""
    batch = tensors_of(_mixed(subject))
    one, other = (_bytes(subject, batch, name) for name in (sig.RECOMMEND_BATCHED, sig.DEFAULT))
    if one != other:
        raise Failed(f"{sig.DEFAULT} answers otherwise", shown(batch))
    return Passed("a mixed batch")


def _mixed(subject: Subject) -> list[Request]:
    return mixed_requests(subject, subject.tries(6, 16))


def _bytes(subject: Subject, batch: Arrays, name: str = sig.RECOMMEND_BATCHED) -> list[bytes]:
    outputs = subject.model.outputs(name, batch)
    return [outputs[key].tobytes() for key in sorted(outputs)]


CHECKS: Final = (
    Check(
        "determinism",
        "The same request gets the same answer, to the last bit.",
        "Leave out random numbers, and sums whose order the threads decide.",
        determinism,
        ("answer-shapes", "song-count"),
    ),
    Check(
        "batched-equals-single",
        "A request gets the same answer alone and beside others in a batch.",
        "Every row has its own number of songs and its own wishes; reduce along axis 1 only.",
        batched_equals_single,
        PLAIN,
    ),
    Check(
        "flat-equals-batched",
        "recommend_songs answers as recommend_songs_batched does without any wish.",
        "Let the flat function call the batched one with one row and no wishes.",
        flat_equals_batched,
        PLAIN,
    ),
    Check(
        "default-equals-batched",
        "serving_default answers as recommend_songs_batched does.",
        "Export one function under both names.",
        default_equals_batched,
        ("default-signature", "answer-shapes", "song-count", "determinism"),
    ),
)
