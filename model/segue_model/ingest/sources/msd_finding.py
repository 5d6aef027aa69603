"""Finds what there is of the Million Song Dataset in a folder, however it is laid out."""

import posixpath
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.ingest.storage import File, Folder

# By the names under which they are published; the first in the order of paths is taken.
PATTERNS: Final = {
    "features": "MsdSongAddedFeatures.csv",
    "names": "*unique_tracks.txt",
    "terms": "*artist_term.csv",
    "labels": "msd_tagtraum*.cls",
    "mismatches": "sid_mismatches.txt",
    "triplets": "taste_profile_msd10k_songs.tsv",
}
SONG_FILES: Final = ".h5"


class Found(NamedTuple):
    """The HDF5 files in the order of their paths, and the other files by what they tell.

    `illegible` are those of either kind that cannot be opened, as their names are not UTF-8.
    """

    song_files: list[File]
    tables: Mapping[str, File]
    illegible: list[File]


def find(folder: Folder) -> Found:
    """Return what a folder has, at any depth.

    Raises: DatasetError when there is nothing to make songs from.
    """
    if not folder.exists():
        raise DatasetError(folder.url, None, "no such folder")
    listed = folder.files()
    files = [file for file in listed if not file.illegible]
    illegible = [file for file in listed if file.illegible and _is_read(file)]
    song_files = [file for file in files if file.path.endswith(SONG_FILES)]
    tables = {
        name: found for name, pattern in PATTERNS.items() if (found := _first(files, pattern))
    }
    if "features" in tables and "names" not in tables:
        reason = f"titles need {PATTERNS['names']} beside {PATTERNS['features']}"
        raise DatasetError(folder.url, None, reason)
    if not song_files and not illegible and "features" not in tables:
        reason = f"neither {SONG_FILES} files nor {PATTERNS['features']} with {PATTERNS['names']}"
        raise DatasetError(folder.url, None, reason)
    return Found(song_files, tables, illegible)


def _first(files: Iterable[File], pattern: str) -> File | None:
    return next((file for file in files if _is_called(file, pattern)), None)


def _is_read(file: File) -> bool:
    patterns = PATTERNS.values()
    return file.path.endswith(SONG_FILES) or any(_is_called(file, each) for each in patterns)


def _is_called(file: File, pattern: str) -> bool:
    return fnmatchcase(posixpath.basename(file.path), pattern)
