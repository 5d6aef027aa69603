"""What search compares: text without case, accents and punctuation, as words.

One function makes the words that are stored and those that are looked for, so both databases
find the same songs.
"""

import re
import unicodedata
from typing import Final

from segue_server.catalog.schema import TITLE_KEY_LENGTH, WORD_LENGTH

WORD: Final = re.compile(r"[^\W_]+")

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
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if unicodedata.category(c)[0] != "M").translate(STROKES)


def words(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of `text`, folded, in order."""
    return tuple(word[:WORD_LENGTH] for word in WORD.findall(fold(text)))


def title_key(title: str) -> str:
    """Return what two titles have in common that differ in case, accents or punctuation only."""
    return " ".join(WORD.findall(fold(title)))[:TITLE_KEY_LENGTH]


def words_to_store(*texts: str) -> frozenset[str]:
    """Return the words that find a song with these texts.

    Beside its parts, what stands between two spaces is one word too: both `don` and `dont` find
    "Don't", both `ac` and `acdc` find "AC/DC".
    """
    found: set[str] = set()
    for piece in fold(" ".join(texts)).split():
        parts = WORD.findall(piece)
        found.update(word[:WORD_LENGTH] for word in (*parts, "".join(parts)) if word)
    return frozenset(found)


def without_implied(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that begin no other one of `wanted`, sorted.

    A song that has a word beginning with the longer one has it for the shorter one too.
    """
    kept: list[str] = []
    for word in sorted(set(wanted), reverse=True):
        if not (kept and kept[-1].startswith(word)):
            kept.append(word)
    return tuple(reversed(kept))
