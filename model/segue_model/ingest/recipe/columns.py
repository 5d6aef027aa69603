"""Which columns the recipe has, and what a part of the songs tells of them before any scaling."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.normalizing import on_circle_of_fifths
from segue_model.ingest.tracks import SOUND, Arrow

RECIPE: Final = "msd-2"
VERSION: Final = 2
PLAIN: Final = ("tempo", "loudness", "mode", "duration", "year", "triple_meter")
KEYS: Final = ("key_cos", "key_sin")
SCALARS: Final = (*PLAIN, *KEYS)
TERM_COLUMNS: Final = 24
TERMS: Final = tuple(f"term_{at}" for at in range(TERM_COLUMNS))
WEIGHTS: Final[Mapping[str, float]] = {"scalars": 0.25, "terms": 1.0, "sound": 0.4}
# In deviations from the mean: beyond it a value tells more of how it was measured.
CLIP: Final = 4.0

METERS: Final = {3.0: 1.0, 4.0: 0.0}
MINOR_TO_MAJOR: Final = 3
# A key that its source is not unsure of.
SURE: Final = 1.0

Values = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int32]


def scalars(part: Arrow) -> Values:
    """Return `SCALARS` of a part's songs, [n, 8], NaN where unknown: see `docs/features.md`."""
    plain = [
        np.log(_numbers(part, "tempo")),
        _numbers(part, "loudness"),
        _numbers(part, "mode"),
        np.log(_numbers(part, "duration")),
        _numbers(part, "year"),
        _triple_meter(_numbers(part, "time_signature")),
    ]
    return np.concatenate([np.stack(plain, axis=1), _keys(part)], axis=1)


def sound(part: Arrow) -> npt.NDArray[np.float32]:
    """Return the sound of the songs of a part, [n, SOUND], NaN where unknown."""
    lists = _only_chunk(part, "sound")
    values = np.full((len(lists), SOUND), np.nan, np.float32)
    values[lists.is_valid().to_numpy(zero_copy_only=False)] = (
        lists.flatten().to_numpy().reshape(-1, SOUND)
    )
    return values


def artists(part: Arrow) -> Ids:
    """Return the artists' ids of the songs of a part, [n]; 0 is none."""
    ids: Ids = pc.fill_null(_only_chunk(part, "artist_id"), 0).to_numpy()
    return ids


def first_genres(part: Arrow) -> Ids:
    """Return the strongest genre of each song of a part, [n]; 0 is none."""
    lists = _only_chunk(part, "genre_ids")
    lengths: npt.NDArray[np.int64] = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    first = np.zeros(len(lists), np.int32)
    starts = np.cumsum(lengths) - lengths
    first[lengths > 0] = lists.flatten().to_numpy()[starts[lengths > 0]]
    return first


def _numbers(part: Arrow, name: str) -> Values:
    values: Values = part.column(name).cast(pa.float64()).to_numpy()
    return np.where(part.column(name).is_null().to_numpy(), np.nan, values)


def _only_chunk(part: Arrow, name: str) -> Arrow:
    column = part.column(name).combine_chunks()
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def _triple_meter(signatures: Values) -> Values:
    meters = np.full(len(signatures), np.nan)
    for signature, is_triple in METERS.items():
        meters[signatures == signature] = is_triple
    return meters


def _keys(part: Arrow) -> npt.NDArray[np.float32]:
    """Return the keys on the circle of fifths; a minor key lies where its major relative does."""
    key, mode = _numbers(part, "key"), _numbers(part, "mode")
    confidence = _numbers(part, "key_confidence")
    tonics = np.where(np.isnan(mode), np.nan, key + np.where(mode == 1, 0, MINOR_TO_MAJOR))
    return on_circle_of_fifths(tonics, np.where(np.isnan(confidence), SURE, confidence))
