"""Reads the table of songs that stands in for the HDF5 files of the Million Song Dataset."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.sources.lines import lines
from segue_model.ingest.sources.msd_tracks import check_msd_track
from segue_model.ingest.sources.table_csv import CsvTable, opened_csv
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import BadSong, Track

SEPARATOR: Final = "<SEP>"
COLUMNS: Final = (
    *("SongID", "AlbumID", "ArtistID", "Duration", "KeySignatureConfidence", "Tempo"),
    *("TimeSignature", "Year", "key", "loudness", "mode", "release", "track_id"),
)


class Names(NamedTuple):
    """What a line of the list of tracks says."""

    song_id: str
    artist: str
    title: str


def check_columns(folder: Folder, path: str) -> None:
    """Raise `DatasetError` unless the table of songs has all the columns that are needed."""
    with _table(folder, path):
        pass


def read_table(folder: Folder, path: str, names: str) -> Iterator[Track | Rejected]:
    """Yield the tracks of the table at `path`, titles and artists from the list at `names`.

    Text in the table is bytes as Python shows them, and titles with an apostrophe are beyond
    repair, hence the list. Raises: DatasetError when a column is missing.
    """
    named: dict[str, Names] = {}
    for found in _names(folder, names):
        if isinstance(found, Rejected):
            yield found
        else:
            named.update([found])
    with _table(folder, path) as table:
        places = [table.names.index(column) for column in COLUMNS]
        for line, fields in table.rows(places):
            try:
                yield _track(path, line, _row(table.names, fields), named)
            except BadSong as bad:
                yield Rejected(path, line, bad.reason, bad.detail)


@contextmanager
def _table(folder: Folder, path: str) -> Iterator[CsvTable]:
    try:
        # Titles, which are not read from here, may be in any encoding.
        with opened_csv(folder, path) as table:
            missing = [column for column in COLUMNS if column not in table.names]
            if missing:
                raise DatasetError(path, 1, f"no column {', '.join(missing)}")
            yield table
    except BadSong as bad:
        raise DatasetError(path, 1, bad.detail) from bad


def _row(names: Sequence[str], fields: Sequence[str] | BadSong) -> Mapping[str, str]:
    if isinstance(fields, BadSong):
        raise fields
    if len(fields) != len(names):
        raise BadSong(Reason.MALFORMED, "not as many fields as the header has")
    return dict(zip(names, fields, strict=True))


def _names(folder: Folder, path: str) -> Iterator[tuple[str, Names] | Rejected]:
    """Yield the song id, artist and title of each track id."""
    for line in lines(folder, path):
        if isinstance(line, Rejected):
            yield line
            continue
        track, *fields = line.text.split(SEPARATOR)
        if len(fields) == len(Names._fields):
            yield track, Names(*fields)
        else:
            reason = f"{1 + len(fields)} fields instead of {1 + len(Names._fields)}"
            yield Rejected(path, line.number, Reason.MALFORMED, reason)


def _track(path: str, line: int, row: Mapping[str, str], names: Mapping[str, Names]) -> Track:
    track_id = _text(row, "track_id")
    if track_id not in names:
        raise BadSong(Reason.EMPTY, f"track {track_id!r} is not in the list of tracks")
    song_id, artist, title = names[track_id]
    track = Track(
        path=path,
        row=line,
        song_key=song_id,
        title=title,
        artist_key=_text(row, "ArtistID"),
        artist=artist,
        album_key=str(_integer(row, "AlbumID")),
        album=_text(row, "release"),
        msd_track_id=track_id,
        msd_song_id=song_id,
        year=_integer(row, "Year") or None,
        duration=_number(row, "Duration"),
        tempo=_number(row, "Tempo") or None,
        loudness=_number(row, "loudness"),
        key=_integer(row, "key"),
        key_confidence=_number(row, "KeySignatureConfidence"),
        mode=_integer(row, "mode"),
        time_signature=_integer(row, "TimeSignature"),
        stands_in=True,
    )
    check_msd_track(track)
    listed_as = _text(row, "SongID")
    if listed_as != song_id:
        raise BadSong(Reason.MALFORMED, f"song {listed_as} is {song_id} in the list of tracks")
    return track


def _integer(row: Mapping[str, str], column: str) -> int:
    try:
        return int(row[column])
    except ValueError as error:
        raise BadSong(Reason.MALFORMED, f"{column}: no integer: {row[column]!r}") from error


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        return float(row[column])
    except ValueError as error:
        raise BadSong(Reason.MALFORMED, f"{column}: no number: {row[column]!r}") from error


def _text(row: Mapping[str, str], column: str) -> str:
    """Return the text of bytes as Python shows them, `b'…'`."""
    field = row[column]
    try:
        value = ast.literal_eval(field)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, bytes):
        raise BadSong(Reason.MALFORMED, f"{column}: not bytes: {field!r}")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise BadSong(Reason.ENCODING, f"{column}: {value!r}") from error
