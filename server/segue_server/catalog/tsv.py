"""Writes rows as the text that MySQL reads fastest, column by column to spare time."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from segue_server.catalog.records import Values

# All that means something to the server within a field, and how it is written as itself.
SPECIAL: Final = re.compile(r"[\\\t\n\r\0]")
ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})
NULL: Final = r"\N"


def encode(rows: Sequence[Values]) -> bytes:
    r"""Return the rows in UTF-8, a line each, with tabs between the fields and `\N` for NULL."""
    columns = [_texts(column) for column in zip(*rows, strict=True)]
    lines = map("\t".join, zip(*columns, strict=True))
    return "".join(f"{line}\n" for line in lines).encode()


def _texts(column: tuple[float | str | None, ...]) -> Iterable[str]:
    kinds = set(map(type, column))
    if str not in kinds:
        return map(str, column) if type(None) not in kinds else map(_number, column)
    if kinds == {str} and not SPECIAL.search("".join(map(str, column))):
        return map(str, column)
    return map(_text, column)


def _number(value: float | str | None) -> str:
    return NULL if value is None else str(value)


def _text(value: float | str | None) -> str:
    return NULL if value is None else str(value).translate(ESCAPES)
