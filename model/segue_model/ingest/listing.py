"""Lists the files of a folder, so that none is missed and each is known again."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from segue_model.data.errors import DatasetError

# The stamp of a file whose name is not UTF-8: such a file is listed, but cannot be opened.
ILLEGIBLE: Final = "name: not UTF-8"

# What file systems call the value that changes when a file does.
STAMPS: Final = (
    *("generation", "etag", "ETag", "mtime", "updated", "LastModified", "last_modified"),
    *("modified", "modify", "modificationTime", "md5Hash", "content_md5", "checksum", "sha"),
    *("created", "timeCreated", "creation_time", "date_time"),
)

# Path within the folder, bytes, stamp.
Entry = tuple[str, int, str]


def stored_entry(path: str, info: dict[str, Any]) -> Entry:
    """Return a file of an object store. Raises: DatasetError when nothing tells its versions."""
    for name in STAMPS:
        if info.get(name) is not None:
            return path, int(info["size"] or 0), f"{info[name]}"
    raise DatasetError(path, None, f"its store tells none of {', '.join(STAMPS)}")


def local_entries(root: str, below: str) -> Iterator[Entry]:
    """Yield the files below a path of a folder of this machine, in no order; itself if it is one.

    Links are followed, and files stamped by what they lead to; each folder is listed once, by its
    own path where it has one here. A link that leads nowhere is listed, what is gone meanwhile is
    not. Raises: OSError.
    """
    start = Path(root, below)
    if start.is_file():
        yield _entry(root, str(start), start.stat())
        return
    listed: set[tuple[int, int]] = set()
    linked = [str(start)] if start.is_dir() else []
    while linked:
        # Links come last, whatever their names are: folders have been listed by then.
        waiting, linked = sorted(linked), []
        for folder in waiting:
            for found in _walked(folder, listed, linked):
                with suppress(FileNotFoundError):
                    yield _entry(root, found.path, _told(found))


def _walked(
    start: str, listed: set[tuple[int, int]], linked: list[str]
) -> Iterator[os.DirEntry[str]]:
    """Yield the files of folders not `listed` yet; leave links to folders in `linked`."""
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            found = Path(folder).stat()
            if (found.st_dev, found.st_ino) in listed:
                continue
            listed.add((found.st_dev, found.st_ino))
            for entry in entries:
                if entry.is_dir():
                    (linked if entry.is_symlink() else waiting).append(entry.path)
                elif entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists()):
                    yield entry


def _told(found: os.DirEntry[str]) -> os.stat_result:
    """Return what is known of a file: of what a link leads to, or of one that leads nowhere."""
    try:
        return found.stat()
    except OSError:
        return found.stat(follow_symlinks=False)


def _entry(root: str, path: str, told: os.stat_result) -> Entry:
    raw = os.fsencode(path.removeprefix(root).lstrip("/") or ".")
    try:
        return raw.decode(), told.st_size, f"{told.st_mtime}"
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace"), told.st_size, ILLEGIBLE
