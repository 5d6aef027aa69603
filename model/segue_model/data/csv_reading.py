"""Reads the files of a dataset folder: fast when they are sound, with the line when not."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from segue_model.data.columns import Features, Ids, Ragged
from segue_model.data.errors import DatasetError, RowError
from segue_model.data.layout import FEATURES, ID_SEPARATOR, SONG_ID, SONGS, Column, Kind, Table
from segue_model.data.locating import explain, read_header

ARROW_TYPES: Final = {
    Kind.INTEGER: pa.int32(),
    Kind.NUMBER: pa.float32(),
    Kind.SHARE: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.IDS: pa.string(),
}
UNKNOWN: Final = {Kind.INTEGER: 0, Kind.NUMBER: np.nan, Kind.SHARE: np.nan, Kind.TEXT: ""}


def read_table(folder: Path, table: Table) -> Any:  # noqa: ANN401 - what the table makes
    """Return the columns of a file, which may have them in any order.

    Raises: DatasetError.
    """
    path = folder / table.file
    columns = {column.name: column for column in table.columns}
    _check_names(table.file, columns, read_header(path))
    arrow = _read(path, columns)
    fields = {c.field: _to_numpy(path, columns, c, arrow.column(c.name)) for c in table.columns}
    return table.make(**fields)


def read_features(folder: Path, song_ids: Ids, recipe: str) -> Features:
    """Return the features of the songs, which the file has in the same order.

    Raises: DatasetError.
    """
    path = folder / FEATURES
    header = read_header(path)
    if SONG_ID not in header:
        raise DatasetError(FEATURES, 1, f"no column {SONG_ID}")
    names = tuple(name for name in header if name != SONG_ID)
    columns = {name: Column(name, name, Kind.NUMBER) for name in names}
    columns[SONG_ID] = Column(SONG_ID, SONG_ID, Kind.INTEGER)
    arrow = _read(path, columns)
    _check_alignment(arrow.column(SONG_ID).to_numpy(), song_ids)
    values = np.empty((len(song_ids), len(names)), np.float32)
    for at, name in enumerate(names):
        values[:, at] = arrow.column(name).to_numpy()
    return Features(names, values, recipe)


def _check_names(file: str, columns: Iterable[str], header: list[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing:
        raise DatasetError(file, 1, f"no column {', '.join(missing)}")
    strange = sorted(set(header).difference(columns))
    if strange:
        raise DatasetError(file, 1, f"unknown column {', '.join(strange)}")


def _read(path: Path, columns: Mapping[str, Column]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    try:
        table = csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={name: ARROW_TYPES[c.kind] for name, c in columns.items()},
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _fault(path, columns, str(error)) from error
    if any(c.required and table.column(name).null_count for name, c in columns.items()):
        raise _fault(path, columns, "empty fields")
    return table


def _fault(path: Path, columns: Mapping[str, Column], otherwise: str) -> DatasetError:
    return explain(path, columns) or DatasetError(path.name, None, otherwise)


def _to_numpy(path: Path, columns: Mapping[str, Column], column: Column, arrow: Any) -> Any:  # noqa: ANN401 - pyarrow ships no types
    if column.kind is not Kind.IDS:
        return pc.fill_null(arrow, UNKNOWN[column.kind]).to_numpy()
    try:
        return _ragged(arrow.combine_chunks())
    except pa.ArrowInvalid as error:
        raise _fault(path, columns, str(error)) from error


def _ragged(arrow: Any) -> Ragged:  # noqa: ANN401 - pyarrow ships no types
    lists = pc.split_pattern(arrow, ID_SEPARATOR)
    lengths: npt.NDArray[np.int64] = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return Ragged(offsets, pc.list_flatten(lists).cast(pa.int32()).to_numpy())


def _check_alignment(found: Ids, song_ids: Ids) -> None:
    """Raise unless `found` are the songs, naming the first row that is not its song's."""
    if np.array_equal(found, song_ids):
        return
    row = _first_difference(found, song_ids)
    if row < len(found) and found[row] not in song_ids:
        raise RowError(FEATURES, row, f"song_id: {found[row]} does not exist")
    if row < len(song_ids) and song_ids[row] not in found:
        reason = f"song {song_ids[row]} has no row in {FEATURES}"
        raise RowError(SONGS.file, row, reason)
    reason = f"song_id: {found[row]} is there twice or not in the order of ids"
    raise RowError(FEATURES, row, reason)


def _first_difference(one: Ids, other: Ids) -> int:
    both = min(len(one), len(other))
    differs = np.flatnonzero(one[:both] != other[:both])
    return int(differs[0]) if len(differs) else both
