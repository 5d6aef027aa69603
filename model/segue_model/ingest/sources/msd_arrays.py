"""Reads what the Million Song Dataset tells of a song in any number of rows: terms and segments."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue_model.data.rejected import Reason
from segue_model.ingest.sound import sound_of
from segue_model.ingest.sources.hdf5 import Layout, Part, is_there, part
from segue_model.ingest.tracks import DIMENSIONS, BadSong

TERMS: Final = Layout("metadata/artist_terms", "S")
WEIGHTS: Final = Layout("metadata/artist_terms_weight", "f")
TIMBRE: Final = Layout("analysis/segments_timbre", "f", width=DIMENSIONS)
PITCHES: Final = Layout("analysis/segments_pitches", "f", width=DIMENSIONS)
ARRAYS: Final = (TERMS, WEIGHTS, TIMBRE, PITCHES)

# Of one song: more are the mark of a damaged file, and would fill the memory.
ROWS_AT_MOST: Final = 100_000


class Arrays(NamedTuple):
    """The arrays of an open file of so many songs."""

    songs: int
    terms: Part
    weights: Part
    timbre: Part
    pitches: Part


class Row(NamedTuple):
    """A song's row of each table, and the ones after them: `None` behind the last."""

    metadata: Any
    analysis: Any
    years: Any
    next_metadata: Any
    next_analysis: Any


def arrays_in(file: Any, songs: int) -> Arrays | None:  # noqa: ANN401 - h5py ships no types
    """Return the arrays of a file, `None` of a summary, which has none. Raises: BadSong."""
    if not any(is_there(file, layout.name) for layout in ARRAYS):
        return None
    return Arrays(songs, *(part(file, layout) for layout in ARRAYS))


def terms_of(arrays: Arrays, row: Row) -> tuple[str, ...]:
    """Return the terms of the song's artist, the strongest first. Raises: BadSong."""
    rows = _rows(arrays, "idx_artist_terms", row.metadata, row.next_metadata)
    terms, weights = _values(arrays.terms, rows), _values(arrays.weights, rows)
    if len(terms) != len(weights):
        raise BadSong(Reason.SCHEMA, f"{WEIGHTS.name}: {len(weights)} of {len(terms)} terms")
    if not np.isfinite(weights).all():
        raise BadSong(Reason.NOT_FINITE, WEIGHTS.name)
    strongest = np.argsort(-weights, kind="stable")
    return tuple(decoded(TERMS.name, term) for term in terms[strongest].tolist())


def sound_of_song(arrays: Arrays, row: Row, key: int) -> npt.NDArray[np.float32]:
    """Return how the song sounds, [SOUND]. Raises: BadSong."""
    index = (row.analysis, row.next_analysis)
    timbre = _segments(arrays.timbre, _rows(arrays, "idx_segments_timbre", *index))
    pitches = _segments(arrays.pitches, _rows(arrays, "idx_segments_pitches", *index))
    return sound_of(timbre, pitches, key)


def decoded(name: str, text: bytes) -> str:
    """Return UTF-8 as text. Raises: BadSong."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise BadSong(Reason.ENCODING, f"{name}: {bytes(text)!r}") from error


def _segments(array: Part, rows: slice) -> npt.NDArray[Any]:
    segments = _values(array, rows)
    if not len(segments):
        raise BadSong(Reason.EMPTY, f"{array.name}: no segment")
    if not np.isfinite(segments).all():
        raise BadSong(Reason.NOT_FINITE, array.name)
    return segments


def _rows(arrays: Arrays, index: str, row: Any, following: Any) -> slice:  # noqa: ANN401 - numpy's
    """Return which rows of an array are the song's; the last song's go on to the end."""
    if arrays.songs == 1:
        return slice(0, None)
    if isinstance(following, BadSong):
        raise following
    if index not in row.dtype.names:
        raise BadSong(Reason.SCHEMA, f"no column {index}")
    return slice(int(row[index]), None if following is None else int(following[index]))


def _values(array: Part, rows: slice) -> npt.NDArray[Any]:
    stop = array.rows if rows.stop is None else rows.stop
    if not 0 <= rows.start <= stop <= array.rows:
        at = f"rows {rows.start} to {stop} of {array.rows}"
        raise BadSong(Reason.OUT_OF_RANGE, f"{array.name}: {at}")
    if stop - rows.start > ROWS_AT_MOST:
        raise BadSong(Reason.OUT_OF_RANGE, f"{array.name}: {stop - rows.start} rows of one song")
    return array.read(rows.start, stop)
