"""Made-up song files in the schema of the Million Song Dataset, whole ones and damaged ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

METADATA = [
    ("artist_id", "S32"),
    ("artist_name", "S1024"),
    ("idx_artist_terms", "<i4"),
    ("release", "S1024"),
    ("release_7digitalid", "<i4"),
    ("song_hotttnesss", "<f8"),
    ("song_id", "S32"),
    ("title", "S1024"),
]
ANALYSIS = [
    ("duration", "<f8"),
    ("idx_segments_pitches", "<i4"),
    ("idx_segments_timbre", "<i4"),
    ("key", "<i4"),
    ("key_confidence", "<f8"),
    ("loudness", "<f8"),
    ("mode", "<i4"),
    ("tempo", "<f8"),
    ("time_signature", "<i4"),
    ("time_signature_confidence", "<f8"),
    ("track_id", "S32"),
]
TABLES = (
    ("metadata/songs", METADATA),
    ("analysis/songs", ANALYSIS),
    ("musicbrainz/songs", [("year", "<i4")]),
)
INDEX = {
    "idx_artist_terms": "terms",
    "idx_segments_pitches": "pitches",
    "idx_segments_timbre": "timbre",
}
ARRAYS = {
    "metadata/artist_terms": ("terms", "S256"),
    "metadata/artist_terms_weight": ("weights", "<f8"),
    "analysis/segments_timbre": ("timbre", "<f8"),
    "analysis/segments_pitches": ("pitches", "<f8"),
}
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


def song(track: str, **fields: object) -> dict[str, Any]:
    """Return a song; what is not in `fields` is as in `USUAL`, the song id after the track."""
    return {**USUAL, "track_id": track, "song_id": f"SO{track[2:]}", **fields}


def write_song(folder: Path, track: str, **fields: object) -> Path:
    """Write a song's own file; see `song`. So many `rows` are written of it."""
    made = song(track, **fields)
    path = track_path(folder, track)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        _write_tables(file, [made] * made["rows"], dict.fromkeys(INDEX, 0))
        _write_arrays(file, [made])
    return path


def write_aggregate(path: Path, songs: Sequence[dict[str, Any]], *, summary: bool = False) -> Path:
    """Write a file of many songs; a summary is one without arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        _write_tables(file, songs, None)
        if not summary:
            _write_arrays(file, songs)
    return path


def cut_off(whole: bytes, parts: int = 50) -> Iterator[bytes]:
    """Yield the beginnings of a file, each longer by one of so many parts."""
    for at in range(parts):
        yield whole[: len(whole) * at // parts]


def with_zeros(whole: bytes, length: int, parts: int = 50) -> Iterator[bytes]:
    """Yield the file with `length` bytes of 0 at each of so many places."""
    for at in range(parts):
        start = len(whole) * at // parts
        yield whole[:start] + bytes(length) + whole[start + length :]


def with_unusual_numbers(whole: bytes, column: bytes | None = None) -> bytes:
    """Return the file with another exponent bias in the type of a column's numbers, or of all.

    It is one bit from IEEE's. None of C's types but the longest holds such numbers, so that rows
    need more room than they say.
    """
    ieee, other = (bytes((52, 11, 0, 52, 255, bias, 0, 0)) for bias in (3, 1))
    start = 0 if column is None else whole.index(column)
    damaged = whole[start:].replace(ieee, other, -1 if column is None else 1)
    assert damaged != whole[start:]
    return whole[:start] + damaged


def _write_tables(
    file: h5py.File, songs: Sequence[dict[str, Any]], index: dict[str, int] | None
) -> None:
    places = [index or _places(songs, at) for at in range(len(songs))]
    for name, schema in TABLES:
        rows = [
            tuple(_stored({**place, **made}[field]) for field, _ in schema)
            for made, place in zip(songs, places, strict=True)
        ]
        compressed = {"chunks": (16,), "compression": "gzip", "maxshape": (None,)}
        file.create_dataset(name, data=np.array(rows, schema), **compressed)


def _places(songs: Sequence[dict[str, Any]], at: int) -> dict[str, int]:
    return {index: sum(len(made[field]) for made in songs[:at]) for index, field in INDEX.items()}


def _write_arrays(file: h5py.File, songs: Sequence[dict[str, Any]]) -> None:
    for name, (field, dtype) in ARRAYS.items():
        values = [np.array([_stored(each) for each in made[field]]) for made in songs]
        wide = [np.asarray(made[field]).shape[1:] for made in songs]
        joined = np.concatenate([each.reshape(-1, *wide[0]).astype(dtype) for each in values])
        compressed = {"chunks": (64, *wide[0]), "compression": "gzip"}
        file.create_dataset(name, data=joined, maxshape=(None, *wide[0]), **compressed)


def _stored(value: object) -> object:
    return value.encode() if isinstance(value, str) else value
