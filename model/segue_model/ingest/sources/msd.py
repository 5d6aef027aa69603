"""The Million Song Dataset: HDF5 files at any depth, and the tables published beside them."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from segue_model.data.rejected import Rejected
from segue_model.ingest.listing import ILLEGIBLE
from segue_model.ingest.source import Annotations, Unit
from segue_model.ingest.sources.faults import unnamed
from segue_model.ingest.sources.listens import file_at
from segue_model.ingest.sources.msd_annotations import read_annotations
from segue_model.ingest.sources.msd_finding import SONG_FILES, Found, find
from segue_model.ingest.sources.msd_hdf5 import ROWS_AT_ONCE, read_songs, songs_in
from segue_model.ingest.sources.msd_tables import check_columns, read_table
from segue_model.ingest.storage import File, Folder
from segue_model.ingest.tracks import BadSong, Track

# A song's own file is smaller; a larger one may have many.
LARGE: Final = 8 << 20
# Of the table, in bytes a song; so that its work is judged about right.
TABLE_ROW: Final = 300


@dataclass(frozen=True)
class MsdSource:
    """What the folder at a URL has of the dataset; `triplets` is the URL of other listens."""

    folder: str
    triplets: str | None = None

    def units(self) -> Sequence[Unit]:
        """Return one unit for each HDF5 file, but for rows of large ones; one for the table.

        Raises: DatasetError when there is nothing to make songs from, or a column is missing.
        """
        folder = Folder(self.folder)
        units = [Unit(*file) for file in self._found.illegible]
        units += (unit for file in self._found.song_files for unit in _units(folder, file))
        if "features" in self._tables:
            units.append(self._table_unit())
        return units

    def dialect(self) -> str:
        """Return where units are read; there is one way to do so."""
        return f"msd {self.folder}"

    def read(self, unit: Unit) -> Iterator[Track | Rejected]:
        """Yield the songs of a unit. Raises: DatasetError when a column of the table is missing."""
        if unit.stamp == ILLEGIBLE:
            return iter([unnamed(unit)])
        if unit.path.endswith(SONG_FILES):
            return read_songs(Folder(self.folder), unit)
        return read_table(Folder(self.folder), unit.path, self._tables["names"].path)

    def annotations(self) -> Annotations:
        """Return artists' terms, songs' labels and the mismatches."""
        return read_annotations(Folder(self.folder), self._tables)

    def listens(self) -> tuple[str, str] | None:
        """Return where the triplets are. Raises: DatasetError when those given are missing."""
        if self.triplets is not None:
            return file_at(self.triplets)
        found = self._tables.get("triplets")
        return (self.folder, found.path) if found else None

    def described(self) -> Mapping[str, object]:
        """Return what the manifest says of the source."""
        listens = self.listens()
        tables = [path for name, (path, _, _) in self._tables.items() if name != "triplets"]
        return {
            "kind": "msd",
            "hdf5_files": self._song_files,
            "tables": [posixpath.basename(path) for path in tables],
            "triplets": posixpath.basename(listens[1]) if listens else None,
        }

    @cached_property
    def _found(self) -> Found:
        return find(Folder(self.folder))

    @cached_property
    def _tables(self) -> Mapping[str, File]:
        return self._found.tables

    @cached_property
    def _song_files(self) -> int:
        return len(self._found.song_files)

    def __getstate__(self) -> dict[str, object]:
        """Return what workers need: not the song files, which come to them as units."""
        state = dict(self.__dict__)
        if state.pop("_found", None):
            state |= {"_tables": self._tables, "_song_files": self._song_files}
        return state

    def _table_unit(self) -> Unit:
        features, names = (self._tables[name] for name in ("features", "names"))
        check_columns(Folder(self.folder), features.path)
        stamp = f"{features.stamp} {names.stamp}"
        songs = max(1, features.size // TABLE_ROW)
        return Unit(features.path, features.size + names.size, stamp, songs=songs)


def _units(folder: Folder, file: File) -> Iterator[Unit]:
    """Yield units of so many rows at most; one for a file that cannot be opened, to be told of."""
    if file.size <= LARGE:
        yield Unit(*file)
        return
    try:
        songs = songs_in(folder, file.path, file.size)
    except BadSong:
        yield Unit(*file)
        return
    for start in range(0, songs, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, songs)
        yield Unit(*file, start, stop, songs=stop - start)
