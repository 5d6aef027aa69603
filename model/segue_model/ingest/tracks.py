"""A song as its source tells it, in one form for all sources, and what is set aside."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from segue_model.data.layout import GENRE_LENGTH, MSD_ID_LENGTH, NAME_LENGTH
from segue_model.data.rejected import Reason, Rejected

# pyarrow ships no types.
Arrow: TypeAlias = Any

LAST_YEAR: Final = 9999
# The least and the most: beyond any music, and far within float32 and int32, logarithms as well.
DURATIONS: Final = (0.01, 100_000)
TEMPOS: Final = (0.01, 10_000)
LOUDNESSES: Final = (-1_000, 1_000)
TIME_SIGNATURES: Final = (0, 1_000)
# Of two names and what divides them.
SONG_KEY_LENGTH: Final = 2 * NAME_LENGTH + 1
NOT_IN_TEXT: Final = re.compile("[\r\n\0]")
DIMENSIONS: Final = 12
# Of each of two 12-column arrays: means, deviations, covariances of different columns.
SOUND: Final = 2 * (DIMENSIONS + DIMENSIONS + DIMENSIONS * (DIMENSIONS - 1) // 2)


class BadSong(Exception):
    """A file or row holds no song that can be used."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Name the kind of fault, and what is at fault."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Track:
    """A track; `path` and `row` say where it stands, `None` and empty texts are unknown.

    `song_key` tells songs apart in their source, `artist_key` and `album_key` artists and albums
    of one name. `duration` is in seconds, `tempo` in beats per minute, `loudness` in decibels;
    `key` counts semitones from C; `mode` is 1 for major, 0 for minor; confidences are 0 to 1.
    `terms` are its artist's tags, the strongest first; `genres` are given, in this order;
    `popularity` is 0 to 1. `sound` is float32 [SOUND]: see `docs/features.md`. A track that
    `stands_in` counts only where no other track has its `track_id`.
    """

    path: str
    row: int | None
    song_key: str
    title: str
    artist_key: str
    artist: str
    album_key: str
    album: str
    msd_track_id: str = ""
    msd_song_id: str = ""
    year: int | None = None
    duration: float | None = None
    tempo: float | None = None
    loudness: float | None = None
    key: int | None = None
    key_confidence: float | None = None
    mode: int | None = None
    time_signature: int | None = None
    popularity: float | None = None
    terms: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    sound: npt.NDArray[np.float32] | None = None
    stands_in: bool = False


TRACKS: Final = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("row", pa.int64()),
        *(
            pa.field(name, pa.string())
            for name in (
                *("song_key", "title", "artist_key", "artist", "album_key", "album"),
                *("msd_track_id", "msd_song_id"),
            )
        ),
        pa.field("year", pa.int32()),
        pa.field("duration", pa.float64()),
        pa.field("tempo", pa.float64()),
        pa.field("loudness", pa.float64()),
        pa.field("key", pa.int8()),
        pa.field("key_confidence", pa.float64()),
        pa.field("mode", pa.int8()),
        pa.field("time_signature", pa.int32()),
        pa.field("popularity", pa.float64()),
        pa.field("terms", pa.list_(pa.string())),
        pa.field("genres", pa.list_(pa.string())),
        # Of no fixed size: Parquet's reader cannot tell an unknown one from one of 0 entries.
        pa.field("sound", pa.list_(pa.float32())),
        pa.field("stands_in", pa.bool_()),
    ]
)


def to_table(rows: Sequence[Track | Rejected], schema: Arrow) -> Arrow:
    """Return rows as an Arrow table of `TRACKS` or `REJECTED`."""
    columns = {name: [getattr(row, name) for row in rows] for name in schema.names}
    return pa.table(columns, schema=schema)


def check_track(track: Track) -> None:
    """Raise `BadSong` unless every field is within what a track can have."""
    for name in ("song_key", "artist"):
        if not getattr(track, name).strip():
            raise BadSong(Reason.EMPTY, name)
    for name in ("msd_track_id", "msd_song_id"):
        _text_fits(name, getattr(track, name), MSD_ID_LENGTH)
    _text_fits("song_key", track.song_key, SONG_KEY_LENGTH)
    for name in ("title", "artist_key", "artist", "album_key", "album"):
        _text_fits(name, getattr(track, name), NAME_LENGTH)
    _within("year", track.year, 1, LAST_YEAR)
    _within("duration", track.duration, *DURATIONS)
    _within("tempo", track.tempo, *TEMPOS)
    _within("loudness", track.loudness, *LOUDNESSES)
    _within("key", track.key, 0, 11)
    _within("mode", track.mode, 0, 1)
    _within("time_signature", track.time_signature, *TIME_SIGNATURES)
    _within("key_confidence", track.key_confidence, 0, 1)
    _within("popularity", track.popularity, 0, 1)
    _tags_fit(track)
    if track.sound is not None and not np.isfinite(track.sound).all():
        raise BadSong(Reason.NOT_FINITE, "segments")


def _tags_fit(track: Track) -> None:
    for name, tags in (("terms", track.terms), ("genres", track.genres)):
        for tag in tags:
            if not tag.strip():
                raise BadSong(Reason.EMPTY, f"{name}: an empty one")
            _text_fits(name, tag, GENRE_LENGTH)


def _text_fits(name: str, text: str, longest: int) -> None:
    if NOT_IN_TEXT.search(text):
        raise BadSong(Reason.MALFORMED, f"{name}: a line break or NUL in {text!r}")
    if len(text) > longest:
        raise BadSong(Reason.OUT_OF_RANGE, f"{name}: longer than {longest} characters")


def _within(name: str, value: float | None, least: float, most: float) -> None:
    if value is None:
        return
    # An integer is finite, though it may be too large for a float.
    if isinstance(value, float) and not math.isfinite(value):
        raise BadSong(Reason.NOT_FINITE, f"{name}: {value}")
    if not least <= value <= most:
        raise BadSong(Reason.OUT_OF_RANGE, f"{name}: {value}")
