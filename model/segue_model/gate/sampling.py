"""Requests to try, made from random numbers with a fixed seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import segue_signature as sig
from segue_model.gate.attributes import Attributes
from segue_model.gate.requests import Request
from segue_model.gate.subject import UNKNOWN, Subject

NO_GENRE: Final = ("no such genre",)
# Each so many-th wish is for something unknown alone.
UNKNOWN_EACH: Final = 4
MOST_PICKS: Final = 60
# How often each of several wishes is made.
OFTEN: Final = 0.4
# Years and tempos that songs are likely to have, where nothing tells which they have.
LIKELY: Final[Mapping[str, tuple[float, float]]] = {
    sig.YEARS: (1985, 2008),
    sig.TEMPOS: (85.0, 140.0),
}


def mixed_requests(subject: Subject, count: int) -> list[Request]:
    """Return requests of different lengths, sizes and wishes, all without diversity.

    They need no dataset: what is asked for may be in the model or not.
    """
    lists = [(), *subject.listeners(count), UNKNOWN]
    top = tuple(subject.whole(lists[1]).ids[:4].tolist())
    artists = tuple(range(1, 60, 2))
    wishes: list[dict[str, Any]] = [
        {},
        {"excluded_songs": top},
        {"years": (1985, 0), "genres": ("rock", "pop", "electronic", "jazz")},
        {"max_per_artist": 1},
        {"excluded_artists": artists[:9], "tempos": (0.0, 140.0)},
        {"exclude_seed_artists": True, "max_per_artist": 2},
        {"artists": artists},
    ]
    numbers = (10, 1, 25, 0, 50, subject.song_count if not subject.large else 100)
    return [
        Request(lists[at % len(lists)], numbers[at % len(numbers)], **wishes[at % len(wishes)])
        for at in range(count)
    ]


def diverse(request: Request, diversity: float) -> Request:
    """Return the request with diversity, and with no more songs than are worth picking one by one.

    Picks take time in their number and in that of the pool, which is larger still.
    """
    few = min(request.no_recom_songs, MOST_PICKS)
    return replace(request, no_recom_songs=few, diversity=diversity)


def wishful(subject: Subject, wishes: tuple[str, ...], count: int) -> list[Request]:
    """Return requests with the one of `wishes`, or with any of them where there are several."""
    attributes = subject.known_attributes()
    rng = subject.random("/".join(wishes))
    lists = [(), *subject.listeners(subject.tries(3, 8)), *subject.cold_listeners()]
    numbers = (10, 3, 1, 100, subject.tries(50, subject.song_count))
    requests = []
    for at in range(count):
        request = Request(lists[at % len(lists)], numbers[at % len(numbers)])
        top = attributes.rows(subject.whole(request.listened_songs).ids[:30])
        draw = _Draw(rng, attributes, top, unknown=at % UNKNOWN_EACH == 1)
        chosen = [wish for wish in wishes if len(wishes) == 1 or rng.random() < OFTEN]
        requests.append(replace(request, **{wish: WISHES[wish](draw) for wish in chosen}))
    return requests


@dataclass(frozen=True, slots=True)
class _Draw:
    """What wishes are drawn from.

    `top` are the rows of the songs that would come without; `unknown` is whether to wish for what
    no model has.
    """

    rng: np.random.Generator
    attributes: Attributes
    top: npt.NDArray[np.int64]
    unknown: bool


def _songs(draw: _Draw) -> tuple[int, ...]:
    return _some(draw, draw.attributes.songs.ids[draw.top], 12)


def _artists(draw: _Draw) -> tuple[int, ...]:
    return _some(draw, np.unique(draw.attributes.songs.artists[draw.top]), 6)


def _genres(draw: _Draw) -> tuple[str, ...]:
    names = () if draw.unknown else tuple(draw.attributes.genre_ids)
    count = min(len(names), int(draw.rng.integers(1, 4)))
    chosen = draw.rng.choice(np.array(names, np.object_), count, replace=False).tolist()
    return (*chosen, *NO_GENRE[: int(draw.rng.integers(0, 2))]) or NO_GENRE


def _years(draw: _Draw) -> tuple[int, int]:
    years = draw.attributes.songs.years
    low, high = _bounds(draw, years[years > 0], sig.YEARS)
    return int(low), int(high)


def _tempos(draw: _Draw) -> tuple[float, float]:
    tempos = draw.attributes.songs.tempos
    return _bounds(draw, tempos[tempos > 0], sig.TEMPOS)


def _bounds(draw: _Draw, values: npt.NDArray[Any], wish: str) -> tuple[float, float]:
    """Return bounds that songs lie on exactly; one may be open, and they may be the wrong way."""
    low, high = LIKELY[wish]
    if len(values):
        low, high = (float(value) for value in np.sort(draw.rng.choice(values, 2)))
    forms = ((low, high), (low, 0), (0, high), (low, low), (high, low))
    return forms[int(draw.rng.choice(5, p=(0.4, 0.2, 0.2, 0.1, 0.1)))]


def _some(draw: _Draw, values: npt.NDArray[Any], most: int) -> tuple[int, ...]:
    """Return fewer than `most` of the values, and every other time an unknown one too."""
    count = 0 if draw.unknown else int(draw.rng.integers(1, most))
    chosen = draw.rng.choice(values, min(count, len(values)), replace=False).tolist()
    unknown = UNKNOWN[: int(draw.rng.integers(0, 2))]
    return (*chosen, *unknown) or UNKNOWN[:1]


WISHES: Final[Mapping[str, Callable[[_Draw], Any]]] = {
    sig.EXCLUDED_SONGS: _songs,
    sig.EXCLUDED_ARTISTS: _artists,
    sig.EXCLUDE_SEED_ARTISTS: lambda _: True,
    sig.GENRES: _genres,
    sig.ARTISTS: _artists,
    sig.YEARS: _years,
    sig.TEMPOS: _tempos,
    sig.MAX_PER_ARTIST: lambda draw: int(draw.rng.integers(1, 4)),
}
