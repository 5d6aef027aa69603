"""Ranks songs by popularity alone, under everything else that a query asks."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from segue_server.catalog.schema import catalog_info, genre, song, song_genre
from segue_server.domain.model import Filter, RankedSong, RankQuery, Source

# How many of the best songs are looked at for each one wanted, when an artist may have a few
# only, and by how much to widen the look when that was not enough.
DEPTH: Final = 20
WIDENING: Final = 10

Rows = Sequence[Row[*tuple[Any, ...]]]


def rank_popular(connection: Connection, query: RankQuery) -> tuple[RankedSong, ...]:
    """Return the most popular `query.k` songs that the query allows, equal ones by id."""
    best = (
        select(song.c.place, song.c.id, song.c.artist_id, song.c.popularity)
        .where(*_conditions(connection, query))
        .order_by(song.c.place)
    )
    if query.max_per_artist:
        rows = _few_of_each_artist(connection, best, query)
    else:
        rows = connection.execute(best.limit(query.k)).all()
    return tuple(RankedSong(row.id, row.popularity, Source.POPULAR) for row in rows)


def _few_of_each_artist(
    connection: Connection, best: Select[*tuple[Any, ...]], query: RankQuery
) -> Rows:
    """Return the best `k` songs with at most `max_per_artist` of one artist.

    An artist's songs among the best are the artist's best songs, so to look at the head of the
    list is enough; only when it runs out, a longer one is looked at.
    """
    depth = DEPTH * query.k
    while True:
        head = best.limit(depth).subquery()
        rank = func.row_number().over(partition_by=head.c.artist_id, order_by=head.c.place)
        ranked = select(
            head, rank.label("rank_of_artist"), func.count().over().label("looked_at")
        ).subquery()
        statement = (
            select(ranked)
            .where(ranked.c.rank_of_artist <= query.max_per_artist)
            .order_by(ranked.c.place)
            .limit(query.k)
        )
        rows = connection.execute(statement).all()
        if len(rows) == query.k or not rows or rows[0].looked_at < depth:
            return rows
        depth *= WIDENING


def _conditions(connection: Connection, query: RankQuery) -> Iterator[ColumnElement[bool]]:
    if query.filter.genres:
        looked_at = query.k * (DEPTH if query.max_per_artist else 1)
        yield _of_genres(connection, query.filter.genres, looked_at)
    yield from _filter(query.filter)
    banned = {*query.songs, *query.excluded_songs}
    if banned:
        yield song.c.id.not_in(sorted(banned))
    if query.excluded_artists:
        yield song.c.artist_id.not_in(query.excluded_artists)
    if query.exclude_seed_artists and query.songs:
        seeds = song.alias("seed")
        yield song.c.artist_id.not_in(select(seeds.c.artist_id).where(seeds.c.id.in_(query.songs)))


def _filter(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.artist_ids:
        yield song.c.artist_id.in_(wanted.artist_ids)
    # A comparison with NULL, the unknown, is not true: such a song satisfies no bound.
    if wanted.min_year is not None:
        yield song.c.year >= wanted.min_year
    if wanted.max_year is not None:
        yield song.c.year <= wanted.max_year
    if wanted.min_tempo is not None:
        yield song.c.tempo >= wanted.min_tempo
    if wanted.max_tempo is not None:
        yield song.c.tempo <= wanted.max_tempo


def _of_genres(connection: Connection, names: Sequence[str], looked_at: int) -> ColumnElement[bool]:
    """Return the condition, written for what costs less: down the list, or from the genres.

    Of genres that have a share `s` of `n` songs, `looked_at / s` songs of the list hold enough;
    from the genres, `s * n` are found and sorted. A song costs about the same either way.
    """
    named = genre.c.name_key.in_(sorted({name.casefold() for name in names}))
    of_genres = (
        select(song_genre.c.song_id).join(genre, genre.c.id == song_genre.c.genre_id).where(named)
    )
    all_songs = select(catalog_info.c.song_count).scalar_subquery()
    counts = select(func.sum(genre.c.song_count), all_songs).where(named)
    of_named, songs = (int(count or 0) for count in connection.execute(counts).one())
    if of_named**2 < looked_at * songs:
        return song.c.id.in_(of_genres)
    # EXISTS would say the same, but MariaDB makes a join of it and begins with the genres.
    of_song = of_genres.where(song_genre.c.song_id == song.c.id).with_only_columns(func.count())
    return of_song.correlate(song).scalar_subquery() > 0
