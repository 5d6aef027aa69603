"""Puts an assembled dataset where people look for it, never half of one."""

import os
import shutil
from pathlib import Path

from segue_model.data.errors import DatasetError
from segue_model.data.layout import MANIFEST
from segue_model.data.replacing import replacing
from segue_model.ingest.storage import Folder


def publish(assembled: Folder, output: Folder) -> None:
    """Make `output` hold the assembled dataset, in the place of an older one.

    On this machine that is one rename. An object store has none: there the old manifest goes
    first and the new one comes last, and a folder without a manifest is no dataset.
    Raises: DatasetError when something else is at `output`.
    """
    if output.is_local:
        with replacing(output.local()) as path:
            _fill(assembled, path)
        return
    check_replaceable(output)
    output.remove()
    copy_files(assembled, output)


def check_replaceable(output: Folder) -> None:
    """Raise DatasetError when an object store has something else than a dataset at `output`."""
    if output.files() and not output.exists(MANIFEST):
        raise DatasetError(output.url, None, "not empty, and not a dataset folder to replace")


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
