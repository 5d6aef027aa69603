"""The rules that hold inside every dataset, each checked over whole columns at once."""

from dataclasses import fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import (
    Albums,
    Artists,
    Features,
    Genres,
    Ids,
    Listens,
    Ragged,
    Songs,
    Text,
)
from segue_model.data.errors import DatasetError, RowError
from segue_model.data.layout import (
    ALBUMS,
    ARTISTS,
    FEATURES,
    GENRE_LENGTH,
    GENRES,
    LISTENS,
    MSD_ID_LENGTH,
    NAME_LENGTH,
    SONGS,
)

LAST_YEAR: Final = 9999


def check_ids(file: str, ids: Ids) -> None:
    """Raise `DatasetError` unless the ids of a file are at least 1, differ and are in order."""
    _within(file, "id", ids, ids >= 1)
    at = _first(np.diff(ids) <= 0)
    if at is None:
        return
    above, found = ids[at], ids[at + 1]
    if (ids[: at + 1] == found).any():
        raise RowError(file, at + 1, f"id: {found} is there twice")
    raise RowError(file, at + 1, f"id: {found} after {above}; rows must be in the order of ids")


def check_artists(artists: Artists) -> None:
    """Raise `DatasetError` unless the artists have ids in order and names."""
    _aligned(ARTISTS.file, artists)
    check_ids(ARTISTS.file, artists.ids)
    _given(ARTISTS.file, "name", artists.names)
    _fits(ARTISTS.file, "name", artists.names, NAME_LENGTH)
    _fits(ARTISTS.file, "msd_artist_id", artists.msd_artist_ids, MSD_ID_LENGTH)


def check_genres(genres: Genres) -> None:
    """Raise `DatasetError` unless the genres have ids in order and names that differ."""
    _aligned(GENRES.file, genres)
    check_ids(GENRES.file, genres.ids)
    _given(GENRES.file, "name", genres.names)
    _fits(GENRES.file, "name", genres.names, GENRE_LENGTH)
    seen: set[str] = set()
    for row, name in enumerate(genres.names):
        if name != name.strip():
            raise RowError(GENRES.file, row, f"name: spaces around {name!r}")
        if name.casefold() in seen:
            raise RowError(GENRES.file, row, f"name: {name!r} is there twice")
        seen.add(name.casefold())


def check_albums(albums: Albums, artists: Artists) -> None:
    """Raise `DatasetError` unless the albums have ids in order and artists that exist."""
    _aligned(ALBUMS.file, albums)
    check_ids(ALBUMS.file, albums.ids)
    _given(ALBUMS.file, "title", albums.titles)
    _fits(ALBUMS.file, "title", albums.titles, NAME_LENGTH)
    _refers(ALBUMS.file, "artist_id", albums.artists, artists.ids)


def check_songs(songs: Songs, artists: Artists, albums: Albums, genres: Genres) -> None:
    """Raise `DatasetError` unless there are songs, of sound values, that refer to what exists."""
    file = SONGS.file
    _aligned(file, songs)
    if not len(songs.ids):
        raise DatasetError(file, None, "no songs")
    check_ids(file, songs.ids)
    _fits(file, "title", songs.titles, NAME_LENGTH)
    _fits(file, "msd_track_id", songs.msd_track_ids, MSD_ID_LENGTH)
    _fits(file, "msd_song_id", songs.msd_song_ids, MSD_ID_LENGTH)
    _refers(file, "artist_id", songs.artists, artists.ids)
    _refers(file, "album_id", songs.albums, albums.ids, unknown=0)
    _refers(file, "genre_ids", songs.genres.values, genres.ids, rows=songs.genres.rows())
    _no_genre_twice(songs.genres)
    _within(file, "year", songs.years, (songs.years >= 0) & (songs.years <= LAST_YEAR))
    _within(file, "duration", songs.durations, _positive_or_unknown(songs.durations))
    _within(file, "tempo", songs.tempos, _positive_or_unknown(songs.tempos))
    shares = (songs.popularity >= 0) & (songs.popularity <= 1)
    _within(file, "popularity", songs.popularity, shares)


def check_features(features: Features, songs: Songs) -> None:
    """Raise `DatasetError` unless every song has its row of finite features."""
    if not features.columns:
        raise DatasetError(FEATURES, None, "no feature columns")
    expected = (len(songs.ids), len(features.columns))
    if features.values.shape != expected:
        raise DatasetError(FEATURES, None, f"shape {features.values.shape}, not {expected}")
    at = _first(~np.isfinite(features.values))
    if at is not None:
        row, column = divmod(at, len(features.columns))
        name, value = features.columns[column], features.values[row, column]
        raise RowError(FEATURES, row, f"{name}: not a finite number: {value}")


def check_listens(listens: Listens, songs: Songs) -> None:
    """Raise `DatasetError` unless each listener's songs exist, once each and in order."""
    file = LISTENS.file
    _aligned(file, listens)
    _within(file, "listener_id", listens.listeners, listens.listeners >= 1)
    _refers(file, "song_id", listens.songs, songs.ids)
    _within(file, "plays", listens.plays, listens.plays >= 1)
    pairs = listens.listeners.astype(np.int64) << 32 | listens.songs
    at = _first(np.diff(pairs) <= 0)
    if at is not None:
        reason = "the listener and song of the row above, or rows not in the order of both"
        raise RowError(file, at + 1, f"listener_id, song_id: {reason}")


def _aligned(file: str, part: Any) -> None:  # noqa: ANN401 - any dataclass of columns
    if len({len(getattr(part, field.name)) for field in fields(part)}) > 1:
        raise DatasetError(file, None, "columns of different lengths")


def _given(file: str, name: str, column: Text) -> None:
    at = _first(column == "")
    if at is not None:
        raise RowError(file, at, f"{name}: empty")


def _fits(file: str, name: str, column: Text, longest: int) -> None:
    for row, text in enumerate(column):
        if len(text) > longest:
            raise RowError(file, row, f"{name}: longer than {longest} characters")
        if "\n" in text or "\r" in text:
            raise RowError(file, row, f"{name}: a line break, or a quote that is not closed")


def _refers(  # noqa: PLR0913 - one rule, told wholly at the call
    file: str,
    name: str,
    column: Ids,
    known: Ids,
    *,
    rows: npt.NDArray[np.int64] | None = None,
    unknown: int | None = None,
) -> None:
    at = _first(~np.isin(column, known) & (column != unknown))
    if at is not None:
        row = at if rows is None else int(rows[at])
        raise RowError(file, row, f"{name}: {column[at]} does not exist")


def _no_genre_twice(genres: Ragged) -> None:
    pairs = genres.rows() << 32 | genres.values
    values, first = np.unique(pairs, return_index=True)
    if len(values) == len(pairs):
        return
    at = int(np.setdiff1d(np.arange(len(pairs)), first)[0])
    raise RowError(
        SONGS.file, int(genres.rows()[at]), f"genre_ids: {genres.values[at]} is there twice"
    )


def _within(
    file: str, name: str, column: npt.NDArray[np.generic], fine: npt.NDArray[np.bool_]
) -> None:
    at = _first(~fine)
    if at is not None:
        raise RowError(file, at, f"{name}: out of range: {column[at]}")


def _positive_or_unknown(column: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.isnan(column) | ((column > 0) & np.isfinite(column))


def _first(wrong: npt.NDArray[np.bool_]) -> int | None:
    """Return the flat position of the first fault."""
    return int(wrong.argmax()) if wrong.any() else None
