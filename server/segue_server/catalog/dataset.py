"""Reads a dataset folder row by row, and names file and line of whatever is wrong in it."""

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FORMAT: Final = 1
LARGEST_INT: Final = 2**31 - 1

# Python's own int() and float() take much more: underscores, spaces, digits of all scripts.
INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
NUMBER: Final = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


class DatasetError(Exception):
    """A file of the dataset is not as docs/dataset.md says; the text names file and line."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        """Name the place and what is wrong there."""
        place = f"{file}" if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {reason}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `dataset.json` says; `counts` are rows by the name of their file."""

    name: str
    fingerprint: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file by column; every accessor raises `DatasetError` on a bad field."""

    file: Path
    line: int
    fields: Mapping[str, str]

    def text(self, column: str, longest: int) -> str:
        """Return the field, which is neither empty nor longer than `longest` characters."""
        value = self.optional_text(column, longest)
        if value is None:
            raise self.error(f"{column} is empty")
        return value

    def optional_text(self, column: str, longest: int) -> str | None:
        """Return the field, `None` when it is empty."""
        value = self.fields[column]
        if len(value) > longest:
            raise self.error(f"{column} is longer than {longest} characters")
        return value or None

    def integer(self, column: str) -> int:
        """Return the field, a whole number from 1 to what an int32 holds."""
        return self.parse_integer(column, self.fields[column])

    def optional_integer(self, column: str) -> int | None:
        """Return the field as `integer` does, `None` when it is empty."""
        return self.integer(column) if self.fields[column] else None

    def integers(self, column: str) -> tuple[int, ...]:
        """Return the `|`-joined whole numbers of the field, in order; none when it is empty."""
        joined = self.fields[column]
        return tuple(self.parse_integer(column, part) for part in joined.split("|") if joined)

    def number(self, column: str) -> float:
        """Return the field, a finite number of at least 0."""
        value = self.fields[column]
        if not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            raise self.error(f"{column} is {value!r}, not a finite number")
        if float(value) < 0:
            raise self.error(f"{column} is {value}, less than 0")
        return float(value)

    def optional_number(self, column: str) -> float | None:
        """Return the field as `number` does, `None` when it is empty."""
        return self.number(column) if self.fields[column] else None

    def parse_integer(self, column: str, value: str) -> int:
        """Return the whole number `value`, which stands in `column`."""
        if not INTEGER.fullmatch(value):
            raise self.error(f"{column} is {value!r}, not a whole number")
        if not 1 <= int(value) <= LARGEST_INT:
            raise self.error(f"{column} is {value}, not from 1 to {LARGEST_INT}")
        return int(value)

    def error(self, reason: str) -> DatasetError:
        """Return the error that names this row."""
        return DatasetError(self.file, self.line, reason)


def read_manifest(folder: Path, counted: tuple[str, ...]) -> Manifest:
    """Return what `dataset.json` says, with the counts named in `counted`.

    Raises: DatasetError.
    """
    file = folder / "dataset.json"
    found = _read_json(file)
    if found.get("format") != FORMAT:
        raise DatasetError(file, None, f"format is {found.get('format')!r}, not {FORMAT}")
    return Manifest(
        name=_manifest_text(file, found, "name", 500),
        fingerprint=_manifest_text(file, found, "fingerprint", 128),
        counts={name: _manifest_count(file, found, name) for name in counted},
    )


def read_rows(file: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows of a file that has at least `columns`, one at a time.

    Raises: DatasetError.
    """
    lines = csv.reader(_decoded_lines(file), strict=True)
    try:
        header = next(lines, [])
        for column in columns:
            if column not in header:
                raise DatasetError(file, 1, f"the header has no column {column!r}: {header}")
        for fields in lines:
            if len(fields) != len(header):
                reason = f"{len(fields)} fields, but the header has {len(header)}"
                raise DatasetError(file, lines.line_num, reason)
            yield Row(file, lines.line_num, dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        raise DatasetError(file, lines.line_num, f"not CSV: {error}") from error


def _manifest_text(file: Path, found: Mapping[str, object], name: str, longest: int) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise DatasetError(file, None, f"{name} is not a text of 1 to {longest} characters")
    return value


def _manifest_count(file: Path, found: Mapping[str, object], name: str) -> int:
    counts = found.get("counts")
    count = counts.get(name) if isinstance(counts, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise DatasetError(file, None, f"counts.{name} is not a number of rows")
    return count


def _read_json(file: Path) -> dict[str, object]:
    text = "".join(_decoded_lines(file))
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(file, error.lineno, f"not JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise DatasetError(file, 1, "not a JSON object")
    return found


def _decoded_lines(file: Path) -> Iterator[str]:
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _decoded(file, number, line)
    except OSError as error:
        raise DatasetError(file, None, error.strerror or str(error)) from error


def _decoded(file: Path, number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 from byte {error.start} of the line on"
        raise DatasetError(file, number, reason) from error
