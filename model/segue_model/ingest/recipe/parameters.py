"""What the recipe learned of columns, genres and artists, and how it is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from segue_model.ingest.recipe.columns import SCALARS, TERMS, Ids, Values
from segue_model.ingest.recipe.moments import Counts
from segue_model.ingest.tracks import Arrow


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """How d columns are brought to one scale: each less its center, by its deviation; [d].

    `means` are those of all known values; a deviation of 0 makes a column 0 throughout.
    """

    means: Values
    centers: Values
    deviations: Values

    def standardized(
        self, values: npt.NDArray[np.floating], clip: float
    ) -> npt.NDArray[np.float32]:
        """Return known values [n, d] in deviations from the center, at most `clip` of them."""
        centered = values - self.centers
        scaled = np.zeros_like(centered)
        np.divide(centered, self.deviations, out=scaled, where=self.deviations > 0)
        return np.clip(scaled, -clip, clip).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Genres:
    """What is expected of a song of each first genre, by id: [g, 8], [g, 24], [g, SOUND] or [g, 0].

    `terms` are shorter than 1 the more a genre's artists differ, and 0 where none has any.
    """

    ids: Ids
    scalars: Values
    terms: Values
    sound: Values


@dataclass(frozen=True, slots=True, eq=False)
class Artists:
    """Each artist's mean of known values and how many there are, [a, 8]; its terms, [a, 24].

    `means` and `terms` are NaN where unknown; rows are in the order of ids.
    """

    ids: Ids
    means: Values
    counts: Counts
    terms: npt.NDArray[np.float32]

    def as_table(self) -> Arrow:
        """Return the artists as a table; unknown is null."""
        columns = {"artist_id": pa.array(self.ids, pa.int32())}
        for at, name in enumerate(SCALARS):
            columns[name] = pa.array(self.means[:, at], from_pandas=True)
            columns[f"{name}_songs"] = pa.array(self.counts[:, at], pa.int32())
        for at, name in enumerate(TERMS):
            columns[name] = pa.array(self.terms[:, at], from_pandas=True)
        return pa.table(columns)

    @classmethod
    def of_table(cls, table: Arrow) -> Self:
        """Return the artists that `as_table` wrote."""
        return cls(
            table["artist_id"].to_numpy(),
            _matrix(table, SCALARS, np.float64),
            _matrix(table, [f"{name}_songs" for name in SCALARS], np.int64),
            _matrix(table, TERMS, np.float32),
        )


def listed(values: npt.NDArray[Any]) -> list[Any]:
    """Return an array as JSON has it, each number as it is; what is not finite is null."""
    entries: npt.NDArray[np.object_] = values.astype(object)
    entries[~np.isfinite(values)] = None
    return entries.tolist()


def of_list(fields: Mapping[str, Any], name: str, width: int | None = None) -> Values:
    """Return an array that `listed` wrote, of rows of `width` if a matrix; null is infinite."""
    values = np.array(fields[name], object)
    plain = np.where(values == None, np.inf, values).astype(np.float64)  # noqa: E711 - each entry
    return plain if width is None else plain.reshape(len(plain), width)


def _matrix(table: Arrow, names: Sequence[str], dtype: type[np.generic]) -> Any:  # noqa: ANN401 - of the dtype
    columns = [table[name].to_numpy().astype(dtype) for name in names]
    return np.stack(columns, axis=1)
