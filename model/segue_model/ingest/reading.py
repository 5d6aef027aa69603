"""The step that reads: a shard of the source becomes a file of tracks and one of what is bad."""

import io
from collections.abc import Sequence
from typing import Final

import pyarrow.parquet as pq

from segue_model.data.rejected import REJECTED, Reason, Rejected
from segue_model.ingest.job import Job
from segue_model.ingest.shards import Shard, rejected_path, tracks_path
from segue_model.ingest.tracks import TRACKS, Arrow, Track, to_table

ROWS_OF_A_GROUP: Final = 4_096


class _Rows:
    """A Parquet file in the making, of which only a group of rows is held in full."""

    def __init__(self, schema: Arrow) -> None:
        self._schema = schema
        self._content = io.BytesIO()
        self._writer = pq.ParquetWriter(self._content, schema, compression="zstd")
        self._rows: list[Track | Rejected] = []

    def add(self, row: Track | Rejected) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS_OF_A_GROUP:
            self._flush()

    def content(self) -> bytes:
        self._flush()
        self._writer.close()
        return self._content.getvalue()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(to_table(self._rows, self._schema))
            self._rows = []


def read_shard(job: Job, shard: Shard) -> None:
    """Leave the tracks of the shard, and what of it was set aside, in the work folder."""
    if job.work.exists(tracks_path(shard.key)):
        return
    tracks, rejected = _Rows(TRACKS), _Rows(REJECTED)
    for unit in shard.units:
        for row in job.source.read(unit):
            (rejected if isinstance(row, Rejected) else tracks).add(row)
    # The tracks come last: they say that the shard is done.
    job.work.write(rejected_path(shard.key), rejected.content())
    job.work.write(tracks_path(shard.key), tracks.content())


def read_rejected(job: Job, shards: Sequence[str]) -> list[Rejected]:
    """Return what was set aside in reading the shards of these keys."""
    return [
        Rejected(row["path"], row["row"], Reason(row["reason"]), row["detail"])
        for shard in shards
        for row in job.work.read_table(rejected_path(shard)).to_pylist()
    ]
