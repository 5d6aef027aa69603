"""Puts an assembled folder, a dataset or another, where people look for it, never half of one."""

import os
import shutil
from pathlib import Path
from typing import Final

from segue_model.data.errors import DatasetError
from segue_model.data.layout import MANIFEST
from segue_model.data.replacing import check_replaceable, replacing
from segue_model.ingest.storage import Folder

# In an object store, says that what is there without a manifest is ours.
UNDER_WAY: Final = ".publishing"


def check_output(output: Folder, manifest: str = MANIFEST) -> None:
    """Raise DatasetError when something else than a folder of this manifest is at `output`."""
    if output.is_local:
        check_replaceable(output.local(), manifest)
    elif output.files() and not (output.exists(manifest) or output.exists(UNDER_WAY)):
        reason = f"not empty, and without a {manifest}: not a folder to replace"
        raise DatasetError(output.url, None, reason)


def publish(assembled: Folder, output: Folder, manifest: str = MANIFEST) -> None:
    """Make `output` hold the assembled folder, in the place of an older one.

    On this machine that is one rename. An object store has none: there the old manifest goes
    first and the new one comes last, and a folder without a manifest holds nothing. The
    registry of a dataset's ids is there at all times.
    Raises: DatasetError when something else is at `output`.
    """
    check_output(output, manifest)
    if output.is_local:
        with replacing(output.local(), manifest) as path:
            _fill(assembled, path, manifest)
        return
    output.write(UNDER_WAY, b"")
    output.delete(manifest)
    new = {file.path for file in assembled.files()}
    for file in output.files():
        if file.path not in {*new, UNDER_WAY}:
            output.delete(file.path)
    copy_files(assembled, output, manifest)
    output.delete(UNDER_WAY)


def copy_files(source: Folder, target: Folder, manifest: str = MANIFEST) -> None:
    """Copy all files of a folder, the manifest last."""
    paths = sorted((file.path for file in source.files()), key=lambda path: path == manifest)
    for path in paths:
        with source.open(path) as opened, target.writing(path) as copy:
            shutil.copyfileobj(opened, copy, 1 << 22)


def _fill(assembled: Folder, path: Path, manifest: str) -> None:
    if assembled.is_local:
        # Linked where that is possible: the assembled files stay until all is done.
        shutil.copytree(assembled.local(), path, dirs_exist_ok=True, copy_function=_link_or_copy)
    else:
        copy_files(assembled, Folder(str(path)), manifest)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
