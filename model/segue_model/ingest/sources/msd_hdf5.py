"""Reads the HDF5 files of the Million Song Dataset: of one song, of many, and summaries of all."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.source import Unit
from segue_model.ingest.sources.hdf5 import Layout, Part, opened, part
from segue_model.ingest.sources.msd_arrays import (
    Arrays,
    Row,
    arrays_in,
    decoded,
    sound_of_song,
    terms_of,
)
from segue_model.ingest.sources.msd_tracks import check_msd_track
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong, Track

METADATA: Final = Layout(
    "metadata/songs",
    columns=(
        *((name, "S") for name in ("song_id", "title", "artist_id", "artist_name", "release")),
        ("release_7digitalid", "iu"),
    ),
    optional=(("idx_artist_terms", "iu"),),
)
ANALYSIS: Final = Layout(
    "analysis/songs",
    columns=(
        ("track_id", "S"),
        *((name, "f") for name in ("duration", "tempo", "loudness", "key_confidence")),
        *((name, "iu") for name in ("key", "mode", "time_signature")),
    ),
    optional=(("idx_segments_timbre", "iu"), ("idx_segments_pitches", "iu")),
)
YEARS: Final = Layout("musicbrainz/songs", columns=(("year", "iu"),))

ROWS_AT_ONCE: Final = 256


class SongParts(NamedTuple):
    """The parts of an open file; a summary has no arrays."""

    metadata: Part
    analysis: Part
    years: Part
    arrays: Arrays | None

    @property
    def songs(self) -> int:
        """How many songs there are."""
        return self.metadata.rows


def songs_in(folder: Folder, path: str, size: int) -> int:
    """Return how many songs a file has. Raises: BadSong."""
    with opened(folder, path, size) as file:
        return _parts(file).songs


def read_songs(folder: Folder, unit: Unit) -> Iterator[Track | Rejected]:
    """Yield the songs of a file, or of its rows from `unit.start` to `unit.stop`."""
    try:
        with opened(folder, unit.path, unit.size) as file:
            parts = _parts(file)
            stop = parts.songs if unit.stop is None else min(unit.stop, parts.songs)
            for start in range(unit.start, stop, ROWS_AT_ONCE):
                yield from _block(parts, unit.path, start, min(start + ROWS_AT_ONCE, stop))
    except BadSong as bad:
        lost = [None] if unit.stop is None else range(unit.start + 1, unit.stop + 1)
        yield from (Rejected(unit.path, row, bad.reason, bad.detail) for row in lost)


def _parts(file: Any) -> SongParts:  # noqa: ANN401 - h5py ships no types
    """Return the parts of a file with one song at least."""
    metadata, analysis, years = (part(file, layout) for layout in (METADATA, ANALYSIS, YEARS))
    songs = metadata.rows
    for table in (analysis, years):
        if table.rows != songs:
            raise BadSong(Reason.SCHEMA, f"{table.name}: {table.rows} rows of {songs} songs")
    if not songs:
        raise BadSong(Reason.EMPTY, f"{metadata.name}: no song")
    return SongParts(metadata, analysis, years, arrays_in(file, songs))


def _block(parts: SongParts, path: str, start: int, stop: int) -> Iterator[Track | Rejected]:
    metadata = _rows(parts.metadata, start, stop)
    analysis = _rows(parts.analysis, start, stop)
    years = _rows(parts.years, start, stop)
    for at in range(stop - start):
        row = None if parts.songs == 1 else start + at + 1
        found = (metadata[at], analysis[at], years[at], metadata[at + 1], analysis[at + 1])
        try:
            yield _track(parts, path, row, Row(*found))
        except BadSong as bad:
            yield Rejected(path, row, bad.reason, bad.detail)


def _rows(table: Part, start: int, stop: int) -> list[Any]:
    """Return the rows and the next one, `None` behind the last; a `BadSong` for a lost one."""
    end = min(stop + 1, table.rows)
    behind = [None] if end == stop else []
    try:
        return [*table.read(start, end), *behind]
    except BadSong:
        return [*(_row(table, at) for at in range(start, end)), *behind]


def _row(table: Part, at: int) -> Any:  # noqa: ANN401 - a row or a fault
    try:
        return table.read(at, at + 1)[0]
    except BadSong as lost:
        return lost


def _track(parts: SongParts, path: str, number: int | None, row: Row) -> Track:
    for each in row[:3]:
        if isinstance(each, BadSong):
            raise each
    metadata, analysis = row.metadata, row.analysis
    key = int(analysis["key"])
    track = Track(
        path=path,
        row=number,
        song_key=_text(metadata, "song_id"),
        title=_text(metadata, "title"),
        artist_key=_text(metadata, "artist_id"),
        artist=_text(metadata, "artist_name"),
        album_key=str(metadata["release_7digitalid"]),
        album=_text(metadata, "release"),
        msd_track_id=_text(analysis, "track_id"),
        msd_song_id=_text(metadata, "song_id"),
        year=int(row.years["year"]) or None,
        duration=float(analysis["duration"]),
        tempo=float(analysis["tempo"]) or None,
        loudness=float(analysis["loudness"]),
        key=key,
        key_confidence=float(analysis["key_confidence"]),
        mode=int(analysis["mode"]),
        time_signature=int(analysis["time_signature"]),
        terms=terms_of(parts.arrays, row) if parts.arrays else (),
        sound=sound_of_song(parts.arrays, row, key) if parts.arrays else None,
    )
    check_msd_track(track)
    return track


def _text(row: Any, column: str) -> str:  # noqa: ANN401 - numpy's row of a table
    return decoded(column, row[column])
