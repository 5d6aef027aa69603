"""Finds the line at which a CSV file is at fault: slow, and only ever asked after a failure."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from segue_model.data.errors import DatasetError
from segue_model.data.layout import ID_SEPARATOR, Column, Kind

INTEGER: Final = re.compile(r"\s*-?[0-9]+\s*")
INT32: Final = range(-(2**31), 2**31)


def read_header(path: Path) -> list[str]:
    """Return the names in the first line of a file.

    Raises: DatasetError when the file or its header is missing, or a name is there twice.
    """
    header = next((fields for _, fields in _records(path)), [])
    if not header:
        raise DatasetError(path.name, None, "empty; a header line is needed")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise DatasetError(path.name, 1, f"columns twice: {', '.join(sorted(twice))}")
    return header


def line_of(path: Path, row: int) -> int:
    """Return the line on which the data row `row` starts, blank lines counted; rows from 0."""
    for at, (line, _) in enumerate(_records(path), start=-1):
        if at == row:
            return line
    raise DatasetError(path.name, None, f"has no row {row}")


def explain(path: Path, columns: Mapping[str, Column]) -> DatasetError | None:
    """Return the first fault in the form of a file, `None` when every field has its form."""
    try:
        return _first_fault(path, columns)
    except DatasetError as fault:
        return fault


def _first_fault(path: Path, columns: Mapping[str, Column]) -> DatasetError | None:
    records = _records(path)
    _, header = next(records)
    for line, fields in records:
        if len(fields) != len(header):
            reason = f"{len(fields)} columns instead of {len(header)}"
            return DatasetError(path.name, line, reason)
        for name, field in zip(header, fields, strict=True):
            problem = _problem(columns[name], field)
            if problem:
                return DatasetError(path.name, line, f"{name}: {problem}")
    return None


def _problem(column: Column, field: str) -> str | None:
    if not field:
        return "empty" if column.required else None
    match column.kind:
        case Kind.INTEGER:
            return _integer_problem(field)
        case Kind.IDS:
            problems = map(_integer_problem, field.split(ID_SEPARATOR))
            return next(filter(None, problems), None)
        case Kind.NUMBER | Kind.SHARE:
            return _number_problem(field)
        case Kind.TEXT:
            return None


def _integer_problem(field: str) -> str | None:
    if not INTEGER.fullmatch(field):
        return f"not an integer: {field!r}"
    return None if int(field) in INT32 else f"more than 32 bits: {field!r}"


def _number_problem(field: str) -> str | None:
    try:
        float(field)
    except ValueError:
        return f"not a number: {field!r}"
    return f"not a number: {field!r}" if "_" in field else None


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank lines, each with the line that it starts on."""
    reader = csv.reader(_lines(path), strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        raise DatasetError(path.name, start, f"not CSV: {error}") from error


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                yield _decoded(path, number, line)
    except FileNotFoundError:
        raise DatasetError(path.name, None, f"missing in {path.parent}") from None


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(path.name, number, f"not UTF-8 at byte {error.start + 1}") from error
