"""Tables of songs: CSV and Parquet files whose columns are named as their owner likes."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.listing import ILLEGIBLE
from segue_model.ingest.source import Annotations, Unit
from segue_model.ingest.sources.faults import said, unnamed
from segue_model.ingest.sources.listens import file_at
from segue_model.ingest.sources.table_columns import Columns, locate
from segue_model.ingest.sources.table_csv import opened_csv
from segue_model.ingest.sources.table_parquet import group_rows, groups, opened_parquet
from segue_model.ingest.sources.table_values import track_of
from segue_model.ingest.storage import File, Folder
from segue_model.ingest.tracks import BadSong, Track

CSV: Final = ".csv"
PARQUET: Final = ".parquet"
# Of a CSV file, in bytes a song; so that its work is judged about right.
CSV_ROW: Final = 100


class _Found(NamedTuple):
    """A file's units, and the columns that it has; `misfit` is why it has not those needed."""

    units: list[Unit]
    columns: Columns | None = None
    misfit: DatasetError | None = None


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

        Raises: DatasetError when there is no table, none that has the columns that are needed, or
        none with keys of songs where there are listens.
        """
        folder, files = self._files()
        found = [self._found(folder, file) for file in files]
        fitting = [each.columns for each in found if each.columns]
        misfits = [each.misfit for each in found if each.misfit]
        if misfits and not fitting:
            raise misfits[0]
        if self.triplets is not None and fitting and not any(each.has_keys for each in fitting):
            raise DatasetError(self.url, None, "listens need keys of songs: no column for song_key")
        return [unit for each in found for unit in each.units]

    def dialect(self) -> str:
        """Return where units are read, and what the columns are taken for."""
        return f"table {self.url} {self.columns} {self.separator}"

    def read(self, unit: Unit) -> Iterator[Track | Rejected]:
        """Yield the songs of a unit, in the order of its rows."""
        if unit.stamp == ILLEGIBLE:
            yield unnamed(unit)
            return
        folder, _ = self._place()
        read = self._parquet if unit.path.endswith(PARQUET) else self._csv
        done = 0
        try:
            for found in read(folder, unit):
                yield found
                done += 1
        except BadSong as bad:
            yield from _lost(unit, done, bad.reason, bad.detail)
        except OSError as error:
            yield from _lost(unit, done, Reason.UNREADABLE, said(error))
        except DatasetError as misfit:
            yield from _lost(unit, done, Reason.SCHEMA, misfit.reason)

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

    def _found(self, folder: Folder, file: File) -> _Found:
        """Return the units of a file; one of a file that cannot be read, to be told of."""
        try:
            if file.path.endswith(PARQUET):
                with opened_parquet(folder, file.path) as parquet:
                    columns = locate(file.path, parquet.schema_arrow.names, self.columns)
                    rows = list(groups(parquet))
                units = [Unit(*file, *each, songs=each[1] - each[0]) for each in rows]
            else:
                with opened_csv(folder, file.path) as table:
                    columns = locate(file.path, table.names, self.columns)
                units = [Unit(*file, songs=max(1, file.size // CSV_ROW))]
        except (BadSong, OSError):
            return _Found([Unit(*file)])
        except DatasetError as misfit:
            return _Found([Unit(*file)], misfit=misfit)
        return _Found(units, columns)

    def _csv(self, folder: Folder, unit: Unit) -> Iterator[Track | Rejected]:
        with opened_csv(folder, unit.path) as table:
            columns = locate(unit.path, table.names, self.columns)
            for line, row in table.rows(columns.places):
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


def _lost(unit: Unit, done: int, reason: Reason, detail: str) -> Iterator[Rejected]:
    """Yield the rows of a unit that come after those `done`; its file where they are unknown."""
    rows = [None] if unit.stop is None else range(unit.start + done + 1, unit.stop + 1)
    yield from (Rejected(unit.path, row, reason, detail) for row in rows)
