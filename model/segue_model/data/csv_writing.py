"""Writes the files of a dataset folder: the same columns always make the same bytes."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as csv_of_arrow

from segue_model.data.columns import Features, Ids, Ragged
from segue_model.data.layout import FEATURES, ID_SEPARATOR, SONG_ID, Column, Kind, Table

ROWS_AT_ONCE: Final = 100_000


def write_table(folder: Path, table: Table, part: Any) -> None:  # noqa: ANN401 - what the table makes
    """Write the columns of `part` as the file of `table`."""
    names = [column.name for column in table.columns]
    values = [getattr(part, column.field) for column in table.columns]
    if all(column.kind is Kind.INTEGER and column.required for column in table.columns):
        _write_numbers(folder / table.file, names, values)
        return
    texts = [_to_text(c, v) for c, v in zip(table.columns, values, strict=True)]
    with (folder / table.file).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for batch in pa.table(texts, names).to_batches(max_chunksize=ROWS_AT_ONCE):
            writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def write_features(folder: Path, song_ids: Ids, features: Features) -> None:
    """Write the features of the songs."""
    names = [SONG_ID, *features.columns]
    _write_numbers(folder / FEATURES, names, [song_ids, *features.values.T])


def features_header(columns: Sequence[str]) -> bytes:
    """Return the first line of the file of features."""
    return _header([SONG_ID, *columns])


def _write_numbers(path: Path, names: Sequence[str], values: Sequence[Any]) -> None:
    """Write columns of numbers, none unknown: nothing to quote, so a faster writer will do."""
    arrow = pa.table([pa.array(column) for column in values], names)
    with path.open("wb") as stream:
        stream.write(_header(names))
        csv_of_arrow.write_csv(arrow, stream, csv_of_arrow.WriteOptions(include_header=False))


def _to_text(column: Column, values: Any) -> Any:  # noqa: ANN401 - one of the column types
    """Return the fields of a column, as short as they can be and still be read back exactly."""
    match column.kind:
        case Kind.TEXT:
            return pa.array(values, pa.string())
        case Kind.IDS:
            return _joined(values)
        case Kind.NUMBER | Kind.SHARE:
            return pc.fill_null(pa.array(values, from_pandas=True).cast(pa.string()), "")
        case Kind.INTEGER:
            text = pa.array(values).cast(pa.string())
            return text if column.required else pc.if_else(pc.equal(text, "0"), "", text)


def _joined(ids: Ragged) -> Any:  # noqa: ANN401 - pyarrow ships no types
    fields = pa.array(ids.values).cast(pa.string())
    lists = pa.LargeListArray.from_arrays(pa.array(ids.offsets), fields)
    return pc.binary_join(lists, ID_SEPARATOR)


def _header(names: Sequence[str]) -> bytes:
    return (",".join(map(_quoted, names)) + "\n").encode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n\r') else name
