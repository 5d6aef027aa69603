"""Puts an assembled dataset where people look for it, never half of one."""

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


def check_output(output: Folder) -> None:
    """Raise DatasetError when something else than a dataset is at `output`."""
    if output.is_local:
        check_replaceable(output.local())
    elif output.files() and not (output.exists(MANIFEST) or output.exists(UNDER_WAY)):
        raise DatasetError(output.url, None, "not empty, and not a dataset folder to replace")


def publish(assembled: Folder, output: Folder) -> None:
    """Make `output` hold the assembled dataset, in the place of an older one.

    On this machine that is one rename. An object store has none: there the old manifest goes
    first and the new one comes last, and a folder without a manifest is no dataset. The registry
    of ids is there at all times.
    Raises: DatasetError when something else is at `output`.
    """
    check_output(output)
    if output.is_local:
        with replacing(output.local()) as path:
            _fill(assembled, path)
        return
    output.write(UNDER_WAY, b"")
    output.delete(MANIFEST)
    new = {file.path for file in assembled.files()}
    for file in output.files():
        if file.path not in {*new, UNDER_WAY}:
            output.delete(file.path)
    copy_files(assembled, output)
    output.delete(UNDER_WAY)


def copy_files(source: Folder, target: Folder) -> None:
    """Copy all files of a dataset folder, the manifest last."""
    paths = sorted((file.path for file in source.files()), key=lambda path: path == MANIFEST)
    for path in paths:
        with source.open(path) as opened, target.writing(path) as copy:
            shutil.copyfileobj(opened, copy, 1 << 22)


def _fill(assembled: Folder, path: Path) -> None:
    if assembled.is_local:
        # Linked where that is possible: the assembled files stay until all is done.
        shutil.copytree(assembled.local(), path, dirs_exist_ok=True, copy_function=_link_or_copy)
    else:
        copy_files(assembled, Folder(str(path)))


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
