"""Cuts what there is to read into shards, and remembers the cut: done ones are not read again."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segue_model.ingest.job import SHARDS
from segue_model.ingest.source import Source, Unit
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Arrow

# Another number makes everything be read again: for when the readers come to read differently.
READERS: Final = 3
SONGS_OF_A_SHARD: Final = 256
# What a worker takes off the list at a time.
SHARDS_OF_A_GROUP: Final = 64

UNITS: Final = pa.schema(
    [
        pa.field("shard", pa.string()),
        pa.field("path", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("stamp", pa.string()),
        pa.field("start", pa.int64()),
        pa.field("stop", pa.int64()),
        pa.field("songs", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Shard:
    """Units that are read together; `key` stands for what they hold and how they are read."""

    key: str
    units: tuple[Unit, ...]

    @property
    def songs(self) -> int:
        """About how many songs it holds."""
        return sum(unit.songs for unit in self.units)


def tracks_path(key: str) -> str:
    """Return the path of the tracks of a shard; once it is there, the shard has been read."""
    return f"read/{key}.parquet"


def rejected_path(key: str) -> str:
    """Return the path of what was set aside of a shard."""
    return f"read/{key}.rejected.parquet"


def cut(source: Source, units: Sequence[Unit], known: Iterable[Shard]) -> list[Shard]:
    """Return shards of all units: those of `known` that are as they were, and new ones."""
    there = set(units)
    dialect = f"{READERS} {source.dialect()}"
    kept = [
        shard
        for shard in known
        if there.issuperset(shard.units) and shard.key == _key(dialect, shard.units)
    ]
    held = {unit for shard in kept for unit in shard.units}
    rest = _groups(unit for unit in units if unit not in held)
    return kept + [Shard(_key(dialect, group), group) for group in rest]


def remember(work: Folder, shards: Sequence[Shard]) -> int:
    """Keep the cut in the work folder; return how many groups of shards there are."""
    content = io.BytesIO()
    starts = range(0, len(shards), SHARDS_OF_A_GROUP)
    with pq.ParquetWriter(content, UNITS, compression="zstd") as writer:
        for start in starts:
            writer.write_table(_table(shards[start : start + SHARDS_OF_A_GROUP]))
    work.write(SHARDS, content.getvalue())
    return len(starts)


def remembered(work: Folder, group: int | None = None) -> list[Shard]:
    """Return the shards of the last cut, or one group of them; none where there was none."""
    if not work.exists(SHARDS):
        return []
    with work.open(SHARDS) as opened:
        file = pq.ParquetFile(opened)
        table = file.read() if group is None else file.read_row_group(group)
    units: dict[str, list[Unit]] = defaultdict(list)
    for row in table.to_pylist():
        units[row.pop("shard")].append(Unit(**row))
    return [Shard(key, tuple(of_key)) for key, of_key in units.items()]


def remembered_keys(work: Folder) -> list[str]:
    """Return the keys of the shards of the last cut."""
    keys: list[str] = pc.unique(work.read_table(SHARDS, ["shard"])["shard"]).to_pylist()
    return keys


def _table(shards: Sequence[Shard]) -> Arrow:
    units = [(shard.key, unit) for shard in shards for unit in shard.units]
    columns = {name: [getattr(unit, name) for _, unit in units] for name in UNITS.names[1:]}
    return pa.table({"shard": [key for key, _ in units], **columns}, schema=UNITS)


def _groups(units: Iterable[Unit]) -> Iterator[tuple[Unit, ...]]:
    group: list[Unit] = []
    songs = 0
    for unit in units:
        group.append(unit)
        songs += unit.songs
        if songs >= SONGS_OF_A_SHARD:
            yield tuple(group)
            group, songs = [], 0
    if group:
        yield tuple(group)


def _key(dialect: str, units: Sequence[Unit]) -> str:
    return hashlib.blake2b(f"{dialect}\n{units}".encode(), digest_size=12).hexdigest()
