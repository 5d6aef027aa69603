"""How the databases go about what they are asked: along indexes, and no further than needed."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from catalog_dataset import SongRow, Songs
from catalog_use import filled, soon
from mariadb import MariaDB
from segue_server.catalog.fts5 import Fts5
from segue_server.catalog.fulltext import KNOWN, Fulltext
from segue_server.catalog.places import Plan, Sought, plan
from segue_server.catalog.schema import song_text
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.catalog.text_index import TEXT_INDEXES, TextIndex
from segue_server.catalog.words import fold
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded
from segue_server.domain.model import Filter, RankQuery
from segue_server.sql.page_tokens import encode, question

NewDatabase = Callable[[], str]
Parameters = Any
Asked = list[tuple[str, Parameters]]

SONGS = 4_000
# Of so few rows here that a server may prefer to read them all; one row, wherever it is.
SMALL = {"artist", "album", "genre", "catalog_info"}
COMMON = ("love", "night", "the", "of")
# The songs by place, and what is left of them.
IN_ORDER = re.compile(r"song .*ix_song_place.*|anon_\d+|\(subquery-\d+\)")
TITLE = "Whole Title"  # that of several songs, so that a page of them has another behind it


def _songs() -> Songs:
    rng = random.Random(5)
    songs = [
        SongRow(
            id=n,
            title=TITLE
            if n % 100 == 50
            else f"{rng.choice(COMMON)} {rng.choice(COMMON)} rare{n // 3}",
            artist_id=rng.randint(1, 300),
            album_id=rng.choice([None, *range(1, 100)]),
            year=rng.choice([None, 1970, 1999]),
            genre_ids=(rng.randint(1, 20),),
            popularity=rng.random(),
        )
        for n in range(1, SONGS + 1)
    ]
    artists = {n: f"Artist{n}" for n in range(1, 301)}
    genres = {n: f"Genre{n}" for n in range(1, 21)}
    return Songs(songs, artists, {n: (f"Album{n}", n) for n in range(1, 101)}, genres)


@pytest.fixture(scope="module")
def catalog(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlCatalog]:
    catalog = open_catalog(filled(new_database(), tmp_path_factory.mktemp("plans"), _songs()), 1)
    yield catalog
    catalog.close()


@pytest.fixture
def asked(catalog: SqlCatalog) -> Iterator[Asked]:
    """The statements asked of the database since the test began, and their parameters."""
    statements: Asked = []

    def remember(*arguments: object) -> None:
        statements.append((str(arguments[2]), arguments[3]))

    engine = catalog._threads._engine
    event.listen(engine, "before_cursor_execute", remember)
    yield statements
    event.remove(engine, "before_cursor_execute", remember)


async def _scans(catalog: SqlCatalog, asked: Asked) -> list[str]:
    """Return the tables but `SMALL` that are read from end to end by what was asked."""
    selects = [each for each in asked if "SELECT" in each[0]]
    asked.clear()
    assert selects

    def explain(connection: Connection) -> list[str]:
        scanned = _scanned_by_sqlite if connection.dialect.name == "sqlite" else _scanned_by_mysql
        found = [table for each in selects for table in scanned(connection, *each)]
        return [table for table in found if table not in SMALL]

    return await catalog._threads.read(explain, soon())


def _scanned_by_sqlite(
    connection: Connection, statement: str, parameters: Parameters
) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
        # Index number 0 of a virtual table is no index; the M says that words are looked up.
        if row.detail.startswith("SCAN") and "VIRTUAL TABLE INDEX 64:M" not in row.detail:
            yield row.detail.removeprefix("SCAN ")


def _scanned_by_mysql(
    connection: Connection, statement: str, parameters: Parameters
) -> Iterator[str]:
    plain = statement[statement.index("SELECT") :]
    for row in connection.exec_driver_sql(f"EXPLAIN {plain}", parameters):
        if row.type in {"ALL", "index"} and not row.table.startswith("<"):
            yield f"{row.table} {row.key or ''}".strip()


@pytest.mark.parametrize(
    "query", ["l", "love", "rare7", "rare77 night", "love night", "zzz", TITLE]
)
@pytest.mark.parametrize("way", ["posting", "reading"])
async def test_no_search_reads_a_table_from_end_to_end(
    catalog: SqlCatalog, asked: Asked, query: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in (Fts5, Fulltext):
        monkeypatch.setattr(index, way, 1e9)
    first = await catalog.search(query, 20, "", soon())
    await catalog.search(query, 20, first.next_token or "", soon())
    titled = [statement for statement, _ in asked if "song.title_key" in statement]
    # The survey asks for the title too; what lists its songs is asked for if there are any.
    assert (len(titled) > 2) == (query == TITLE)
    assert await _scans(catalog, asked) == []


async def test_songs_of_a_title_are_a_range_of_the_index_of_titles(
    catalog: SqlCatalog, asked: Asked
) -> None:
    await catalog.search(TITLE, 20, "", soon())
    (titled,) = [each for each in asked if "title_key" in each[0] and "LIMIT" in each[0]]

    def explain(connection: Connection) -> str:
        sqlite = connection.dialect.name == "sqlite"
        asking = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        select_only = titled[0][titled[0].index("SELECT") :]
        return str(connection.exec_driver_sql(asking + select_only, titled[1]).one())

    explained = await catalog._threads.read(explain, soon())
    assert "ix_song_title_key" in explained
    assert "SCAN" not in explained


async def test_the_way_down_the_list_is_a_range_that_ends_with_the_page(
    catalog: SqlCatalog, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in (Fts5, Fulltext):
        for name, price in (("reading", 10.0), ("posting", 1.0), ("fetching", 0.0)):
            monkeypatch.setattr(index, name, price)
    await catalog.search("love", 20, "", soon())
    ((walk, parameters),) = [each for each in asked if "FROM song_text" in each[0]]
    values = parameters.values() if isinstance(parameters, dict) else parameters
    having = sum("love" in song.title for song in _songs().songs)
    assert 1_000 < having < 3_000
    # A text costs as much as ten occurrences in the index do.
    assert [each for each in values if isinstance(each, int)][:2] == [0, having // 10]
    assert "song_text.place > " in walk
    assert "song_text.place <= " in walk
    assert "ORDER BY song_text.place" in walk
    assert "LIMIT" in walk
    assert "MATCH" not in walk


async def test_rare_words_are_asked_of_the_text_index_only(
    catalog: SqlCatalog, asked: Asked
) -> None:
    page = await catalog.search("rare1233", 20, "", soon())
    assert {song.id for song in page.items} == {3699, 3700, 3701}
    (by_index,) = [statement for statement, _ in asked if "song_text" in statement]
    assert "MATCH" in by_index


async def test_a_token_of_an_older_load_is_placed_without_reading_the_list(
    catalog: SqlCatalog, asked: Asked
) -> None:
    gone = encode(question("search", "love"), 0, 0.5, 2**31 - 1)
    page = await catalog.search("love", 5, gone, soon())
    assert all((song.popularity or 0) < 0.5 for song in page.items)
    assert len(asked) < 30
    assert await _scans(catalog, asked) == []


async def test_songs_and_known_ids_are_looked_up_by_their_keys(
    catalog: SqlCatalog, asked: Asked
) -> None:
    await catalog.songs(range(1, 101), soon())
    await catalog.known(range(1, 101), soon())
    assert await _scans(catalog, asked) == []


@pytest.mark.parametrize(("per_artist", "genres"), [(0, 1), (0, 10), (1, 10)])
async def test_popular_songs_of_frequent_genres_are_read_in_order_from_the_index(
    catalog: SqlCatalog, asked: Asked, per_artist: int, genres: int
) -> None:
    wanted = Filter(genres=tuple(f"Genre{n}" for n in range(1, 1 + genres)))
    query = RankQuery((), 5, max_per_artist=per_artist, filter=wanted)
    await catalog.popular(query, soon())
    scans = await _scans(catalog, asked)
    assert any("ix_song_place" in scan for scan in scans)
    assert all(IN_ORDER.fullmatch(scan) for scan in scans), scans


async def test_popular_songs_of_a_rare_genre_are_found_from_the_genre(
    catalog: SqlCatalog, asked: Asked
) -> None:
    query = RankQuery((), 100, filter=Filter(genres=("Genre3",)))
    assert len(await catalog.popular(query, soon())) == 100
    assert await _scans(catalog, asked) == []


async def test_popular_songs_are_read_in_order_from_the_index(
    catalog: SqlCatalog, asked: Asked
) -> None:
    await catalog.popular(RankQuery((1, 2), 10), soon())
    await catalog.popular(RankQuery((), 10, filter=Filter(min_year=1990)), soon())
    scans = await _scans(catalog, asked)
    assert scans
    assert all("ix_song_place" in scan or scan == "anon_1" for scan in scans), scans


@dataclass(frozen=True)
class _Priced:
    """A text index of round prices, which knows all words but those that begin with a question."""

    reading: float = 1.0
    posting: float = 1.0
    fetching: float = 10.0

    def takes(self, word: str) -> bool:
        return not word.startswith("?")


def _planned(words: Mapping[str, int], after: int = 0, limit: int = 21) -> Plan:
    index: Any = _Priced()
    return plan(index, Sought(words, 1_000_000, after, None), limit)


def test_a_rare_word_is_asked_of_the_index_at_once() -> None:
    assert _planned({"rare": 100}) == Plan(0, ("rare",))
    assert _planned({"rare": 100}, after=70) == Plan(70, ("rare",))


def test_a_frequent_word_is_looked_for_down_the_list() -> None:
    assert _planned({"the": 200_000}).walk_to == 1_000_000
    assert _planned({"the": 50_000}).walk_to > 100_000


def test_a_frequent_word_beside_a_rare_one_is_not_asked_of_the_index() -> None:
    assert _planned({"the": 500_000, "rare": 100}).indexed == ("rare",)


def test_frequent_words_that_may_never_meet_are_tried_down_the_list_for_a_while() -> None:
    planned = _planned({"young": 5_000, "sky": 5_000})
    assert planned.indexed == ("young", "sky")
    assert 2_000 < planned.walk_to < 3_000


def test_words_that_the_index_does_not_take_are_looked_for_down_the_list() -> None:
    assert _planned({"?": 3}) == Plan(1_000_000, ())
    assert _planned({"?": 3, "some": 1_000}).indexed == ("some",)


def test_a_list_whose_rest_is_short_is_read_to_its_end() -> None:
    assert _planned({"rare": 100}, after=999_500).walk_to == 1_000_000


@pytest.mark.parametrize("index", TEXT_INDEXES.values())
def test_costs_are_such_that_a_walk_never_costs_more_than_all(index: TextIndex) -> None:
    for count in (1, 10, 1_000, 10_000, 100_000, 1_000_000):
        planned = plan(index, Sought({"word": count}, 1_000_000, 0, None), 21)
        assert 0 <= planned.walk_to <= 1_000_000
        if planned.walk_to:
            assert planned.walk_to * count >= 21 * 1_000_000


async def test_a_search_is_given_up_at_its_deadline(
    catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [song_text.alias() for _ in range(3)]
    forever = (
        select(func.count())
        .select_from(*texts)
        .where(texts[0].c.place + texts[1].c.place < texts[2].c.place)
    )
    for index in (Fts5, Fulltext):
        monkeypatch.setattr(index, "has", lambda self, word: forever.scalar_subquery() > 0)
    with pytest.raises(DeadlineExceeded):
        await catalog.search("love", 20, "", Deadline.after(0.2))
    # There is one thread, so this would wait for the search if it still ran.
    assert await catalog.known([1], Deadline.after(1)) == {1}


async def test_a_search_leaves_no_transaction_behind(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = filled(new_database(), tmp_path, _songs())
    catalog = open_catalog(url, 1)
    engine = create_engine(url)
    try:
        await catalog.search("love", 20, "", soon())
        with engine.connect() as connection:
            if connection.dialect.name == "mysql":
                connection.execute(text("SET lock_wait_timeout = 1"))
            for table in ("song_text", "song", "word"):
                connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_x"))
    except OperationalError as error:
        pytest.fail(f"a table is still in use: {error}")
    finally:
        engine.dispose()
        catalog.close()


async def test_a_page_goes_on_where_the_last_one_ended_whatever_is_loaded_between(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = new_database()

    def load(popularity: Mapping[int, float]) -> None:
        songs = [SongRow(n, "Same Word", 1, popularity=each) for n, each in popularity.items()]
        filled(url, tmp_path, Songs([*songs, SongRow(99, "Same", 1, popularity=1.0)], {1: "A"}))

    load({1: 0.9, 2: 0.8, 3: 0.8, 4: 0.8, 5: 0.7})
    catalog = open_catalog(url, 1)
    first = await catalog.search("wo", 2, "", soon())
    assert [song.id for song in first.items] == [1, 2]
    for popularity, expected in (
        ({2: 0.8, 3: 0.8, 4: 0.1, 7: 0.95}, [3, 4]),  # the same song ended the page
        ({1: 0.85, 2: 0.9, 3: 0.8, 4: 0.75}, [3, 4]),  # it is elsewhere now
        ({3: 0.8, 6: 0.85, 8: 0.2}, [3, 8]),  # it is gone
        ({6: 0.85}, []),
    ):
        load(popularity)
        page = await catalog.search("wo", 5, first.next_token, soon())
        assert [song.id for song in page.items] == expected
    catalog.close()


def test_letters_taken_for_known_are_letters_to_the_server(mariadb: MariaDB) -> None:
    letters = [chr(n) for n in range(0x80, 0x10000) if KNOWN.fullmatch(fold(chr(n)))]
    letters = [each for each in letters if fold(each) == each]
    assert len(letters) > 20_000
    engine = create_engine(mariadb.create_database("letters"))
    with engine.begin() as connection:
        song_text.create(connection)
        rows = [{"place": ord(each), "text": f" __a{each}b"} for each in letters]
        connection.execute(song_text.insert(), rows)
        Fulltext().create(connection, "song_text", "ft")
        words = _indexed_words(connection)
    engine.dispose()
    assert words == {f"__a{each}b" for each in letters}


def _indexed_words(connection: Connection) -> set[str]:
    connection.execute(text("SET GLOBAL innodb_ft_aux_table = CONCAT(DATABASE(), '/song_text')"))
    found = connection.scalars(text("SELECT word FROM information_schema.INNODB_FT_INDEX_TABLE"))
    return set(found)
