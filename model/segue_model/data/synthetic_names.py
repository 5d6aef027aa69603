"""Invents names of artists, albums and songs that read like names and can be told apart."""

from collections.abc import Callable, Mapping
from itertools import count
from string import Formatter
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Ids, Text
from segue_model.data.synthetic_words import ARTISTS, TITLES, WORDS

Rows: TypeAlias = npt.NDArray[np.int64]

ROUNDS: Final = 8
TITLE_TRACKS: Final = 0.4


def artist_names(rng: np.random.Generator, styles: Text) -> Text:
    """Return a name for each artist of a style (a key of `ARTISTS`), no two the same."""
    everyone = np.zeros(len(styles), np.int32)
    return _distinct(lambda rows: _of_styles(rng, ARTISTS, styles[rows]), everyone)


def song_titles(rng: np.random.Generator, styles: Text, artists: Ids) -> Text:
    """Return a title for each song of a style (a key of `TITLES`), no two the same of an artist."""
    return _distinct(lambda rows: _of_styles(rng, TITLES, styles[rows]), artists)


def album_titles(rng: np.random.Generator, styles: Text, title_tracks: Text) -> Text:
    """Return a title for each album: that of its title track, or one of its own."""
    own = _of_styles(rng, TITLES, styles)
    return np.where(rng.random(len(styles)) < TITLE_TRACKS, title_tracks, own)


def _distinct(make: Callable[[Rows], Text], groups: Ids) -> Text:
    """Return a name a row, distinct within its group; what stays the same gets a number."""
    names: Text = np.empty(len(groups), np.object_)
    seen: set[tuple[int, str]] = set()
    pending = np.arange(len(groups))
    for _ in range(ROUNDS):
        names[pending] = make(pending)
        again = [row for row in pending if not _is_new(seen, groups[row], names[row])]
        pending = np.array(again, np.int64)
    for row in pending:
        numbered = (f"{names[row]} {number}" for number in count(2))
        names[row] = next(name for name in numbered if _is_new(seen, groups[row], name))
    return names


def _is_new(seen: set[tuple[int, str]], group: int, name: str) -> bool:
    known = (group, name) in seen
    seen.add((group, name))
    return not known


def _of_styles(
    rng: np.random.Generator, patterns: Mapping[str, tuple[str, ...]], styles: Text
) -> Text:
    names: Text = np.empty(len(styles), np.object_)
    for style, choices in patterns.items():
        rows = np.flatnonzero(styles == style)
        which = rng.integers(len(choices), size=len(rows))
        for at, pattern in enumerate(choices):
            mine = rows[which == at]
            names[mine] = _fill(rng, pattern, len(mine))
    return names


def _fill(rng: np.random.Generator, pattern: str, number: int) -> Text:
    """Return `number` texts of a pattern, each `{key}` in it a word of that key."""
    filled: Text = np.full(number, "", np.object_)
    for literal, key, _, _ in Formatter().parse(pattern):
        filled = filled + literal
        if key:
            words = np.array(WORDS[key], np.object_)
            filled = filled + words[rng.integers(len(words), size=number)]
    return np.array([text[:1].upper() + text[1:] for text in filled], np.object_)
