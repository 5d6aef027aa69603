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
    """The HDF5 files in the order of their paths, and the other files by what they tell."""

    song_files: list[File]
    tables: Mapping[str, File]


def find(folder: Folder) -> Found:
    """Return what a folder has, at any depth.

    Raises: DatasetError when there is nothing to make songs from.
    """
    if not folder.exists():
        raise DatasetError(folder.url, None, "no such folder")
    files = folder.files()
    song_files = [file for file in files if file.path.endswith(SONG_FILES)]
    tables = {
        name: found for name, pattern in PATTERNS.items() if (found := _first(files, pattern))
    }
    if "features" in tables and "names" not in tables:
        reason = f"titles need {PATTERNS['names']} beside {PATTERNS['features']}"
        raise DatasetError(folder.url, None, reason)
    if not song_files and "features" not in tables:
        reason = f"neither {SONG_FILES} files nor {PATTERNS['features']} with {PATTERNS['names']}"
        raise DatasetError(folder.url, None, reason)
    return Found(song_files, tables)


def _first(files: Iterable[File], pattern: str) -> File | None:
    return next((f for f in files if fnmatchcase(posixpath.basename(f.path), pattern)), None)
