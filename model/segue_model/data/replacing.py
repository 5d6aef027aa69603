"""Puts a folder in place whole, so that no reader ever sees half of one."""

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from segue_model.data.errors import DatasetError
from segue_model.data.layout import MANIFEST

# Of Linux: paths are those of this process, and the two names change places.
AT_FDCWD: Final = -100
RENAME_EXCHANGE: Final = 2


@contextmanager
def replacing(path: Path, manifest: str = MANIFEST) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes its place when the block ends well.

    A block that fails leaves `path` as it was.
    Raises: DatasetError when `path` is there and is neither empty nor holds a `manifest`.
    """
    check_replaceable(path, manifest)
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid4().hex}.new")
    fresh.mkdir()
    try:
        yield fresh
        _swap(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_replaceable(path: Path, manifest: str = MANIFEST) -> None:
    """Raise DatasetError when `path` is there and is neither empty nor holds a `manifest`."""
    if not path.exists():
        return
    if not path.is_dir():
        raise DatasetError(str(path), None, "not a folder")
    if any(path.iterdir()) and not (path / manifest).exists():
        reason = f"not empty, and without a {manifest}: not a folder to replace"
        raise DatasetError(str(path), None, reason)


def _swap(fresh: Path, path: Path) -> None:
    """Rename `fresh` to `path`; what was there stays until then."""
    if not path.exists():
        fresh.rename(path)
    elif _exchanged(fresh, path):
        shutil.rmtree(fresh)
    else:
        _swap_by_two_renames(fresh, path)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, so that there is one at all times; say if that worked.

    Python has no name for it, Linux has; not every file system takes part.
    """
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    done = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return bool(done == 0)


def _swap_by_two_renames(fresh: Path, path: Path) -> None:
    """Do what `_exchanged` does, but for a moment without a folder; the old returns on failure."""
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    path.rename(old)
    try:
        fresh.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old)
