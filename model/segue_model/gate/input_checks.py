"""Checks that what should not matter in a request does not: repetition, order, padding."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

import segue_signature as sig
from segue_model.gate.answer_checks import BASIC
from segue_model.gate.answers import Answer, answers_of, difference
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.requests import SETS, Request, tensors_of
from segue_model.gate.subject import UNKNOWN, Subject
from segue_model.gate.tensors import Arrays

PLAIN: Final = (*BASIC, "song-numbers", "best-first", "no-duplicates", "no-listened-songs")


def order_of_listened(subject: Subject) -> Passed:
    """Turn the listened songs around, and repeat some."""

    def problem(request: Request) -> str | None:
        songs = request.listened_songs
        turned, doubled = (*songs[::-1],), (*songs, *songs[:3])
        count, places = len(songs), np.arange(len(songs))
        variants = {"in another order": (turned, places[::-1]), "repeated": (doubled, places)}
        first = subject.model.rank_one(request)
        for what, (listened, columns) in variants.items():
            answer = subject.model.rank_one(replace(request, listened_songs=listened))
            if found := difference(first, _columns(answer, columns)):
                return f"listened songs {what} make a difference: {found}"
            if not np.array_equal(answer.known[count:], answer.known[: len(listened) - count]):
                return "a repeated song is not as known as it was"
        return None

    requests = [Request(one, 20) for one in subject.listeners(subject.tries(4, 12))]
    return Passed(f"{subject.expect_all(requests, problem)} requests, each turned and repeated")


def unknown_songs(subject: Subject) -> Passed:
    """Put unknown songs among the listened ones."""

    def problem(request: Request) -> str | None:
        songs = request.listened_songs
        listened = (UNKNOWN[0], *songs, 0, UNKNOWN[1])
        answer = subject.model.rank_one(replace(request, listened_songs=listened))
        columns = np.arange(1, 1 + len(songs))
        if answer.known[[0, -2, -1]].any():
            return f"one of {UNKNOWN} and 0 is said to be known"
        if found := difference(subject.model.rank_one(request), _columns(answer, columns)):
            return f"unknown listened songs make a difference: {found}"
        return None

    requests = [Request(one, 20) for one in subject.listeners(subject.tries(4, 12))]
    return Passed(f"{subject.expect_all(requests, problem)} requests")


def popular_fallback(subject: Subject) -> Passed:
    """Ask for a listener of nothing, of unknown songs, and of songs without listens."""
    popular = subject.whole(())

    def problem(request: Request) -> str | None:
        answer = subject.model.rank_one(request)
        flat = subject.model.rank_flat(request.listened_songs, request.no_recom_songs)
        if (answer.sources != sig.SOURCE_POPULAR).any():
            return f"source {answer.sources[0]}, not {sig.SOURCE_POPULAR}"
        if answer.contributions.any() or answer.known.any():
            return "a song is known, or contributes"
        if ((answer.scores < 0) | (answer.scores > 1)).any():
            return "a score is no share of listeners, 0 to 1"
        expected = popular.ids[~np.isin(popular.ids, request.listened_songs)]
        same = np.array_equal(answer.ids, expected[: request.no_recom_songs])
        return None if same and np.array_equal(flat.ids, answer.ids) else "other songs"

    lists = [(), UNKNOWN[:1], UNKNOWN, (-1, -1), *subject.cold_listeners()[1:]]
    tried = subject.expect_all((Request(one, 20) for one in lists), problem)
    return Passed(f"{tried} listeners of whom nothing is known")


def padding(subject: Subject) -> Passed:
    """Widen each set by -1, the empty name or a repetition."""
    requests = list(_requests_with_sets(subject))
    for name, request in requests:
        inputs = tensors_of([request])
        last = inputs[name][:, -1:]
        pad = sig.PAD_NAME if name == sig.GENRES else sig.PAD_ID
        expected = subject.model.rank_one(request)
        for what, value in (("padding", np.full_like(last, pad)), ("repetition", last)):
            wider = {**inputs, name: np.hstack([inputs[name], value, value])}
            outputs = subject.model.outputs(sig.RECOMMEND_BATCHED, wider)
            answer = answers_of(outputs, [len(request.listened_songs)])[0]
            beyond = outputs[sig.RECOM_SONGS_CONTRIBUTIONS][:, :, len(request.listened_songs) :]
            found = "it contributes" if beyond.any() else difference(expected, answer)
            if found:
                raise Failed(f"{what} of {name} makes a difference: {found}", shown(wider))
    return Passed(f"{len(requests)} sets, each widened twice")


def shown(inputs: Arrays) -> dict[str, object]:
    """Return inputs as an example."""
    return {"input": {name: values.tolist() for name, values in inputs.items()}}


def _columns(answer: Answer, columns: Iterable[int]) -> Answer:
    """Return the answer with these of its listened songs."""
    at = list(columns)
    return replace(answer, contributions=answer.contributions[:, at], known=answer.known[at])


def _requests_with_sets(subject: Subject) -> Iterator[tuple[str, Request]]:
    listened = subject.listeners(1)[0]
    ids = subject.whole(listened).ids
    values: dict[str, Any] = {
        sig.LISTENED_SONGS: listened,
        sig.EXCLUDED_SONGS: tuple(ids[:3].tolist()),
        sig.EXCLUDED_ARTISTS: (1, 2),
        sig.GENRES: ("rock", "pop"),
        sig.ARTISTS: (1, 2, 3),
    }
    if subject.attributes is not None:
        values[sig.GENRES] = tuple(subject.attributes.genre_ids)[:2] or ("rock",)
        artists = subject.attributes.songs.artists[subject.attributes.rows(ids[:3])]
        values |= dict.fromkeys((sig.EXCLUDED_ARTISTS, sig.ARTISTS), tuple(artists.tolist()))
    for name in SETS:
        yield name, replace(Request(listened, 20), **{name: values[name]})


CHECKS: Final = (
    Check(
        "order-of-listened",
        "Neither the order of the listened songs nor a repetition makes a difference.",
        "Take each listened song once before anything is summed or averaged.",
        order_of_listened,
        PLAIN,
    ),
    Check(
        "unknown-songs",
        "Unknown listened songs change nothing, and are said to be unknown.",
        "Look ids up; one that is not there must not end up as the song at place 0 or -1.",
        unknown_songs,
        PLAIN,
    ),
    Check(
        "popular-fallback",
        "A listener of whom nothing is known gets the popular songs, with source POPULAR.",
        "Where no listened song is known, score by the share of listeners, without contributions.",
        popular_fallback,
        PLAIN,
    ),
    Check(
        "padding",
        "Sets may be padded by -1 (the empty name) or by a repetition.",
        "Treat -1 and the empty name as nothing in every set, and count no entry twice.",
        padding,
        (*PLAIN, "order-of-listened"),
    ),
)
