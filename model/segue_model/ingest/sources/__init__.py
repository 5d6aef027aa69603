"""Where raw songs come from: one file a kind of source, all of them read through `Source`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue_model.data.errors import DatasetError
from segue_model.ingest.digest import code_digest
from segue_model.ingest.source import Source
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.sources.synthetic import SyntheticSource
from segue_model.ingest.sources.table import TableSource
from segue_model.ingest.sources.table_columns import parse_columns, read_columns
from segue_model.ingest.storage import Folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says of a source."""

    work: Folder
    folder: str | None
    triplets: str | None
    columns: tuple[str, ...]
    columns_from: Path | None
    separator: str
    songs: int
    listeners: int
    seed: int

    def where(self) -> str:
        """Return where the raw songs are. Raises: DatasetError when that is not said."""
        if self.folder is None:
            raise DatasetError("--input", None, "this source needs it")
        return self.folder


def _msd(given: Given) -> Source:
    return MsdSource(given.where(), given.triplets)


def _table(given: Given) -> Source:
    listed = read_columns(given.columns_from) if given.columns_from else ()
    columns = (*listed, *parse_columns(given.columns))
    return TableSource(given.where(), columns, given.separator, given.triplets)


def _synthetic(given: Given) -> Source:
    numbers = given.songs, given.listeners, given.seed
    # Another generator invents other songs of the same numbers.
    name = "-".join(map(str, ("synthetic", *numbers, code_digest())))
    return SyntheticSource(given.work.child(name).url, *numbers)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: what makes one of it, and which fields of `Given` that looks at."""

    make: Callable[[Given], Source]
    takes: tuple[str, ...]


SOURCES: Final[Mapping[str, Kind]] = {
    "msd": Kind(_msd, ("folder", "triplets")),
    "synthetic": Kind(_synthetic, ("songs", "listeners", "seed")),
    "table": Kind(_table, ("folder", "triplets", "columns", "columns_from", "separator")),
}
