"""Reads the per-song HDF5 files of the Million Song Dataset; a bad one stops nothing."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import h5py
import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Numbers
from segue_model.data.msd_tracks import BadSong, Rejected, Track, check_track
from segue_model.data.watching import Watch, unwatched

Terms: TypeAlias = dict[str, tuple[str, ...]]

SEGMENT_COLUMNS: Final = 12
FILES_AT_ONCE: Final = 64
# What h5py raises on a file that is cut off, is of another kind or lacks a part.
UNREADABLE: Final = (OSError, KeyError, ValueError, IndexError, RuntimeError, TypeError)


class SongFile(NamedTuple):
    """What a file tells: the track, and its artist's terms, the strongest first."""

    track: Track
    terms: tuple[str, ...]


class SongFiles(NamedTuple):
    """What all files tell: their tracks in the order of the files, each artist's terms."""

    tracks: list[Track]
    terms: Terms
    rejected: list[Rejected]


def read_song_files(
    folder: Path, paths: Sequence[Path], workers: int = 1, watch: Watch = unwatched
) -> SongFiles:
    """Return the songs of the files at `paths`, all in `folder`; files that hold none set aside.

    The result does not depend on `workers`, the number of processes that read.
    """
    found = SongFiles([], {}, [])
    with _mapping(workers) as mapped:
        outcomes = mapped(partial(_read_or_reject, folder), paths)
        for outcome in watch(outcomes, "Reading HDF5 files", len(paths)):
            if isinstance(outcome, Rejected):
                found.rejected.append(outcome)
                continue
            found.tracks.append(outcome.track)
            # Every file of an artist has the same terms; the first is as good as the last.
            found.terms.setdefault(outcome.track.artist_id, outcome.terms)
    return found


def read_song_file(path: Path, origin: str) -> SongFile:
    """Return what one file tells; `origin` is what it is called in the result.

    Raises: BadSong.
    """
    try:
        with h5py.File(path, "r") as file:
            track, terms = _track(file, origin), _terms(file)
    except UNREADABLE as error:
        raise BadSong(f"not a readable HDF5 song file: {error}") from error
    check_track(track)
    return SongFile(track, terms)


@contextmanager
def _mapping(workers: int) -> Iterator[Any]:
    """Yield a `map` that works in so many processes, keeping the order."""
    if workers == 1:
        yield map
        return
    # Not forked: the progress bar has a thread of its own.
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, context) as pool:
        yield partial(pool.map, chunksize=FILES_AT_ONCE)


def _read_or_reject(folder: Path, path: Path) -> SongFile | Rejected:
    origin = path.relative_to(folder).as_posix()
    try:
        return read_song_file(path, origin)
    except BadSong as reason:
        return Rejected(origin, str(reason))


def _track(file: Any, origin: str) -> Track:  # noqa: ANN401 - h5py ships no types
    metadata = _only_row(file, "metadata/songs")
    analysis = _only_row(file, "analysis/songs")
    year = _only_row(file, "musicbrainz/songs")["year"]
    return Track(
        origin=origin,
        track_id=_text(analysis["track_id"]),
        song_id=_text(metadata["song_id"]),
        title=_text(metadata["title"]),
        artist_id=_text(metadata["artist_id"]),
        artist=_text(metadata["artist_name"]),
        release_id=int(metadata["release_7digitalid"]),
        release=_text(metadata["release"]),
        year=int(year),
        duration=float(analysis["duration"]),
        tempo=float(analysis["tempo"]),
        loudness=float(analysis["loudness"]),
        key=int(analysis["key"]),
        key_confidence=float(analysis["key_confidence"]),
        mode=int(analysis["mode"]),
        time_signature=int(analysis["time_signature"]),
        time_signature_confidence=float(analysis["time_signature_confidence"]),
        sound=_sound(file, int(analysis["key"])),
    )


def _only_row(file: Any, name: str) -> Any:  # noqa: ANN401 - h5py ships no types
    rows = file[name]
    if len(rows) != 1:
        raise BadSong(f"{name}: {len(rows)} rows; a song's own file has 1")
    return rows[0]


def _terms(file: Any) -> tuple[str, ...]:  # noqa: ANN401 - h5py ships no types
    terms: list[str] = [_text(term) for term in file["metadata/artist_terms"][:]]
    weights = np.asarray(file["metadata/artist_terms_weight"][:], np.float64)
    strongest = np.argsort(-weights, kind="stable")
    return tuple(terms[at] for at in strongest)


def _sound(file: Any, key: int) -> Numbers:  # noqa: ANN401 - h5py ships no types
    """Return the means and deviations of timbre and pitches, these counted from the key, [48]."""
    timbre = _segments(file, "analysis/segments_timbre")
    pitches = np.roll(_segments(file, "analysis/segments_pitches"), -key, axis=1)
    return np.concatenate([_statistics(timbre), _statistics(pitches)]).astype(np.float32)


def _segments(file: Any, name: str) -> npt.NDArray[np.float64]:  # noqa: ANN401 - h5py ships no types
    segments = np.asarray(file[name][:], np.float64)
    if segments.ndim != 2 or segments.shape[1] != SEGMENT_COLUMNS:  # noqa: PLR2004 - a matrix
        raise BadSong(f"{name}: shape {segments.shape}, not rows of {SEGMENT_COLUMNS}")
    if not np.isfinite(segments).all():
        raise BadSong(f"{name}: not finite")
    return segments


def _statistics(segments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if not len(segments):
        return np.full(2 * SEGMENT_COLUMNS, np.nan)
    return np.concatenate([segments.mean(axis=0), segments.std(axis=0)])


def _text(value: bytes) -> str:
    return value.decode("utf-8")
