"""Reads files of text line by line; one that is not UTF-8 costs that line only."""

from collections.abc import Iterator
from typing import NamedTuple

from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.storage import Folder


class Line(NamedTuple):
    """A line that is not empty, without its end; `number` counts from 1."""

    number: int
    text: str


def lines(folder: Folder, path: str) -> Iterator[Line | Rejected]:
    """Yield the lines of a file. Raises: OSError.

    They end with a line feed alone: titles may hold what `str.splitlines` takes for an end.
    """
    with folder.open(path) as stream:
        for number, raw in enumerate(stream, start=1):
            try:
                text = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield Rejected(path, number, Reason.ENCODING, "not UTF-8")
                continue
            if text:
                yield Line(number, text)
