"""What a model server answers to a batch, as rows: a listener, a rank, a song."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from segue_model.bulk import signature as sig
from segue_model.bulk.listening import Listening

# Rows and columns.
Places: TypeAlias = tuple[npt.NDArray[np.intp], ...]
# The most reasons of a song, as in the server's answers.
MOST_REASONS: Final = 20
SOURCE: Final = pa.dictionary(pa.int8(), pa.string())
# The part of the score that a listened song makes, the largest first.
REASON: Final = pa.struct([pa.field("song", pa.int32()), pa.field("contribution", pa.float32())])
COLUMNS: Final = (
    pa.field("listener", pa.int32(), nullable=False),
    pa.field("rank", pa.int32(), nullable=False),
    pa.field("song", pa.int32(), nullable=False),
    pa.field("score", pa.float32(), nullable=False),
    pa.field("source", SOURCE, nullable=False),
)
LISTS: Final = pa.schema(COLUMNS)
EXPLAINED: Final = pa.schema([*COLUMNS, pa.field("reasons", pa.list_(REASON), nullable=False)])


def inputs_of(batch: Listening, k: int) -> dict[str, Any]:
    """Return the inputs that ask for `k` songs for each listener of a batch."""
    rows = len(batch.listeners)
    return {
        sig.LISTENED_SONGS: _padded(batch).tolist(),
        sig.NO_RECOM_SONGS: [k] * rows,
        **{name: [value] * rows for name, value in sig.UNCONSTRAINED.items()},
    }


def table_of(batch: Listening, outputs: dict[str, Any], *, explain: bool) -> pa.Table:
    """Return the answer to a batch as `LISTS`, or as `EXPLAINED`.

    Raises: ValueError when the answer is not one to the batch.
    """
    ids = _output(outputs, sig.RECOM_SONGS_IDS, np.int32, (len(batch.listeners),))
    scores = _output(outputs, sig.RECOM_SONGS_SCORES, np.float32, ids.shape)
    sources = _output(outputs, sig.RECOM_SONGS_SOURCES, np.int32, ids.shape)
    at: Places = np.nonzero(ids != sig.PAD_ID)
    if not np.isfinite(scores[at]).all():
        raise ValueError(f"{sig.RECOM_SONGS_SCORES}: not all are numbers")
    listeners, ranks = batch.listeners[at[0]], (at[1] + 1).astype(np.int32)
    columns = [listeners, ranks, ids[at], scores[at], _named(sources[at])]
    if not explain:
        return pa.table(columns, schema=LISTS)
    shape = (*ids.shape, _padded(batch).shape[1])
    parts = _output(outputs, sig.RECOM_SONGS_CONTRIBUTIONS, np.float32, shape)
    return pa.table([*columns, _reasons(batch, parts, at)], schema=EXPLAINED)


def _padded(batch: Listening) -> npt.NDArray[np.int32]:
    lengths = np.diff(batch.songs.offsets)
    songs = np.full((len(lengths), lengths.max()), sig.PAD_ID, np.int32)
    songs[np.arange(songs.shape[1]) < lengths[:, None]] = batch.songs.values
    return songs


def _output(
    outputs: dict[str, Any], name: str, dtype: type, shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Return an output whose first dimensions are those of `shape`; it may have one more."""
    try:
        values: npt.NDArray[Any] = np.array(outputs[name], dtype)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name}: missing, or not an array of numbers") from error
    if values.shape[: len(shape)] != shape:
        raise ValueError(f"{name}: of shape {values.shape}, not {shape}")
    return values


def _named(sources: npt.NDArray[np.int32]) -> pa.Array:
    if unknown := set(np.unique(sources).tolist()) - set(sig.SOURCES):
        raise ValueError(f"{sig.RECOM_SONGS_SOURCES}: {min(unknown)} is no source")
    codes = np.searchsorted(list(sig.SOURCES), sources).astype(np.int8)
    return pa.DictionaryArray.from_arrays(codes, list(sig.SOURCES.values()))


def _reasons(batch: Listening, parts: npt.NDArray[np.float32], at: Places) -> pa.Array:
    lists = list(_strongest(_padded(batch), parts, at))
    offsets = np.cumsum([0, *(len(songs) for songs, _ in lists)], dtype=np.int32)
    songs, values = (np.concatenate(column) for column in zip(*lists, strict=True))
    fields = [pa.array(songs, pa.int32()), pa.array(values, pa.float32())]
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, fields=[*REASON]))


def _strongest(
    songs: npt.NDArray[np.int32], parts: npt.NDArray[np.float32], at: Places
) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]]:
    for row, place in zip(*at, strict=True):
        of_song = parts[row, place]
        # Songs are in order, so that of equal ones the first comes first.
        order = np.argsort(-of_song, kind="stable")
        order = order[of_song[order] != 0][:MOST_REASONS]
        yield songs[row][order], of_song[order]
