"""What a base path holds: version folders, and whether they are still being written."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAX_VERSION: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Found:
    """A version's folder as it was seen: `files` are path, size and time of change of each.

    `changed` is when anything in it last changed, in seconds of the wall clock.
    """

    path: Path
    files: frozenset[tuple[str, int, int]]
    changed: float

    def quiet(self, before: "Found | None", wait: float) -> bool:
        """Tell whether nothing changed since `before`, one poll ago, or for `wait` seconds.

        The first also holds on a file system whose clock differs from ours.
        """
        return (before is not None and before.files == self.files) or (
            time.time() - self.changed >= wait
        )


def find(base_path: Path) -> dict[int, Found]:
    """Return the version folders by number: those named by digits that hold saved_model.pb.

    Raises OSError when the base path cannot be read.
    """
    found = {}
    for entry in sorted(base_path.iterdir()):
        name = entry.name
        if not (name.isascii() and name.isdigit() and int(name) <= _MAX_VERSION):
            continue
        if (entry / "saved_model.pb").is_file():
            found[int(name)] = _look(entry)
    return found


def _look(folder: Path) -> Found:
    files = set()
    changed = 0.0
    for path, status in _walk(folder):
        changed = max(changed, status.st_ctime)
        files.add((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return Found(folder, frozenset(files), changed)


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every file below the folder; one that vanishes meanwhile is left out."""
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if not path.is_dir():
            yield path, status
