"""Reads a dataset folder row by row, and names file and line of whatever is wrong in it."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from operator import itemgetter
from pathlib import Path
from typing import Final, TypeVar

from segue_server.catalog.fields import FieldError

FORMAT: Final = 1
MANIFEST: Final = "dataset.json"

Record = TypeVar("Record")


class DatasetError(Exception):
    """A file of the dataset is not as docs/dataset.md says; the text names file and line."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        """Name the place and what is wrong there."""
        super().__init__(file, line, reason)

    def __str__(self) -> str:
        file, line, reason = self.args
        return f"{file}: {reason}" if line is None else f"{file}:{line}: {reason}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `dataset.json` says; `counts` are rows by the name of their file."""

    name: str
    fingerprint: str
    counts: Mapping[str, int]


def read_manifest(folder: Path, counted: tuple[str, ...]) -> Manifest:
    """Return what `dataset.json` says, with the counts named in `counted`.

    Raises: DatasetError.
    """
    file = folder / MANIFEST
    found = _read_json(file)
    if found.get("format") != FORMAT:
        raise DatasetError(file, None, f"format is {found.get('format')!r}, not {FORMAT}")
    return Manifest(
        name=_manifest_text(file, found, "name", 500),
        fingerprint=_manifest_text(file, found, "fingerprint", 128),
        counts={name: _manifest_count(file, found, name) for name in counted},
    )


def digest(folder: Path, files: Iterable[str]) -> str:
    """Return what two folders have in common only if the files are the same in both, as hex.

    Raises: DatasetError.
    """
    digests = hashlib.sha256()
    for name in files:
        try:
            with (folder / name).open("rb") as stream:
                digests.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DatasetError(folder / name, None, error.strerror or str(error)) from error
    return digests.hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file in order: the fields asked for, in the order asked for, and the lines."""

    file: Path
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def columns(self) -> list[tuple[str, ...]]:
        """Return the fields by column."""
        return list(zip(*self.rows, strict=True))

    def each(self, convert: Callable[[Sequence[str]], Record]) -> list[Record]:
        """Return what `convert` makes of each row.

        Raises: DatasetError for the `FieldError` that `convert` raises.
        """
        made: list[Record] = []
        try:
            made.extend(map(convert, self.rows))
        except FieldError as error:
            raise DatasetError(self.file, self.lines[len(made)], f"{error}") from error
        return made


def read_batches(file: Path, columns: tuple[str, ...], size: int) -> Iterator[Batch]:
    """Yield the rows of a file that has at least `columns`, `size` at a time.

    Raises: DatasetError.
    """
    reader = csv.reader(_lines(file), strict=True)
    try:
        header = next(reader, [])
        pick = itemgetter(*(_index(file, header, column) for column in columns))
        as_asked = header == list(columns)  # as a rule: there is nothing to pick
        before = reader.line_num
        while rows := list(islice(reader, size)):
            lines = _lines_of(rows, before, reader.line_num)
            before = reader.line_num
            _check_widths(file, header, lines, rows)
            yield Batch(file, rows if as_asked else list(map(pick, rows)), lines)
    except csv.Error as error:
        raise DatasetError(file, reader.line_num, f"not CSV: {error}") from error


def _lines_of(rows: Sequence[list[str]], before: int, last: int) -> Sequence[int]:
    """Return on which line each row ends: all stand between the lines `before` and `last`."""
    if last - before == len(rows):
        return range(before + 1, last + 1)
    heights = (1 + sum(field.count("\n") for field in row) for row in rows)
    return list(accumulate(heights, initial=before))[1:]


def _check_widths(
    file: Path, header: list[str], lines: Sequence[int], rows: Sequence[list[str]]
) -> None:
    if set(map(len, rows)) == {len(header)}:
        return
    for line, fields in zip(lines, rows, strict=True):
        if len(fields) != len(header):
            reason = f"{len(fields)} fields, but the header has {len(header)}"
            raise DatasetError(file, line, reason)


def _index(file: Path, header: list[str], column: str) -> int:
    if column not in header:
        raise DatasetError(file, 1, f"the header has no column {column!r}: {header}")
    return header.index(column)


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
    text = "".join(_lines(file))
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(file, error.lineno, f"not JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise DatasetError(file, 1, "not a JSON object")
    return found


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            yield from lines
    except UnicodeDecodeError as error:
        raise _not_utf8(file) from error
    except OSError as error:
        raise DatasetError(file, None, error.strerror or str(error)) from error


def _not_utf8(file: Path) -> DatasetError:
    """Return the error that names the first line that is not UTF-8; text is decoded in blocks."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                reason = f"not UTF-8 from byte {error.start} of the line on"
                return DatasetError(file, number, reason)
    return DatasetError(file, None, "was not UTF-8, but is now: it has changed meanwhile")
