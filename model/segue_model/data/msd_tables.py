"""Reads the catalogue tables that stand beside, or in place of, the HDF5 files."""

import ast
import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.data.msd_tracks import BadSong, Rejected, Track, check_track

SEPARATOR: Final = "<SEP>"
MISMATCH: Final = re.compile(r"<(SO\w+) (TR\w+)>")
COLUMNS: Final = (
    *("SongID", "AlbumID", "ArtistID", "Duration", "KeySignatureConfidence", "Tempo"),
    *("TimeSignature", "TimeSignatureConfidence", "Year", "key", "loudness", "mode"),
    *("release", "track_id"),
)


class Names(NamedTuple):
    """What a line of the list of tracks says."""

    song_id: str
    artist: str
    title: str


def read_names(path: Path, origin: str, rejected: list[Rejected]) -> dict[str, Names]:
    """Return song id, artist and title by track id; bad lines are added to `rejected`."""
    names = {}
    for line, text in _lines(path, origin, rejected):
        fields = text.split(SEPARATOR)
        if len(fields) == 1 + len(Names._fields):
            names[fields[0]] = Names(*fields[1:])
        else:
            rejected.append(Rejected(f"{origin}:{line}", f"{len(fields)} fields instead of 4"))
    return names


def read_tracks(
    path: Path, origin: str, names: Mapping[str, Names], rejected: list[Rejected]
) -> list[Track]:
    """Return the tracks of the table of features, with titles and artists from `names`.

    Text in the table is bytes as Python shows them, and titles with an apostrophe are beyond
    repair, hence `names`. Bad rows are added to `rejected`. Raises: DatasetError when a column
    is missing.
    """
    tracks = []
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise DatasetError(origin, 1, f"no column {', '.join(missing)}")
        for row in reader:
            where = f"{origin}:{reader.line_num}"
            try:
                tracks.append(_track(where, row, names))
            except BadSong as reason:
                rejected.append(Rejected(where, str(reason)))
    return tracks


def read_artist_terms(
    path: Path, origin: str, rejected: list[Rejected]
) -> dict[str, tuple[str, ...]]:
    """Return the terms of each artist in the order of the file: the strongest first."""
    terms: dict[str, list[str]] = {}
    lines = _lines(path, origin, rejected)
    for line, fields in ((line, next(csv.reader([text]), [])) for line, text in lines):
        match fields:
            case [artist, term]:
                terms.setdefault(artist, []).append(term)
            case _:
                reason = f"{len(fields)} fields instead of 2"
                rejected.append(Rejected(f"{origin}:{line}", reason))
    return {artist: tuple(ordered) for artist, ordered in terms.items()}


def read_labels(path: Path, origin: str, rejected: list[Rejected]) -> dict[str, tuple[str, ...]]:
    """Return the genre labels of each track id, as the file spells them."""
    labels = {}
    for line, text in _lines(path, origin, rejected):
        track, *given = text.split("\t")
        if given:
            labels[track] = tuple(given)
        elif not text.startswith("#"):
            rejected.append(Rejected(f"{origin}:{line}", "no label"))
    return labels


def read_mismatches(path: Path) -> set[tuple[str, str]]:
    """Return the pairs of song id and track id that the Taste Profile confuses."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return {(song, track) for song, track in MISMATCH.findall(text)}


def _track(origin: str, row: Mapping[str, str], names: Mapping[str, Names]) -> Track:
    if None in row or None in row.values():
        raise BadSong("not as many fields as the header has")
    try:
        track_id, listed_as = _text(row["track_id"]), _text(row["SongID"])
        song_id, artist, title = names[track_id]
        track = Track(
            origin=origin,
            track_id=track_id,
            song_id=song_id,
            title=title,
            artist_id=_text(row["ArtistID"]),
            artist=artist,
            release_id=int(row["AlbumID"]),
            release=_text(row["release"]),
            year=int(row["Year"]),
            duration=float(row["Duration"]),
            tempo=float(row["Tempo"]),
            loudness=float(row["loudness"]),
            key=int(row["key"]),
            key_confidence=float(row["KeySignatureConfidence"]),
            mode=int(row["mode"]),
            time_signature=int(row["TimeSignature"]),
            time_signature_confidence=float(row["TimeSignatureConfidence"]),
        )
    except KeyError as error:
        raise BadSong(f"track {error} is not in the list of tracks") from error
    except ValueError as error:
        raise BadSong(f"a field is malformed: {error}") from error
    check_track(track)
    if listed_as != song_id:
        raise BadSong(f"song {listed_as} is {song_id} in the list of tracks")
    return track


def _text(field: str) -> str:
    """Return the text of bytes as Python shows them, `b'…'`."""
    try:
        value = ast.literal_eval(field)
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"not bytes: {field!r}") from error
    if not isinstance(value, bytes):
        raise ValueError(f"not bytes: {field!r}")  # noqa: TRY004 - of the field, not of a type
    return value.decode("utf-8")


def _lines(path: Path, origin: str, rejected: list[Rejected]) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; titles may hold what `splitlines` takes for an end."""
    with path.open("rb") as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                text = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                rejected.append(Rejected(f"{origin}:{line}", "not UTF-8"))
                continue
            if text:
                yield line, text
