"""Search and popular songs against plain Python, over many songs of few words."""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog_dataset import SongRow, Songs
from catalog_use import filled, search_all, soon
from segue_server.catalog import places
from segue_server.catalog.fts5 import Fts5
from segue_server.catalog.fulltext import Fulltext
from segue_server.catalog.places import Plan, Sought
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.catalog.text_index import TextIndex
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded
from segue_server.domain.model import Filter, RankedSong, RankQuery, Source

NewDatabase = Callable[[], str]

WORDS = ("a", "the", "love", "lover", "lo", "night", "knight", "sun", "no", "of", "not", "zebra")
WEIGHTS = (30, 60, 20, 10, 5, 10, 5, 5, 20, 60, 3, 1)
NAMES = {1: "Rock", 2: "Jazz", 3: "Straße"}


def _many_songs() -> Songs:
    rng = random.Random(7)

    def name() -> str:
        return " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(1, 3))).title()

    songs = [
        SongRow(
            id=3 * n + 1,
            title=name(),
            artist_id=rng.randint(1, 25),
            album_id=rng.choice([None, *range(1, 20)]),
            year=rng.choice([None, 1970, 1971, 1999, 2005]),
            genre_ids=tuple(rng.sample(sorted(NAMES), rng.randint(0, 3))),
            tempo=rng.choice([None, 80.0, 100.5, 120.0, 161.25]),
            popularity=rng.choice([0.0, 0.0, 0.1, 0.2, 1 / 3, 0.9]),
        )
        for n in range(400)
    ]
    # So many hits of one artist that the others are out of sight at first.
    songs += [SongRow(5000 + n, name(), 25, popularity=1.0) for n in range(60)]
    artists = {n: name() for n in range(1, 26)}
    return Songs(songs, artists, {n: (name(), rng.randint(1, 25)) for n in range(1, 20)}, NAMES)


MANY = _many_songs()


@pytest.fixture(scope="module")
def many(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlCatalog]:
    url = filled(new_database(), tmp_path_factory.mktemp("many"), MANY)
    catalog = open_catalog(url, pool_size=2)
    yield catalog
    catalog.close()


def _best_first(songs: Iterable[SongRow]) -> list[SongRow]:
    return sorted(songs, key=lambda song: (-song.popularity, song.id))


def _searched(query: str) -> list[int]:
    """Return what a search must find, by the definition in the contract."""

    def words(song: SongRow) -> list[str]:
        album = MANY.albums[song.album_id][0] if song.album_id else ""
        return f"{song.title} {MANY.artists[song.artist_id]} {album}".lower().split()

    hits = [
        song
        for song in MANY.songs
        if all(any(word.startswith(each) for word in words(song)) for each in query.split())
    ]
    hits = sorted(_best_first(hits), key=lambda song: song.title.lower() != query)
    return [song.id for song in hits]


Way = Callable[[pytest.MonkeyPatch], None]


