"""A request as a plain value, and many of them as the tensors of the batched signature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

import segue_signature as sig
from segue_model.gate.tensors import BATCHED_INPUTS, NUMPY, Array, Arrays

SETS: Final = (
    sig.LISTENED_SONGS,
    sig.EXCLUDED_SONGS,
    sig.EXCLUDED_ARTISTS,
    sig.GENRES,
    sig.ARTISTS,
)

# How many smaller requests are tried to make an example small.
MOST_SHRINKING: Final = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One row of the batched signature; its fields are the inputs' names."""

    listened_songs: tuple[int, ...] = ()
    no_recom_songs: int = 10
    excluded_songs: tuple[int, ...] = ()
    excluded_artists: tuple[int, ...] = ()
    exclude_seed_artists: bool = False
    genres: tuple[str, ...] = ()
    artists: tuple[int, ...] = ()
    years: tuple[int, int] = (0, 0)
    tempos: tuple[float, float] = (0.0, 0.0)
    max_per_artist: int = 0
    diversity: float = 0.0

    def options(self) -> dict[str, Any]:
        """Return what is asked for beyond the defaults, and what was listened to."""
        plain = Request()
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        always = (sig.LISTENED_SONGS, sig.NO_RECOM_SONGS)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in named.items()
            if name in always or value != getattr(plain, name)
        }

    def smaller(self) -> list["Request"]:
        """Return requests that ask for a little less, the smallest first."""
        plain = Request(no_recom_songs=self.no_recom_songs)
        without = [
            replace(self, **{name: getattr(plain, name)})
            for name in self.options()
            if name not in (sig.LISTENED_SONGS, sig.NO_RECOM_SONGS)
        ]
        shorter = [
            replace(self, **changed)
            for name in SETS
            for changed in _halved(name, getattr(self, name))
        ]
        fewer = [replace(self, no_recom_songs=k) for k in (1, 10) if k < self.no_recom_songs]
        return without + shorter + fewer


Problem = Callable[[Request], str | None]


def tensors_of(requests: Sequence[Request]) -> Arrays:
    """Return the requests as the inputs of the batched signature, sets padded at the end."""
    return {
        name: _padded(name, [getattr(request, name) for request in requests])
        for name in BATCHED_INPUTS
    }


def shrunk(request: Request, problem: Problem) -> Request:
    """Return a request that asks for as little as was found and still has a problem."""
    tried = 0
    candidates = iter(request.smaller())
    while tried < MOST_SHRINKING and (smaller := next(candidates, None)) is not None:
        tried += 1
        if problem(smaller):
            request, candidates = smaller, iter(smaller.smaller())
    return request


def _padded(name: str, values: list[Any]) -> Array:
    dtype = NUMPY[BATCHED_INPUTS[name].dtype]
    if name not in SETS:
        return np.array(values, dtype)
    pad = sig.PAD_NAME if name == sig.GENRES else sig.PAD_ID
    table: Array = np.full((len(values), max(1, *map(len, values), 1)), pad, dtype)
    for row, entries in zip(table, values, strict=True):
        row[: len(entries)] = [
            entry.encode() if isinstance(entry, str) else entry for entry in entries
        ]
    return table


def _halved(name: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return each half of a set by its name; none of less than two."""
    middle = len(values) // 2
    return [{name: values[:middle]}, {name: values[middle:]}] if middle else []
