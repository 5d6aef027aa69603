"""Reads parts of HDF5 files, telling what is wrong with them, at little more than HDF5's own cost.

What h5py works out anew for every dataset, the types above all, is longer than reading a song's;
here it is worked out once for all files that are alike.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5d, h5f, h5o, h5p, h5s, h5t

from segue_model.data.rejected import Reason
from segue_model.ingest.sources.faults import said
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong

# A file of another machine up to this size is fetched whole, a larger one by the parts read.
FETCHED_WHOLE: Final = 8 << 20
# The most that deflate makes smaller: rows that say to be more are not there.
DEFLATED_AT_MOST: Final = 1032
# What h5py raises on a file that is cut off, is of another kind or has been damaged.
FAULTS: Final = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, MemoryError, OverflowError),
)

ACCESS: Final = h5p.create(h5p.FILE_ACCESS)
ACCESS.set_fclose_degree(h5f.CLOSE_STRONG)
# Nobody writes these files, and disks of other machines often have no locks.
ACCESS.set_file_locking(False, True)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a dataset must be: numpy's letters for the kinds of its values, or of its columns'.

    It has one dimension, or a second one of `width`. Of its columns only these are read, and those
    of `optional` that it has.
    """

    name: str
    kinds: str = "V"
    columns: tuple[tuple[str, str], ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    width: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A dataset of an open file that is laid out as it must be."""

    name: str
    rows: int
    dtype: np.dtype[Any]
    _dataset: Any
    _memory: Any
    _row: tuple[int, ...]

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return the rows from `start` up to `stop`. Raises: BadSong."""
        try:
            values = np.empty((stop - start, *self._row), self.dtype)
            if values.size:
                self._dataset.read(*self._selected(start, stop), values, self._memory)
        except FAULTS as fault:
            raise BadSong(Reason.UNREADABLE, f"{self.name}: {fault}") from fault
        return values

    def _selected(self, start: int, stop: int) -> tuple[Any, Any]:
        if (start, stop) == (0, self.rows):
            return h5s.ALL, h5s.ALL
        size = (stop - start, *self._row)
        stored = self._dataset.get_space()
        stored.select_hyperslab((start, *(0 for _ in self._row)), size)
        return h5s.create_simple(size), stored


@contextmanager
def opened(folder: Folder, path: str, size: int) -> Iterator[Any]:
    """Yield an HDF5 file, for `part` and `is_there`. Raises: BadSong when it cannot be opened."""
    try:
        file = _file(folder, path, size)
    except FAULTS as fault:
        raise BadSong(Reason.UNREADABLE, said(fault)) from fault
    try:
        yield file
    finally:
        file.close()


def is_there(file: Any, name: str) -> bool:  # noqa: ANN401 - h5py ships no types
    """Whether the file has something of that name. Raises: BadSong when that cannot be read."""
    parts = name.encode().split(b"/")
    try:
        return all(file.links.exists(b"/".join(parts[:at])) for at in range(1, len(parts) + 1))
    except FAULTS as fault:
        raise BadSong(Reason.UNREADABLE, f"{name}: {fault}") from fault


def part(file: Any, layout: Layout) -> Part:  # noqa: ANN401 - h5py ships no types
    """Return the dataset of that layout. Raises: BadSong when it is missing or another one."""
    name = layout.name
    try:
        dataset = h5d.open(file, name.encode())
    except FAULTS as fault:
        raise _not_opened(file, name, fault) from fault
    try:
        dtype, memory = _types(layout, dataset.get_type().encode())
        shape = dataset.shape
        stored = dataset.get_storage_size()
    except FAULTS as fault:
        raise BadSong(Reason.UNREADABLE, f"{name}: {fault}") from fault
    row = () if layout.width is None else (layout.width,)
    # One without values has not even a shape.
    if shape is None or len(shape) != 1 + len(row) or shape[1:] != row:
        raise BadSong(Reason.SCHEMA, f"{name}: shape {shape}, not {('n', *row)}")
    if shape[0] * math.prod(row) * dtype.itemsize > DEFLATED_AT_MOST * stored:
        raise BadSong(Reason.UNREADABLE, f"{name}: {shape[0]} rows said, {stored} bytes there")
    return Part(name, shape[0], dtype, dataset, memory, row)


def _file(folder: Folder, path: str, size: int) -> Any:  # noqa: ANN401 - h5py ships no types
    if folder.is_local:
        return h5f.open(os.fsencode(folder.local(path)), h5f.ACC_RDONLY, ACCESS)
    if size <= FETCHED_WHOLE:
        return h5f.open_file_image(folder.read(path))
    return h5py.File(folder.open(path), "r").id


def _not_opened(file: Any, name: str, fault: Exception) -> BadSong:  # noqa: ANN401 - h5py ships no types
    """Return why there is no such dataset."""
    with suppress(BadSong, *FAULTS):
        if not is_there(file, name):
            return BadSong(Reason.SCHEMA, f"{name}: missing")
        if not isinstance(h5o.open(file, name.encode()), h5d.DatasetID):
            return BadSong(Reason.SCHEMA, f"{name}: not a dataset")
    return BadSong(Reason.UNREADABLE, f"{name}: {fault}")


@lru_cache(maxsize=64)
def _types(layout: Layout, stored: bytes) -> tuple[np.dtype[Any], Any]:
    """Return numpy's and HDF5's type for values in memory. Raises: BadSong for wrong ones."""
    dtype = h5t.decode(stored).dtype
    if dtype.kind not in layout.kinds:
        raise BadSong(Reason.SCHEMA, f"{layout.name}: {dtype}")
    if layout.columns:
        dtype = _chosen(layout, dtype)
    memory = h5t.py_create(dtype)
    # A damaged type may be one that HDF5 makes longer than numpy does: it would write beyond.
    if memory.get_size() != dtype.itemsize:
        raise BadSong(Reason.UNREADABLE, f"{layout.name}: {memory.get_size()} bytes of {dtype}")
    return dtype, memory


def _chosen(layout: Layout, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of a row that has no columns but the layout's. Raises: BadSong."""
    there = dtype.names or ()
    for column, _ in layout.columns:
        if column not in there:
            raise BadSong(Reason.SCHEMA, f"{layout.name}: no column {column}")
    chosen = (*layout.columns, *(each for each in layout.optional if each[0] in there))
    for column, kinds in chosen:
        if dtype[column].kind not in kinds:
            raise BadSong(Reason.SCHEMA, f"{layout.name}: column {column}: {dtype[column]}")
    return np.dtype([(column, dtype[column]) for column, _ in chosen])
