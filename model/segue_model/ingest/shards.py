"""Cuts what there is to read into shards, and remembers the cut: done ones are not read again."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final

import pyarrow as pa

from segue_model.ingest.job import SHARDS
from segue_model.ingest.source import Source, Unit
from segue_model.ingest.storage import Folder

# Another number makes everything be read again: for when the readers come to read differently.
READERS: Final = 2
SONGS_OF_A_SHARD: Final = 256


@dataclass(frozen=True, slots=True)
class Shard:
    """Units that are read together; `key` stands for what they hold and how they are read."""

    key: str
    units: tuple[Unit, ...]

    @property
    def tracks(self) -> str:
        """The path of the file of its tracks; once it is there, the shard has been read."""
        return f"read/{self.key}.parquet"

    @property
    def rejected(self) -> str:
        """The path of the file of what was set aside."""
        return f"read/{self.key}.rejected.parquet"

    @property
    def songs(self) -> int:
        """About how many songs it holds."""
        return sum(unit.songs for unit in self.units)


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


def remember(work: Folder, shards: Sequence[Shard]) -> None:
    """Keep the cut in the work folder."""
    columns: dict[str, list[object]] = {"shard": []}
    columns |= {field.name: [] for field in fields(Unit)}
    for shard in shards:
        for unit in shard.units:
            columns["shard"].append(shard.key)
            for field in fields(Unit):
                columns[field.name].append(getattr(unit, field.name))
    work.write_table(SHARDS, pa.table(columns))


def remembered(work: Folder) -> list[Shard]:
    """Return the shards of the last cut, none where there was none."""
    if not work.exists(SHARDS):
        return []
    units: dict[str, list[Unit]] = defaultdict(list)
    for row in work.read_table(SHARDS).to_pylist():
        units[row.pop("shard")].append(Unit(**row))
    return [Shard(key, tuple(group)) for key, group in units.items()]


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
