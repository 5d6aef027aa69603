"""What the pipeline set aside, by reason: `rejected/rejected.csv`."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue_model.data.errors import DatasetError
from segue_model.data.rejected import REJECTED, Reason

FILE: Final = "rejected/rejected.csv"
EXAMPLES: Final = 10
MEANINGS: Final = {
    Reason.UNREADABLE: "Cut off, of another kind, or gone",
    Reason.SCHEMA: "A part or column is missing or of another shape",
    Reason.MALFORMED: "A field is not what its column holds",
    Reason.ENCODING: "Not UTF-8",
    Reason.EMPTY: "Nothing where something must be",
    Reason.NOT_FINITE: "NaN or infinite",
    Reason.OUT_OF_RANGE: "Beyond what such a value can be",
    Reason.DUPLICATE_TRACK: "The same track again",
    Reason.DUPLICATE_SONG: "Another track of a song that is there",
}


@dataclass(frozen=True, slots=True)
class Example:
    """Something that was set aside; an empty `row` is the whole file."""

    path: str
    row: str
    detail: str


@dataclass(slots=True)
class Rejections:
    """How many were set aside for a reason, and the first of them."""

    reason: Reason
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def meaning(self) -> str:
        """What the reason says."""
        return MEANINGS[self.reason]


def read_rejections(folder: Path) -> list[Rejections] | None:
    """Return what was set aside, the most frequent reason first; `None` when nothing tells.

    Raises: DatasetError naming the line.
    """
    path = folder / FILE
    if not path.exists():
        return None
    found = {reason: Rejections(reason) for reason in Reason}
    for reason, example in _rows(path):
        rejections = found[reason]
        rejections.count += 1
        if len(rejections.examples) < EXAMPLES:
            rejections.examples.append(example)
    return sorted((each for each in found.values() if each.count), key=lambda each: -each.count)


def _rows(path: Path) -> Iterator[tuple[Reason, Example]]:
    # Paths are whatever bytes a file system holds: one that is no text must not hide the others.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.reader(stream)
        try:
            _check_header(next(rows, []))
            for row in rows:
                yield _row(row, rows.line_num)
        except csv.Error as error:
            raise DatasetError(FILE, rows.line_num, str(error)) from error


def _check_header(header: list[str]) -> None:
    if header != REJECTED.names:
        raise DatasetError(FILE, 1, f"not the columns {', '.join(REJECTED.names)}")


def _row(fields: list[str], line: int) -> tuple[Reason, Example]:
    if len(fields) != len(REJECTED.names):
        raise DatasetError(FILE, line, f"not {len(REJECTED.names)} fields")
    path, row, reason, detail = fields
    try:
        return Reason(reason), Example(path, row, detail)
    except ValueError:
        raise DatasetError(FILE, line, f"reason: {reason!r} is not known") from None
