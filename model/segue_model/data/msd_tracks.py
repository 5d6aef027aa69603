"""A song as the Million Song Dataset tells it, whichever file tells it, and what is set aside."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue_model.data.columns import Numbers
from segue_model.data.layout import MSD_ID_LENGTH, NAME_LENGTH

LAST_YEAR: Final = 9999


class BadSong(Exception):
    """A file or row does not hold a song that can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something set aside: the path (and line) of the file within the input, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A track; `origin` is where it stands, `year` and `tempo` of 0 are unknown.

    `duration` is in seconds, `tempo` in beats per minute, `loudness` in decibels; `key` counts
    semitones from C; `mode` is 1 for major, 0 for minor; confidences are 0 to 1. `sound` is [48]:
    see `docs/features.md`; `None` where nothing but these figures is known.
    """

    origin: str
    track_id: str
    song_id: str
    title: str
    artist_id: str
    artist: str
    release_id: int
    release: str
    year: int
    duration: float
    tempo: float
    loudness: float
    key: int
    key_confidence: float
    mode: int
    time_signature: int
    time_signature_confidence: float
    sound: Numbers | None = None


def check_track(track: Track) -> None:
    """Raise `BadSong` unless every field is within what a track can have."""
    for name in ("track_id", "song_id", "artist_id", "artist"):
        if not getattr(track, name):
            raise BadSong(f"{name}: empty")
    for name in ("track_id", "song_id", "artist_id"):
        if len(getattr(track, name)) > MSD_ID_LENGTH:
            raise BadSong(f"{name}: longer than {MSD_ID_LENGTH} characters")
    for name in ("title", "artist", "release"):
        text = getattr(track, name)
        if set(text) & set("\r\n\0"):
            raise BadSong(f"{name}: a line break or NUL in {text!r}")
        if len(text) > NAME_LENGTH:
            raise BadSong(f"{name}: longer than {NAME_LENGTH} characters")
    _within(track, "year", 0, LAST_YEAR)
    _within(track, "duration", math.ulp(0), math.inf)
    _within(track, "tempo", 0, math.inf)
    _within(track, "loudness", -math.inf, math.inf)
    _within(track, "key", 0, 11)
    _within(track, "mode", 0, 1)
    _within(track, "time_signature", 0, math.inf)
    _within(track, "key_confidence", 0, 1)
    _within(track, "time_signature_confidence", 0, 1)
    if track.sound is not None and np.isinf(track.sound).any():
        raise BadSong("segments: not finite")


def rejected_csv(rejected: Iterable[Rejected]) -> str:
    """Return the file `rejected.csv`: a header, then a row for each thing set aside, by path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "reason"))
    writer.writerows(sorted((entry.path, entry.reason) for entry in rejected))
    return text.getvalue()


def _within(track: Track, name: str, least: float, most: float) -> None:
    value = getattr(track, name)
    if not math.isfinite(value) or not least <= value <= most:
        raise BadSong(f"{name}: out of range: {value}")
