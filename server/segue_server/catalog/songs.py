"""Reads songs with all that is known of them."""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from segue_server.catalog.schema import album, artist, genre, song, song_genre
from segue_server.domain.model import Song

# Databases take only so many parameters; SQLite the fewest, 32,766.
IDS_A_STATEMENT: Final = 30_000

# A row per genre of a song: one statement, and no limit on a concatenation to run into.
SONGS = (
    select(
        song.c.id,
        song.c.title,
        artist.c.name.label("artist"),
        song.c.artist_id,
        album.c.title.label("album"),
        song.c.year,
        song.c.duration,
        song.c.tempo,
        song.c.popularity,
        song.c.msd_track_id,
        song.c.msd_song_id,
        genre.c.name.label("genre"),
    )
    .select_from(
        song.join(artist, artist.c.id == song.c.artist_id)
        .outerjoin(album, album.c.id == song.c.album_id)
        .outerjoin(song_genre, song_genre.c.song_id == song.c.id)
        .outerjoin(genre, genre.c.id == song_genre.c.genre_id)
    )
    .order_by(song.c.id, song_genre.c.position)
)


def read_songs(connection: Connection, ids: Collection[int]) -> Mapping[int, Song]:
    """Return the songs that exist, by id, with one statement for all but the largest batches."""
    wanted = list(ids)
    found: dict[int, Song] = {}
    for start in range(0, len(wanted), IDS_A_STATEMENT):
        part = wanted[start : start + IDS_A_STATEMENT]
        rows = connection.execute(SONGS.where(song.c.id.in_(part)))
        found |= {key: _song(each) for key, each in groupby(rows, key=lambda row: int(row.id))}
    return found


def known_ids(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """Return those of `ids` that are songs."""
    if not ids:
        return frozenset()
    return frozenset(connection.scalars(select(song.c.id).where(song.c.id.in_(ids))))


def _song(rows: Iterable[Row[*tuple[Any, ...]]]) -> Song:
    several = tuple(rows)
    row = several[0]
    return Song(
        id=row.id,
        title=row.title or None,
        artist=row.artist,
        artist_id=row.artist_id,
        album=row.album or None,
        year=row.year,
        genres=tuple(each.genre for each in several if each.genre is not None),
        duration=row.duration,
        tempo=row.tempo,
        popularity=row.popularity,
        msd_track_id=row.msd_track_id,
        msd_song_id=row.msd_song_id,
    )
