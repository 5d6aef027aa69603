"""Numbers songs, artists, albums and genres so that what has a number keeps it for good."""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.columns import Ids
from segue_model.ingest.job import REGISTRY
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Arrow

# All keys together may be more than 2 GiB.
TEXT: Final = pa.large_string()
KINDS: Final = ("song", "artist", "album", "genre")


@dataclass(slots=True)
class Registry:
    """All keys ever numbered, by kind: the first has the id 1, the next 2, and so on."""

    keys: dict[str, Arrow] = field(
        default_factory=lambda: {kind: pa.array([], TEXT) for kind in KINDS}
    )

    @classmethod
    def of(cls, table: Arrow) -> Self:
        """Return what was kept as `table()`."""
        ordered = table.set_column(1, "key", table["key"].cast(TEXT)).sort_by("id")
        return cls(
            {
                kind: ordered.filter(pc.equal(ordered["kind"], kind))["key"].combine_chunks()
                for kind in KINDS
            }
        )

    def number(self, kind: str, keys: Arrow) -> Ids:
        """Return the ids of keys, [N]; those without one get the next, in the order given."""
        keys = keys.cast(TEXT)
        known = self.keys[kind]
        new = pc.unique(keys.filter(pc.invert(pc.is_in(keys, known))))
        self.keys[kind] = known = pa.concat_arrays([known, _whole(new)])
        at: Ids = pc.index_in(keys, known).to_numpy(zero_copy_only=False)
        return (at + 1).astype(np.int32)

    def table(self) -> Arrow:
        """Return everything as columns `kind`, `key` and `id`."""
        lengths = [len(self.keys[kind]) for kind in KINDS]
        return pa.table(
            {
                "kind": pa.array(np.repeat(KINDS, lengths), pa.string()),
                "key": pa.concat_arrays([self.keys[kind] for kind in KINDS]),
                "id": pa.array(np.concatenate([np.arange(1, n + 1) for n in lengths]), pa.int32()),
            }
        )


def _whole(column: Arrow) -> Arrow:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def saved_registry(work: Folder) -> Registry:
    """Return the registry that a run has taken over; a new one where there was none."""
    if not work.exists(REGISTRY):
        return Registry()
    return Registry.of(work.read_table(REGISTRY))
