"""Files on this machine or in an object store, behind one library: fsspec."""

import io
import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow.parquet as pq
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from segue_model.ingest.listing import ILLEGIBLE, local_entries, stored_entry


class File(NamedTuple):
    """A file by its path within a folder; `stamp` is another one after it was changed."""

    path: str
    size: int
    stamp: str

    @property
    def illegible(self) -> bool:
        """Whether its name is not UTF-8: it cannot be opened by its path."""
        return self.stamp == ILLEGIBLE


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder at a URL (`gs://…`, `s3://…`) or a local path; paths in it use `/`."""

    url: str

    @property
    def is_local(self) -> bool:
        """Whether the folder is on this machine."""
        return isinstance(self._system()[0], LocalFileSystem)

    def child(self, name: str) -> "Folder":
        """Return the folder `name` in this one."""
        return Folder(posixpath.join(self.url, name))

    def is_below(self, other: "Folder") -> bool:
        """Whether the folder is `other` or lies in it."""
        if self.is_local and other.is_local:
            return self.local().resolve().is_relative_to(other.local().resolve())
        return f"{self.url}/".startswith(f"{other.url.rstrip('/')}/")

    def local(self, path: str = "") -> Path:
        """Return where a file of a local folder lies."""
        return Path(self._system()[1], path)

    def files(self, below: str = "") -> list[File]:
        """Return all files below a path of the folder, at any depth, sorted by path.

        One whose name is not UTF-8 is `illegible`, its path is written with escapes. Raises:
        OSError, DatasetError when the store does not tell what changes with a file.
        """
        system, root = self._system()
        if self.is_local:
            return sorted(File(*entry) for entry in local_entries(root or "/", below))
        found = system.find(posixpath.join(root, below), detail=True)
        return sorted(
            File(*stored_entry(posixpath.relpath(path, root), info)) for path, info in found.items()
        )

    def exists(self, path: str = "") -> bool:
        """Whether the file or folder is there."""
        system, root = self._system()
        return bool(system.exists(posixpath.join(root, path)))

    def open(self, path: str) -> BinaryIO:
        """Return a file opened for reading. Raises: OSError."""
        system, root = self._system()
        opened: BinaryIO = system.open(posixpath.join(root, path), "rb")
        return opened

    @contextmanager
    def writing(self, path: str) -> Iterator[BinaryIO]:
        """Yield a file opened for writing, for what is too large to hold. Raises: OSError."""
        system, root = self._system()
        target = posixpath.join(root, path)
        system.makedirs(posixpath.dirname(target), exist_ok=True)
        with system.open(target, "wb") as opened:
            yield opened

    def read(self, path: str) -> bytes:
        """Return what a file holds. Raises: OSError."""
        system, root = self._system()
        content: bytes = system.cat_file(posixpath.join(root, path))
        return content

    def write(self, path: str, content: bytes) -> None:
        """Make the file hold `content`, wholly or not at all, whoever is killed meanwhile."""
        system, root = self._system()
        target = posixpath.join(root, path)
        if not isinstance(system, LocalFileSystem):
            system.pipe_file(target, content)
            return
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        partial = Path(f"{target}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(target)

    def read_table(self, path: str, columns: Sequence[str] | None = None) -> Any:  # noqa: ANN401 - pyarrow ships no types
        """Return a Parquet file as an Arrow table. Raises: OSError."""
        with self.open(path) as opened:
            return pq.read_table(opened, columns=list(columns) if columns else None)

    def write_table(self, path: str, table: Any, **layout: int) -> None:  # noqa: ANN401 - likewise
        """Make the Parquet file hold an Arrow table, wholly or not at all."""
        content = io.BytesIO()
        pq.write_table(table, content, compression="zstd", **layout)
        self.write(path, content.getvalue())

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        system, root = self._system()
        target = posixpath.join(root, path)
        if system.exists(target):
            system.rm_file(target)

    def remove(self) -> None:
        """Remove the folder and all in it, if it is there."""
        system, root = self._system()
        if system.exists(root):
            system.rm(root, recursive=True)

    def _system(self) -> tuple[Any, str]:
        system, root = url_to_fs(self.url)
        return system, root.rstrip("/")
