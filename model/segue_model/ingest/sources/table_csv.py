"""Reads the rows of CSV files: UTF-8, a header line; a bad row costs that row only."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong, Reason


class CsvRow(NamedTuple):
    """A row by the line it begins at: its fields, or what is wrong with it."""

    line: int
    fields: list[str] | BadSong


@contextmanager
def opened_csv(folder: Folder, path: str) -> Iterator[tuple[list[str], Iterator[CsvRow]]]:
    """Yield the names of the columns, and the rows that follow.

    Raises: BadSong when there is no header, OSError.
    """
    stream = folder.open(path)
    # Bytes that are no UTF-8 matter only in a field that is read: there they are told of.
    with io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(text)
        header = next(_rows(reader), None)
        if header is None:
            raise BadSong(Reason.EMPTY, "no header")
        if isinstance(header.fields, BadSong):
            raise header.fields
        yield header.fields, _rows(reader)


def _rows(reader: Any) -> Iterator[CsvRow]:  # noqa: ANN401 - the csv module's reader has no name
    """Yield the rows that are not blank."""
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield CsvRow(line, BadSong(Reason.MALFORMED, str(error)))
            continue
        if fields:
            yield CsvRow(line, fields)
