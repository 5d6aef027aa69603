"""Reads the rows of Parquet files, a group of rows at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from segue_model.data.rejected import Reason
from segue_model.ingest.sources.faults import said
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong

ROWS_AT_ONCE: Final = 4_096


@contextmanager
def opened_parquet(folder: Folder, path: str) -> Iterator[Any]:
    """Yield the file as pyarrow shows it. Raises: BadSong."""
    try:
        with folder.open(path) as stream, pq.ParquetFile(stream) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise BadSong(Reason.UNREADABLE, said(error)) from error


def groups(file: Any) -> Iterator[tuple[int, int]]:  # noqa: ANN401 - pyarrow ships no types
    """Yield the first row of each group, and the one behind its last."""
    start = 0
    for at in range(file.num_row_groups):
        rows = file.metadata.row_group(at).num_rows
        yield start, start + rows
        start += rows


def group_rows(file: Any, start: int, places: Sequence[int]) -> Iterator[Sequence[Any]]:  # noqa: ANN401 - pyarrow ships no types
    """Yield the rows of the group that begins at `start`: the columns at `places`, in their order.

    Raises: BadSong when none begins there; OSError or pyarrow's, which `opened_parquet` translates.
    """
    firsts = [first for first, _ in groups(file)]
    if start not in firsts:
        raise BadSong(Reason.UNREADABLE, f"no group of rows begins at row {start + 1}")
    group = firsts.index(start)
    names = [file.schema_arrow.names[at] for at in places]
    for batch in file.iter_batches(ROWS_AT_ONCE, [group], names):
        yield from zip(*(_values(batch.column(name)) for name in names), strict=True)


def _values(column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow ships no types
    """Return the values of a column; text that is not UTF-8 as bytes."""
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = _as_bytes(column).to_pylist()
    return values


def _as_bytes(column: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    if pa.types.is_list(column.type):
        return column.cast(pa.list_(pa.binary()))
    return column.cast(pa.binary())
