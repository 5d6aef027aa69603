"""Reads the rows of CSV files: UTF-8, a header line; what is bad costs the lines of it only.

A quote that is never closed, or closed far below, would swallow the rows between. Hence lines are
read one by one, and a row of several lines counts only where it can be nothing else.
"""

import csv
import io
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from segue_model.data.rejected import Reason
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong


class CsvRow(NamedTuple):
    """A row by the line it begins at: its fields, or what is wrong with it."""

    line: int
    fields: list[str] | BadSong


class _Line(NamedTuple):
    """A line by its number; a line feed is its end, whatever it was."""

    number: int
    text: str


class _Lines:
    """The lines that have not been read yet."""

    def __init__(self, text: Iterable[str]) -> None:
        self._rest = enumerate(text, start=1)
        self._back: deque[_Line] = deque()

    def __iter__(self) -> Iterator[_Line]:
        return self

    def __next__(self) -> _Line:
        if self._back:
            return self._back.popleft()
        number, text = next(self._rest)
        return _Line(number, text.rstrip("\r\n") + "\n")

    def put_back(self, lines: Sequence[_Line]) -> None:
        self._back.extendleft(reversed(lines))


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """An open file, by the names of its columns."""

    names: list[str]
    _lines: _Lines

    def rows(self, places: Collection[int]) -> Iterator[CsvRow]:
        """Yield the rows that are not blank; line breaks are allowed but in columns at `places`."""
        for line in self._lines:
            yield from _rows(line, self._lines, len(self.names), places)


@contextmanager
def opened_csv(folder: Folder, path: str) -> Iterator[CsvTable]:
    """Yield the table in a file. Raises: BadSong when there is no header, OSError."""
    stream = folder.open(path)
    # Bytes that are no UTF-8 matter only in a field that is read: there they are told of.
    with io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="") as text:
        lines = _Lines(text)
        yield CsvTable(_header(lines), lines)


def _header(lines: _Lines) -> list[str]:
    for line in lines:
        for _, fields in _rows(line, lines, None, ()):
            if isinstance(fields, BadSong):
                raise fields
            return fields
    raise BadSong(Reason.EMPTY, "no header")


def _rows(
    line: _Line, lines: _Lines, width: int | None, places: Collection[int]
) -> Sequence[CsvRow]:
    """Return the row that begins with a line, none of a blank one; a bad one for each lost line."""
    try:
        fields = next(csv.reader([line.text]))
    except csv.Error as error:
        return [_bad(line, str(error))]
    if not fields:
        return []
    # Only within quotes is the end of the line a part of the field.
    if not fields[-1].endswith("\n"):
        return [CsvRow(line.number, fields)]
    spanned = [line]
    fields = _spanning(lines, spanned)
    if not fields or width not in (None, len(fields)):
        lines.put_back(spanned[1:])
        return [_bad(line, "a quote is left open")]
    if any("\n" in fields[at] for at in places):
        return [_bad(each, "a line break within a field") for each in spanned]
    return [CsvRow(line.number, fields)]


def _spanning(lines: _Lines, spanned: list[_Line]) -> list[str]:
    """Return the fields of a row of several lines, appended to `spanned`; none where it is bad."""

    def texts() -> Iterator[str]:
        yield spanned[0].text
        for line in lines:
            spanned.append(line)
            yield line.text

    try:
        return next(csv.reader(texts(), strict=True))
    except csv.Error:
        return []


def _bad(line: _Line, detail: str) -> CsvRow:
    return CsvRow(line.number, BadSong(Reason.MALFORMED, detail))
