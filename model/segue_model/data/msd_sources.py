"""Finds what there is of the Million Song Dataset in a folder, however it is laid out."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from segue_model.data.errors import DatasetError

# By the names under which they are published; the first in the order of paths is taken.
PATTERNS: Final = {
    "features": "MsdSongAddedFeatures.csv",
    "names": "*unique_tracks.txt",
    "terms": "*artist_term.csv",
    "labels": "msd_tagtraum*.cls",
    "mismatches": "sid_mismatches.txt",
    "triplets": "taste_profile_msd10k_songs.tsv",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a folder has; `None` is what it has not."""

    folder: Path
    song_files: tuple[Path, ...]
    features: Path | None
    names: Path | None
    terms: Path | None
    labels: Path | None
    mismatches: Path | None
    triplets: Path | None

    def called(self, path: Path) -> str:
        """Return the path within the folder, only the name when it lies elsewhere."""
        inside = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if inside else path.name

    def found(self) -> dict[str, str]:
        """Return what was found, for people."""
        tables = {name: getattr(self, name) for name in PATTERNS}
        named = {name: self.called(path) if path else "none" for name, path in tables.items()}
        return {"HDF5 files": f"{len(self.song_files):,}", **named}


def find_sources(folder: Path, triplets: Path | None = None) -> Sources:
    """Return what `folder` has; `triplets`, if given, takes the place of the one in it.

    Raises: DatasetError when there is nothing to make songs from.
    """
    if not folder.is_dir():
        raise DatasetError(str(folder), None, "no such folder")
    paths = sorted(_files(folder))
    tables = {name: _first(paths, pattern) for name, pattern in PATTERNS.items()}
    tables["triplets"] = triplets or tables["triplets"]
    song_files = tuple(path for path in paths if path.suffix == ".h5")
    if tables["features"] and not tables["names"]:
        reason = f"titles need {PATTERNS['names']} beside {PATTERNS['features']}"
        raise DatasetError(str(folder), None, reason)
    if not song_files and not tables["features"]:
        reason = f"neither .h5 files nor {PATTERNS['features']} with {PATTERNS['names']}"
        raise DatasetError(str(folder), None, reason)
    return Sources(folder, song_files, **tables)


def _files(folder: Path) -> Iterable[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _first(paths: Iterable[Path], pattern: str) -> Path | None:
    return next((path for path in paths if fnmatch(path.name, pattern)), None)
