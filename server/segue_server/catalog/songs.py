"""Reads songs with all that is known of them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Dialect, Row, Select, bindparam, select

from segue_server.catalog.schema import album, artist, genre, song, song_genre
from segue_server.domain.model import Song
from segue_server.sql.threads import snapshot

# Databases take only so many parameters; SQLite the fewest, 32,766.
IDS_A_STATEMENT: Final = 30_000

# A row per genre of a song: one statement, and no limit on a concatenation to run into. The
# columns of `Song` come first, in its own order, but for the genres.
COLUMNS: Final = (
    song.c.id,
    song.c.title,
    artist.c.name,
    song.c.artist_id,
    album.c.title,
    song.c.year,
    song.c.duration,
    song.c.tempo,
    song.c.popularity,
    song.c.msd_track_id,
    song.c.msd_song_id,
)
SONGS: Final[Select[*tuple[Any, ...]]] = select(*COLUMNS, genre.c.name, song.c.place).select_from(
    song.join(artist, artist.c.id == song.c.artist_id)
    .outerjoin(album, album.c.id == song.c.album_id)
    .outerjoin(song_genre, song_genre.c.song_id == song.c.id)
    .outerjoin(genre, genre.c.id == song_genre.c.genre_id)
)

# Statements made once: to put one together takes longer than to find a song.
WANTED: Final[BindParameter[Any]] = bindparam("wanted", expanding=True)
BY_ID: Final = SONGS.where(song.c.id.in_(WANTED)).order_by(song.c.id, song_genre.c.position)
BY_PLACE: Final = SONGS.where(song.c.place.in_(WANTED)).order_by(
    song.c.place, song_genre.c.position
)
KNOWN: Final = select(song.c.id).where(song.c.id.in_(WANTED))


def read_songs(connection: Connection, ids: Collection[int]) -> dict[int, Song]:
    """Return the songs that exist, by id, with one statement for all but the largest batches."""
    wanted = list(ids)
    if len(wanted) > IDS_A_STATEMENT:
        with snapshot(connection):
            return _in_parts(connection, wanted)
    return _by_id(connection, wanted)


def read_places(connection: Connection, places: Collection[int]) -> dict[int, Song]:
    """Return the songs by place, a page of them at the most, with one statement."""
    if not places:
        return {}
    return dict(_songs(_rows(connection, BY_PLACE, places)))


def known_ids(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """Return those of `ids` that are songs."""
    if not ids:
        return frozenset()
    return frozenset(song_id for (song_id,) in _rows(connection, KNOWN, ids))


def _in_parts(connection: Connection, ids: list[int]) -> dict[int, Song]:
    found: dict[int, Song] = {}
    for start in range(0, len(ids), IDS_A_STATEMENT):
        found |= _by_id(connection, ids[start : start + IDS_A_STATEMENT])
    return found


def _by_id(connection: Connection, ids: list[int]) -> dict[int, Song]:
    if not ids:
        return {}
    return {each.id: each for _, each in _songs(_rows(connection, BY_ID, ids))}


def _rows(
    connection: Connection, statement: Select[*tuple[Any, ...]], wanted: Collection[int]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows of a statement for `wanted`.

    They come as the driver gives them, which is as they are wanted. To have SQLAlchemy fill in the
    list and look at each column anew takes half as long as MySQL needs to find a song.
    """
    before, mark, behind = _text(statement, connection.dialect)
    marks = ", ".join([mark] * len(wanted))
    return connection.exec_driver_sql(f"{before}({marks}){behind}", tuple(wanted)).all()


@lru_cache(maxsize=64)
def _text(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> tuple[str, str, str]:
    """Return what stands before the list of `wanted`, for each of them, and behind the list."""
    of_zero = statement.params(wanted=[0]).compile(
        dialect=dialect, compile_kwargs={"literal_binds": True}
    )
    before, behind = str(of_zero).split("(0)")
    return before, "?" if dialect.paramstyle == "qmark" else "%s", behind


def _songs(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Song]]:
    """Yield each song with its place, from its rows, which stand together."""
    for _, several in groupby(rows, key=itemgetter(0)):
        first, *others = several
        song_id, title, artist_name, artist_id, album_title, *rest, name, place = first
        year, *measured_and_msd_ids = rest
        genres = () if name is None else (name, *(each[-2] for each in others))
        yield (
            place,
            Song(
                *(song_id, title or None, artist_name, artist_id, album_title or None),
                *(year, genres, *measured_and_msd_ids),
            ),
        )
