"""Tables of songs: CSV and Parquet files whose columns are named as their owner likes."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue_model.data.errors import DatasetError
from segue_model.ingest.source import Annotations, Unit
from segue_model.ingest.sources.faults import said
from segue_model.ingest.sources.listens import file_at
from segue_model.ingest.sources.table_columns import Columns, locate
from segue_model.ingest.sources.table_csv import opened_csv
from segue_model.ingest.sources.table_parquet import group_rows, groups, opened_parquet
from segue_model.ingest.sources.table_values import track_of
from segue_model.ingest.storage import File, Folder
from segue_model.ingest.tracks import BadSong, Reason, Rejected, Track

CSV: Final = ".csv"
PARQUET: Final = ".parquet"
# Of a CSV file, in bytes a song; so that its work is judged about right.
CSV_ROW: Final = 100


@dataclass(frozen=True, slots=True)
class TableSource:
    """The tables in a folder, at any depth, or the one file at `url`.

    `columns` are fields of tracks with the names of their columns; see `locate`. Tags in text are
    divided by `separator`. `triplets` is the URL of the listens.
    """

    url: str
    columns: tuple[tuple[str, str], ...] = ()
    separator: str = "|"
    triplets: str | None = None

    def units(self) -> Sequence[Unit]:
        """Return one unit for each CSV file, and for each group of rows of Parquet files.

        Raises: DatasetError when there is no table, or one without a column that is needed.
        """
        folder, files = self._files()
        return [unit for file in files for unit in self._units(folder, file)]

    def dialect(self) -> str:
        """Return how units are read: what the columns are taken for."""
        return f"table {self.columns} {self.separator}"

    def read(self, unit: Unit) -> Iterator[Track | Rejected]:
        """Yield the songs of a unit, in the order of its rows. Raises: DatasetError."""
        folder, _ = self._place()
        read = self._parquet if unit.path.endswith(PARQUET) else self._csv
        try:
            yield from read(folder, unit)
        except BadSong as bad:
            yield Rejected(unit.path, None, bad.reason, bad.detail)
        except OSError as error:
            yield Rejected(unit.path, None, Reason.UNREADABLE, said(error))

    def annotations(self) -> Annotations:
        """Return nothing: the tables tell all there is."""
        return Annotations()

    def listens(self) -> tuple[str, str] | None:
        """Return where the triplets are. Raises: DatasetError when they are missing."""
        return file_at(self.triplets) if self.triplets is not None else None

    def described(self) -> Mapping[str, object]:
        """Return what the manifest says of the source."""
        _, files = self._files()
        listens = self.listens()
        return {
            "kind": "table",
            "tables": [posixpath.basename(file.path) for file in files],
            "columns": dict(self.columns),
            "triplets": listens[1] if listens else None,
        }

    def _place(self) -> tuple[Folder, str]:
        """Return the folder and the file in it that is asked for, empty for all."""
        if self.url.endswith((CSV, PARQUET)):
            folder, name = posixpath.split(self.url)
            # A file is all that is below it; a folder may be called like one.
            if [file.path for file in Folder(self.url).files()] == ["."]:
                return Folder(folder or "."), name
        return Folder(self.url), ""

    def _files(self) -> tuple[Folder, list[File]]:
        folder, name = self._place()
        files = [
            file
            for file in folder.files()
            if file.path.endswith((CSV, PARQUET)) and name in ("", file.path)
        ]
        if not files:
            raise DatasetError(self.url, None, f"no {CSV} or {PARQUET} file")
        return folder, files

    def _units(self, folder: Folder, file: File) -> Iterator[Unit]:
        """Yield the units of a file; one of a file that cannot be read, to be told of."""
        try:
            if file.path.endswith(PARQUET):
                with opened_parquet(folder, file.path) as parquet:
                    locate(file.path, parquet.schema_arrow.names, self.columns)
                    rows = list(groups(parquet))
                yield from (Unit(*file, *each, songs=each[1] - each[0]) for each in rows)
                return
            with opened_csv(folder, file.path) as (names, _):
                locate(file.path, names, self.columns)
        except (BadSong, OSError):
            yield Unit(*file)
            return
        yield Unit(*file, songs=max(1, file.size // CSV_ROW))

    def _csv(self, folder: Folder, unit: Unit) -> Iterator[Track | Rejected]:
        with opened_csv(folder, unit.path) as (names, rows):
            columns = locate(unit.path, names, self.columns)
            for line, row in rows:
                yield self._track(unit.path, line, row, columns)

    def _parquet(self, folder: Folder, unit: Unit) -> Iterator[Track | Rejected]:
        with opened_parquet(folder, unit.path) as file:
            names = file.schema_arrow.names
            places = locate(unit.path, names, self.columns).places
            columns = locate(unit.path, [names[at] for at in places], self.columns)
            for number, row in enumerate(group_rows(file, unit.start, places), unit.start + 1):
                yield self._track(unit.path, number, row, columns)

    def _track(
        self, path: str, number: int, row: Sequence[Any] | BadSong, columns: Columns
    ) -> Track | Rejected:
        if isinstance(row, BadSong):
            return Rejected(path, number, row.reason, row.detail)
        if len(row) != columns.width:
            detail = f"{len(row)} fields instead of {columns.width}"
            return Rejected(path, number, Reason.MALFORMED, detail)
        try:
            return track_of(path, number, row, columns, self.separator)
        except BadSong as bad:
            return Rejected(path, number, bad.reason, bad.detail)