def _price(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    for each in (Fts5, Fulltext):
        monkeypatch.setattr(each, what, 1e9)


def _walk_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    def planned(index: TextIndex, sought: Sought, limit: int) -> Plan:
        return Plan(sought.after + 37, tuple(filter(index.takes, sought.words)))

    monkeypatch.setattr(places, "plan", planned)


WAYS: dict[str, Way] = {
    "as planned": lambda _: None,
    "down the list": lambda monkeypatch: _price(monkeypatch, "posting"),
    "by the text index": lambda monkeypatch: _price(monkeypatch, "reading"),
    "by both in turn": _walk_a_little,
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_page_of_every_search_is_what_the_definition_says(
    many: SqlCatalog, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    WAYS[way](monkeypatch)
    rng = random.Random(way)
    for _ in range(25):
        wanted = rng.choices(WORDS, WEIGHTS, k=rng.randint(1, 3))
        query = " ".join(word[: rng.randint(1, 6)] for word in wanted)
        assert await search_all(many, query, rng.choice([20, 50, 1000])) == _searched(query), query


@pytest.mark.parametrize("way", WAYS)
async def test_words_of_all_scripts_are_found(
    new_database: NewDatabase, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last three hold letters that MariaDB does not know for letters."""
    WAYS[way](monkeypatch)
    titles = ("Ёлка", "ΩΜΕΓΑ", "東京事変", "서울의 달", "ไทยแลนด์", "हिन्दी", "Aͷb cd", "𠀀𠀁", "x𐤀y")
    songs = [SongRow(n, f"{title} the of to", 1) for n, title in enumerate(titles, 1)]
    catalog = open_catalog(filled(new_database(), tmp_path, Songs(songs, {1: "?"})), 1)
    try:
        for n, title in enumerate(titles, 1):
            for length in range(1, len(title) + 1):
                if title[length - 1] != " ":
                    assert await search_all(catalog, f"{title[:length]} th", 20) == [n]
            assert await search_all(catalog, f"{title}z", 20) == []
    finally:
        catalog.close()


async def test_pages_may_change_their_size_on_the_way(many: SqlCatalog) -> None:
    first = await many.search("lo", 3, "", soon())
    second = await many.search("lo", 5, first.next_token, soon())
    ids = [song.id for page in (first, second) for song in page.items]
    assert ids == _searched("lo")[:8]


def _popular(query: RankQuery) -> tuple[RankedSong, ...]:
    """Return the popular songs that a query allows, by the definition in the port."""
    seeds = {song.artist_id for song in MANY.songs if song.id in query.songs}
    taken: dict[int, int] = {}
    answer = []
    for song in _best_first(MANY.songs):
        if not _allows(query.filter, song) or song.id in {*query.songs, *query.excluded_songs}:
            continue
        if song.artist_id in query.excluded_artists:
            continue
        if query.exclude_seed_artists and song.artist_id in seeds:
            continue
        if query.max_per_artist and taken.get(song.artist_id, 0) == query.max_per_artist:
            continue
        taken[song.artist_id] = taken.get(song.artist_id, 0) + 1
        answer.append(RankedSong(song.id, song.popularity, Source.POPULAR))
    return tuple(answer[: query.k])


def _allows(wanted: Filter, song: SongRow) -> bool:
    names = {NAMES[each].casefold() for each in song.genre_ids}
    return (
        (not wanted.genres or not names.isdisjoint(name.casefold() for name in wanted.genres))
        and (not wanted.artist_ids or song.artist_id in wanted.artist_ids)
        and _within(song.year, wanted.min_year, wanted.max_year)
        and _within(song.tempo, wanted.min_tempo, wanted.max_tempo)
    )


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _random_query(rng: random.Random) -> RankQuery:
    ids = [song.id for song in MANY.songs] + [2, 5, 2000]

    def some(values: Iterable[int], most: int) -> tuple[int, ...]:
        return tuple(rng.sample(sorted(values), rng.choice([0, 0, most // 4, most])))

    return RankQuery(
        songs=some(ids, 20),
        k=rng.choice([1, 3, 10, 100]),
        filter=Filter(
            genres=rng.choice([(), (), ("rock",), ("JAZZ", "strasse"), ("polka",)]),
            artist_ids=some(range(1, 30), 12),
            min_year=rng.choice([None, None, 1971, 2006]),
            max_year=rng.choice([None, None, 1971, 1999]),
            min_tempo=rng.choice([None, None, 100.5]),
            max_tempo=rng.choice([None, None, 100.5, 161.25]),
        ),
        excluded_songs=some(ids, 200),
        excluded_artists=some(range(1, 30), 8),
        exclude_seed_artists=rng.random() < 0.3,
        max_per_artist=rng.choice([0, 0, 1, 2, 5]),
    )


async def test_popular_songs_are_what_the_definition_says(many: SqlCatalog) -> None:
    rng = random.Random(13)
    found = 0
    for _ in range(300):
        query = _random_query(rng)
        answer = await many.popular(query, soon())
        assert answer == _popular(query), query
        found += len(answer)
    assert found > 1000


async def test_few_songs_of_each_artist_are_found_however_deep_they_lie(many: SqlCatalog) -> None:
    for k in (1, 2, 3, 25, 1000):
        query = RankQuery((), k, max_per_artist=1)
        answer = await many.popular(query, soon())
        assert answer == _popular(query)
        assert len(answer) == min(k, 25)


async def test_a_statement_that_takes_too_long_is_given_up_by_the_database_too(
    many: SqlCatalog,
) -> None:
    songs = "song_text a, song_text b, song_text c"
    endless = text(f"SELECT count(*) FROM {songs} WHERE a.place + b.place < c.place")
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            await many._threads.read(lambda c: c.execute(endless).all(), Deadline.after(0.1))
    # With two threads, this would wait for the statements if they still ran.
    assert await many.known([1], Deadline.after(0.5)) == {1}
