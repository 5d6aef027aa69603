"""Cuts work into pieces of which each leaves a file: what is there is not done again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow.parquet as pq

from segue_model.ingest.storage import Folder

# Said of a folder once all that the pieces need lies in it.
PREPARED: Final = "prepared.json"

PARTS: Final = "parts"


@dataclass(frozen=True, slots=True)
class Pieces:
    """So many pieces, numbered from 0, of the job called `name`; its folder is in `work`."""

    work: Folder
    name: str
    count: int

    @property
    def folder(self) -> Folder:
        """The folder of what the pieces need and of what they leave."""
        return self.work.child(self.name)

    @property
    def result(self) -> Folder:
        """The folder of the files that the pieces leave."""
        return self.folder.child("result")

    def file(self, piece: int) -> str:
        """Return the file of a piece, by its path in the result; it is there once it is done.

        The parts have a folder to themselves, as readers of Parquet folders want it.
        """
        return f"{PARTS}/{piece:05}.parquet"

    def missing(self) -> list[int]:
        """Return the pieces that are not done."""
        there = {file.path for file in self.result.files()}
        return [piece for piece in range(self.count) if self.file(piece) not in there]

    def tidy(self) -> None:
        """Remove what is no piece's from the result: what killed workers left half."""
        wanted = set(map(self.file, range(self.count)))
        for file in self.result.files():
            if file.path not in wanted:
                self.result.delete(file.path)

    def remove(self) -> None:
        """Remove what the pieces needed and left, and the work folder if it holds nothing else."""
        self.folder.remove()
        if not self.work.files():
            self.work.remove()

    def rows(self) -> int:
        """Return how many rows the files of all pieces hold together."""
        total = 0
        for piece in range(self.count):
            with self.result.open(self.file(piece)) as opened:
                total += pq.ParquetFile(opened).metadata.num_rows
        return total


class Job(Protocol):
    """Work that is done piece by piece; a copy of it goes to every worker."""

    @property
    def pieces(self) -> Pieces:
        """How the work is cut, and where it lies."""

    @property
    def manifest(self) -> str:
        """The name of the file that says of a folder that it holds the result, and of what."""

    def do(self, piece: int) -> None:
        """Leave the file of a piece, the same bytes each time. Raises: BulkError, OSError."""

    def outcome(self) -> dict[str, Any]:
        """Return what the manifest tells, once all pieces are done."""


def job_name(kind: str, ingredients: Mapping[str, object]) -> str:
    """Return the name of a job of a kind, another one for other ingredients."""
    text = json.dumps(ingredients, sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return f"{kind}-{digest}"
