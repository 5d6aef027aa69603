"""Brings what the files of the Million Song Dataset say together: each song once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from segue_model.data import msd_tables
from segue_model.data.errors import DatasetError
from segue_model.data.msd_hdf5 import Terms, read_song_files
from segue_model.data.msd_sources import Sources
from segue_model.data.msd_tracks import Rejected, Track
from segue_model.data.watching import Watch

Pairs = Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """The tracks by track id, no two of one song; what is known of them; what was set aside.

    `terms` are by artist id, `labels` by track id; `mismatches` are the pairs of song id and
    track id whose listens belong to another song.
    """

    tracks: Sequence[Track]
    terms: Terms
    labels: Mapping[str, tuple[str, ...]]
    mismatches: Pairs
    rejected: list[Rejected]


def read_library(sources: Sources, workers: int, watch: Watch) -> Library:
    """Return what the sources say; where a file and a table tell of a track, the file is right.

    Raises: DatasetError when no song can be used.
    """
    files = read_song_files(sources.folder, sources.song_files, workers, watch)
    rejected = list(files.rejected)
    mismatches = msd_tables.read_mismatches(sources.mismatches) if sources.mismatches else set()
    tracks = _each_track_once(
        [*files.tracks, *_table_tracks(sources, files.tracks, rejected)], rejected
    )
    tracks = _each_song_once(tracks, mismatches, rejected)
    if not tracks:
        reason = f"no song can be used; {len(rejected)} set aside"
        first = f", the first: {rejected[0].path}: {rejected[0].reason}" if rejected else ""
        raise DatasetError(str(sources.folder), None, reason + first)
    return Library(
        tracks,
        _terms(sources, files.terms, rejected),
        _labels(sources, rejected),
        mismatches,
        rejected,
    )


def _table_tracks(
    sources: Sources, of_files: Iterable[Track], rejected: list[Rejected]
) -> list[Track]:
    """Return the tracks of the tables that have no file."""
    if not (sources.features and sources.names):
        return []
    names = msd_tables.read_names(sources.names, sources.called(sources.names), rejected)
    called = sources.called(sources.features)
    tracks = msd_tables.read_tracks(sources.features, called, names, rejected)
    known = {track.track_id for track in of_files}
    return [track for track in tracks if track.track_id not in known]


def _each_track_once(tracks: Iterable[Track], rejected: list[Rejected]) -> list[Track]:
    """Return the first of each track id."""
    first: dict[str, Track] = {}
    for track in tracks:
        kept = first.setdefault(track.track_id, track)
        if kept is not track:
            rejected.append(Rejected(track.origin, f"the same track as {kept.origin}"))
    return list(first.values())


def _each_song_once(
    tracks: Iterable[Track], mismatches: Pairs, rejected: list[Rejected]
) -> list[Track]:
    """Return the tracks by track id, of each song the first that is no mismatch."""
    first: dict[str, Track] = {}
    for track in sorted(tracks, key=lambda t: ((t.song_id, t.track_id) in mismatches, t.track_id)):
        kept = first.setdefault(track.song_id, track)
        if kept is not track:
            reason = f"the same song ({track.song_id}) as {kept.origin}"
            rejected.append(Rejected(track.origin, reason))
    return sorted(first.values(), key=lambda track: track.track_id)


def _terms(sources: Sources, of_files: Terms, rejected: list[Rejected]) -> Terms:
    if not sources.terms:
        return of_files
    called = sources.called(sources.terms)
    return msd_tables.read_artist_terms(sources.terms, called, rejected) | of_files


def _labels(sources: Sources, rejected: list[Rejected]) -> Mapping[str, tuple[str, ...]]:
    if not sources.labels:
        return {}
    return msd_tables.read_labels(sources.labels, sources.called(sources.labels), rejected)
