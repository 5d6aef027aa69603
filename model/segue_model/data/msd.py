"""The Million Song Dataset source: HDF5 files, catalogue tables and listens into one dataset."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np

from segue_model.data.columns import (
    Albums,
    Artists,
    Genres,
    Ids,
    Listens,
    Ragged,
    Songs,
    popularity,
    texts,
)
from segue_model.data.dataset import Dataset
from segue_model.data.msd_features import msd_features
from segue_model.data.msd_genres import genres_of
from segue_model.data.msd_library import Library, read_library
from segue_model.data.msd_sources import Sources
from segue_model.data.msd_tracks import Rejected, Track
from segue_model.data.triplets import Triplets, read_triplets
from segue_model.data.watching import Watch, unwatched

Key = TypeVar("Key", str, tuple[str, str], tuple[int, str])
ArtistKey: TypeAlias = tuple[str, str]
AlbumKey: TypeAlias = tuple[int, str]

NO_ALBUM: Final = 0


class Msd(NamedTuple):
    """The dataset, what was set aside on the way, and how many listens are of no song in it."""

    dataset: Dataset
    rejected: list[Rejected]
    strangers: int


class Numbers(NamedTuple):
    """The ids of artists, albums and genres by what tells them apart, in the order of ids."""

    artists: dict[ArtistKey, int]
    albums: dict[AlbumKey, int]
    genres: dict[str, int]


def msd_dataset(sources: Sources, workers: int = 1, watch: Watch = unwatched) -> Msd:
    """Return the dataset made of what was found; songs are numbered from 1 by track id.

    Raises: DatasetError when no song, or no listen of a file, can be used.
    """
    library = read_library(sources, workers, watch)
    triplets = _triplets(sources, library, watch)
    tracks = library.tracks
    named = [
        genres_of(library.labels.get(track.track_id, ()), library.terms.get(track.artist_id, ()))
        for track in tracks
    ]
    numbers = Numbers(
        _numbered(_artist_key(track) for track in tracks),
        _numbered(_album_key(track) for track in tracks if track.release),
        _numbered(name for names in named for name in names),
    )
    rejected = [*library.rejected, *triplets.rejected]
    dataset = Dataset(
        name="msd",
        artists=_artists(numbers),
        albums=_albums(tracks, numbers),
        genres=Genres(_ids(numbers.genres), texts(numbers.genres)),
        songs=_songs(tracks, named, numbers, triplets.listens),
        features=msd_features(tracks, library.terms),
        listens=triplets.listens,
        source=_source(sources, len(rejected)),
    )
    return Msd(dataset, rejected, triplets.strangers)


def _triplets(sources: Sources, library: Library, watch: Watch) -> Triplets:
    """Return the listens of the songs whose song id means the track that is here."""
    if not sources.triplets:
        return Triplets(Listens(*np.empty((3, 0), np.int32)), 0, 0, [])
    ids = {
        track.song_id: at
        for at, track in enumerate(library.tracks, start=1)
        if (track.song_id, track.track_id) not in library.mismatches
    }
    return read_triplets(sources.triplets, sources.called(sources.triplets), ids, watch)


def _songs(
    tracks: Sequence[Track], named: Sequence[Sequence[str]], numbers: Numbers, listens: Listens
) -> Songs:
    ids = np.arange(1, len(tracks) + 1, dtype=np.int32)
    return Songs(
        ids=ids,
        titles=texts(track.title for track in tracks),
        artists=_column(np.int32, (numbers.artists[_artist_key(track)] for track in tracks)),
        albums=_column(
            np.int32, (numbers.albums.get(_album_key(track), NO_ALBUM) for track in tracks)
        ),
        years=_column(np.int32, (track.year for track in tracks)),
        genres=Ragged.of([numbers.genres[name] for name in names] for names in named),
        durations=_column(np.float32, (track.duration for track in tracks)),
        tempos=_column(np.float32, (track.tempo or np.nan for track in tracks)),
        popularity=popularity(ids, listens),
        msd_track_ids=texts(track.track_id for track in tracks),
        msd_song_ids=texts(track.song_id for track in tracks),
    )


def _artists(numbers: Numbers) -> Artists:
    return Artists(
        _ids(numbers.artists),
        texts(name for _, name in numbers.artists),
        texts(msd_id for msd_id, _ in numbers.artists),
    )


def _albums(tracks: Iterable[Track], numbers: Numbers) -> Albums:
    """Return the albums, each of the artist who has the most songs on it."""
    on: dict[AlbumKey, Counter[int]] = {key: Counter() for key in numbers.albums}
    for track in tracks:
        if track.release:
            on[_album_key(track)][numbers.artists[_artist_key(track)]] += 1
    artists = (min(songs, key=lambda artist: (-songs[artist], artist)) for songs in on.values())
    return Albums(
        _ids(numbers.albums),
        texts(title for _, title in numbers.albums),
        _column(np.int32, artists),
    )


def _source(sources: Sources, rejected: int) -> Mapping[str, object]:
    """Return what the manifest says of the sources; nothing of where they lie."""
    files = (sources.features, sources.names, sources.terms, sources.labels, sources.mismatches)
    return {
        "kind": "msd",
        "hdf5_files": len(sources.song_files),
        "tables": [path.name for path in files if path],
        "triplets": sources.triplets.name if sources.triplets else None,
        "rejected": rejected,
    }


def _artist_key(track: Track) -> ArtistKey:
    """Return what makes an artist: an MSD artist under one of the names it is credited by."""
    return track.artist_id, track.artist


def _album_key(track: Track) -> AlbumKey:
    return track.release_id, track.release


def _numbered(keys: Iterable[Key]) -> dict[Key, int]:
    return {key: at for at, key in enumerate(sorted(set(keys)), start=1)}


def _ids(numbered: Mapping[Key, int]) -> Ids:
    return _column(np.int32, numbered.values())


def _column(dtype: Any, values: Iterable[float]) -> Any:  # noqa: ANN401 - one column or another
    return np.fromiter(values, dtype)
