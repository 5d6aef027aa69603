"""Made-up song files in the schema of the Million Song Dataset."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

METADATA = [
    ("artist_id", "S32"),
    ("artist_name", "S1024"),
    ("release", "S1024"),
    ("release_7digitalid", "<i4"),
    ("song_hotttnesss", "<f8"),
    ("song_id", "S32"),
    ("title", "S1024"),
]
ANALYSIS = [
    ("duration", "<f8"),
    ("key", "<i4"),
    ("key_confidence", "<f8"),
    ("loudness", "<f8"),
    ("mode", "<i4"),
    ("tempo", "<f8"),
    ("time_signature", "<i4"),
    ("time_signature_confidence", "<f8"),
    ("track_id", "S32"),
]
USUAL: dict[str, Any] = {
    "artist_id": "AR1",
    "artist_name": "Zoë",
    "release": "Débuts",
    "release_7digitalid": 77,
    "song_hotttnesss": np.nan,
    "title": "One",
    "duration": 200.5,
    "key": 2,
    "key_confidence": 0.5,
    "loudness": -9.25,
    "mode": 1,
    "tempo": 120.5,
    "time_signature": 4,
    "time_signature_confidence": 0.9,
    "year": 1999,
    "terms": ["folk", "rock"],
    "weights": [1.0, 0.5],
    "timbre": np.arange(36.0).reshape(3, 12),
    "pitches": np.eye(12),
    "rows": 1,
}


def track_path(folder: Path, track: str) -> Path:
    """Return where the track's file belongs: `A/B/C/TRABC….h5`."""
    return folder.joinpath(*track[2:5], f"{track}.h5")


def write_song(folder: Path, track: str, **fields: object) -> Path:
    """Write a song file; what is not in `fields` is as in `USUAL`, the song id after the track."""
    song = {**USUAL, "track_id": track, "song_id": f"SO{track[2:]}", **fields}
    path = track_path(folder, track)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, schema in (
            ("metadata/songs", METADATA),
            ("analysis/songs", ANALYSIS),
            ("musicbrainz/songs", [("year", "<i4")]),
        ):
            row = tuple(_stored(song[field]) for field, _ in schema)
            file[name] = np.array([row] * song["rows"], schema)
        terms = [term.encode() for term in song["terms"]]
        file["metadata/artist_terms"] = np.array(terms, "S256")
        file["metadata/artist_terms_weight"] = np.array(song["weights"], "<f8")
        file["analysis/segments_timbre"] = np.asarray(song["timbre"], "<f8")
        file["analysis/segments_pitches"] = np.asarray(song["pitches"], "<f8")
    return path


def _stored(value: object) -> object:
    return value.encode() if isinstance(value, str) else value
