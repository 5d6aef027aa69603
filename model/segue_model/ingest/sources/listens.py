"""Finds the file of listens that somebody names."""

import posixpath

from segue_model.data.errors import DatasetError
from segue_model.ingest.storage import Folder


def file_at(url: str) -> tuple[str, str]:
    """Return the folder and the name of the file at a URL or path. Raises: DatasetError."""
    folder, name = posixpath.split(url)
    folder = folder or "."
    if not name or not Folder(folder).exists(name):
        raise DatasetError(url, None, "no such file")
    return folder, name
