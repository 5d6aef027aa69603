"""What search compares: text without case, accents and punctuation, as words.

One function makes the words that are stored and those that are looked for, so both databases
find the same songs.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from segue_server.catalog.schema import TITLE_KEY_LENGTH, WORD_LENGTH

WORD: Final = re.compile(r"[^\W_]+")

# Stands before each word of `song_text`. Whatever counts as a word to a database, none is then
# shorter than the three characters that it indexes, nor one that it leaves out for being frequent.
MARKER: Final = "__"

# Of how many characters, and of how many pieces of names, it is kept what becomes of them; all but
# a few of the world's texts need fewer characters, and most names are made of fewer pieces.
REMEMBERED: Final = 65_536

# Letters that Unicode does not take apart, though people type them without their strokes.
STROKES: Final = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "ŧ": "t",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
    | {"æ": "ae", "œ": "oe", "þ": "th"}
)


def fold(text: str) -> str:
    """Return `text` without case, accents and the difference of compatible characters."""
    return text.lower() if text.isascii() else "".join(map(_fold_character, text))


@lru_cache(maxsize=REMEMBERED)
def _fold_character(character: str) -> str:
    # No character changes what becomes of its neighbors: marks, whose order is all that could
    # change, are left out.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(c for c in plain if unicodedata.category(c)[0] != "M").translate(STROKES)


def words(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of `text`, folded, in order."""
    return tuple(word[:WORD_LENGTH] for word in WORD.findall(fold(text)))


def title_key(title: str) -> str:
    """Return what two titles have in common that differ in case, accents or punctuation only."""
    return title_words(title)[0]


def words_to_store(*texts: str) -> frozenset[str]:
    """Return the words that find a song with these texts.

    Beside its parts, what stands between two spaces is one word too: both `don` and `dont` find
    "Don't", both `ac` and `acdc` find "AC/DC".
    """
    return title_words(" ".join(texts))[1]


def title_words(title: str) -> tuple[str, frozenset[str]]:
    """Return what `title_key` and `words_to_store` do, in the time of one of them."""
    folded = fold(title)
    pieces = folded.split()
    if len(folded) <= WORD_LENGTH and "".join(pieces).isalnum():
        return " ".join(pieces), frozenset(pieces)
    parts: list[str] = []
    found: set[str] = set()
    for piece in pieces:
        some, stored = _taken_apart(piece)
        parts += some
        found |= stored
    return " ".join(parts)[:TITLE_KEY_LENGTH], frozenset(found)


@lru_cache(maxsize=REMEMBERED)
def _taken_apart(piece: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of what stands between two spaces, and those that find it."""
    parts = tuple(WORD.findall(piece))
    return parts, frozenset(word[:WORD_LENGTH] for word in (*parts, "".join(parts)) if word)


def marked(found: Collection[str]) -> str:
    """Return the words as `song_text` holds them: sorted, each behind a space and the marker."""
    return f" {MARKER}" + f" {MARKER}".join(sorted(found)) if found else ""


def without_implied(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that begin no other one of `wanted`, sorted.

    A song that has a word beginning with the longer one has it for the shorter one too.
    """
    kept: list[str] = []
    for word in sorted(set(wanted), reverse=True):
        if not (kept and kept[-1].startswith(word)):
            kept.append(word)
    return tuple(reversed(kept))
