"""Writes the features in a form that is read in parts and by column."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from segue_model.data.columns import Features, Ids
from segue_model.data.layout import FEATURES_PARQUET, SONG_ID

ROWS_AT_ONCE: Final = 65_536


def write_features_parquet(folder: Path, song_ids: Ids, features: Features) -> None:
    """Write the features of the songs: `song_id` int32, then a float32 column a feature.

    The same features make the same bytes; few rows at a time are copied.
    """
    columns = [(name, pa.float32()) for name in features.columns]
    schema = pa.schema([(SONG_ID, pa.int32()), *columns])
    path = folder / FEATURES_PARQUET
    # Few values are there twice: a dictionary of them would only take time.
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        for start in range(0, len(song_ids), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            arrays = [song_ids[rows], *features.values[rows].T]
            writer.write_table(pa.table([pa.array(array) for array in arrays], schema))
