"""Reads single fields of a dataset: what is plainly right by the shortest way, all else by rules.

Every function raises `FieldError` for a field that is not as docs/dataset.md says.
"""

import math
import re
from typing import Final

LARGEST_INT: Final = 2**31 - 1

# Python's own int() and float() take much more: underscores, spaces, digits of all scripts.
INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
NUMBER: Final = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")

# So many digits make no number that needs a closer look: an int64, or a finite float.
PLAIN_DIGITS: Final = 18


class FieldError(Exception):
    """A field is not what its column holds; the text names the column and says why."""


def text(column: str, value: str, longest: int) -> str:
    """Return the field, one line, neither empty nor longer than `longest` characters."""
    if not value:
        raise FieldError(f"{column} is empty")
    if len(value) > longest:
        raise FieldError(f"{column} is longer than {longest} characters")
    if "\n" in value or "\r" in value:
        raise FieldError(f"{column} has a line break")
    return value


def optional_text(column: str, value: str, longest: int) -> str | None:
    """Return the field as `text` does, `None` when it is empty."""
    return text(column, value, longest) if value else None


def integer(column: str, value: str) -> int:
    """Return the field, a whole number from 1 to what an int32 holds."""
    plain = len(value) <= PLAIN_DIGITS and value.isascii() and value.isdigit()
    if not plain and not INTEGER.fullmatch(value):
        raise FieldError(f"{column} is {value!r}, not a whole number")
    number = int(value)
    if not 1 <= number <= LARGEST_INT:
        raise FieldError(f"{column} is {value}, not from 1 to {LARGEST_INT}")
    return number


def optional_integer(column: str, value: str) -> int | None:
    """Return the field as `integer` does, `None` when it is empty."""
    return integer(column, value) if value else None


def integers(column: str, value: str) -> tuple[int, ...]:
    """Return the `|`-joined whole numbers of the field, in order; none when it is empty."""
    return tuple(integer(column, part) for part in value.split("|")) if value else ()


def number(column: str, value: str) -> float:
    """Return the field, a finite number of at least 0."""
    digits = value.replace(".", "", 1)
    if len(digits) <= PLAIN_DIGITS and digits.isascii() and digits.isdigit():
        return float(value)
    if not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise FieldError(f"{column} is {value!r}, not a finite number")
    if float(value) < 0:
        raise FieldError(f"{column} is {value}, less than 0")
    return float(value)


def optional_number(column: str, value: str) -> float | None:
    """Return the field, a finite number of more than 0, `None` when it is empty."""
    if not value:
        return None
    measured = number(column, value)
    if not measured:
        raise FieldError(f"{column} is {value}, not more than 0")
    return measured
