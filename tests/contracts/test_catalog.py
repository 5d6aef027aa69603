"""The ports `Catalog` and `PopularSongs`, as SQLite and MariaDB keep them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from catalog_dataset import SongRow, Songs
from catalog_use import filled, search_all, soon
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, InvalidRequest
from segue_server.domain.model import Song

if TYPE_CHECKING:
    from segue_server.domain.ports import Catalog, PopularSongs

    def _keeps_both_ports(catalog: SqlCatalog) -> tuple[Catalog, PopularSongs]:
        return catalog, catalog


NewDatabase = Callable[[], str]

ARTISTS = {1: "Björk", 2: "AC/DC", 3: "The The", 4: "Sigur Rós", 5: "Mötley Crüe", 6: "100%"}
ALBUMS = {1: ("Homogenic", 1), 2: ("Back in Black", 2), 3: ("Ágætis byrjun", 4)}
GENRES = {1: "Rock", 2: "pop", 3: "Ambient", 4: "Zydeco"}
SONGS = (
    SongRow(1, "Jóga", 1, 1, 1997, (2, 3), 305.5, 90.25, 0.5, "TRAAA", "SOAAA"),
    SongRow(2, "Hunter", 1, 1, 1997, (2,), popularity=0.25),
    SongRow(3, "Hells Bells", 2, 2, 1980, (1,), tempo=107.0, popularity=0.5),
    SongRow(4, "Don't Stop", 3, popularity=0.125),
    SongRow(7, "Svefn-g-englar", 4, 3, popularity=0.0625),
    SongRow(8, "It", 3, popularity=0.03),
    SongRow(9, "That's It", 3, popularity=0.9),
    SongRow(10, "it", 6, popularity=0.04),
    SongRow(11, "O", 5, popularity=0.02),
    SongRow(12, "???", 6, popularity=0.01),
    SongRow(2**31 - 1, "under_score 5% off", 6, popularity=0.0),
)


@pytest.fixture(scope="module")
def catalog(
    new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlCatalog]:
    content = Songs(SONGS, ARTISTS, ALBUMS, GENRES)
    url = filled(new_database(), tmp_path_factory.mktemp("small"), content)
    catalog = open_catalog(url, pool_size=2)
    yield catalog
    catalog.close()


async def test_a_song_comes_with_all_that_is_known(catalog: SqlCatalog) -> None:
    found = await catalog.songs([1], soon())
    assert found == {
        1: Song(
            id=1,
            title="Jóga",
            artist="Björk",
            artist_id=1,
            album="Homogenic",
            year=1997,
            genres=("pop", "Ambient"),
            duration=305.5,
            tempo=90.25,
            popularity=0.5,
            msd_track_id="TRAAA",
            msd_song_id="SOAAA",
        )
    }


async def test_what_is_unknown_is_none(catalog: SqlCatalog) -> None:
    found = await catalog.songs([8], soon())
    assert found[8] == Song(id=8, title="It", artist="The The", artist_id=3, popularity=0.03)


async def test_a_song_without_a_title_is_a_song(new_database: NewDatabase, tmp_path: Path) -> None:
    untitled = Songs([SongRow(1, "", 1, 5)], {1: "U2"}, {5: ("", 1)})
    catalog = open_catalog(filled(new_database(), tmp_path, untitled), 1)
    try:
        song = (await catalog.songs([1], soon()))[1]
        assert (song.title, song.album, song.artist) == (None, None, "U2")
    finally:
        catalog.close()


async def test_songs_that_do_not_exist_are_left_out(catalog: SqlCatalog) -> None:
    assert set(await catalog.songs([1, 5, 2**31 - 1, 6, 1], soon())) == {1, 2**31 - 1}
    assert await catalog.songs([], soon()) == {}


@contextmanager
def counted(catalog: SqlCatalog) -> Iterator[list[str]]:
    """Give the list of the statements run meanwhile."""
    statements: list[str] = []

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engine = catalog._threads._engine
    event.listen(engine, "before_cursor_execute", count)
    yield statements
    event.remove(engine, "before_cursor_execute", count)


async def test_many_songs_with_their_genres_are_one_statement(catalog: SqlCatalog) -> None:
    await catalog.ping(soon())
    with counted(catalog) as statements:
        found = await catalog.songs(range(1, 2001), soon())
    assert len(found) == 10
    assert len(statements) == 1


async def test_more_songs_than_a_statement_takes_are_read_too(catalog: SqlCatalog) -> None:
    found = await catalog.songs(range(1, 40_000), soon())
    assert set(found) == {1, 2, 3, 4, 7, 8, 9, 10, 11, 12}


async def test_known_songs_are_told_from_unknown_ones(catalog: SqlCatalog) -> None:
    assert await catalog.known([1, 5, 7, 7], soon()) == {1, 7}
    assert await catalog.known([], soon()) == frozenset()


async def test_genres_come_by_name_in_pages_with_their_song_counts(catalog: SqlCatalog) -> None:
    pages = [await catalog.genres(3, "", soon())]
    pages.append(await catalog.genres(3, pages[0].next_token, soon()))
    assert [(g.id, g.name, g.song_count) for page in pages for g in page.items] == [
        (3, "Ambient", 1),
        (2, "pop", 2),
        (1, "Rock", 1),
        (4, "Zydeco", 0),
    ]
    assert pages[1].next_token == ""


async def test_a_last_page_that_is_full_has_no_token(catalog: SqlCatalog) -> None:
    assert (await catalog.genres(4, "", soon())).next_token == ""
    assert (await catalog.search("it", 3, "", soon())).next_token == ""


async def test_genre_names_are_found_by_their_case_folded_form(catalog: SqlCatalog) -> None:
    wanted = ["ambient", "rock", "unheard of"]
    assert await catalog.genre_names(wanted, soon()) == {"ambient": "Ambient", "rock": "Rock"}


async def test_genre_names_are_read_once_and_again_for_an_unknown_one(
    catalog: SqlCatalog,
) -> None:
    await catalog.genre_names(["pop"], soon())
    with counted(catalog) as statements:
        await catalog.genre_names(["rock", "zydeco"], soon())
        assert len(statements) == 0
        await catalog.genre_names(["unheard of"], soon())
        assert len(statements) == 1


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("bjork", [1, 2]),
        ("BJÖRK jog", [1]),
        ("homo hun", [2]),
        ("  hunter!  ", [2]),
        ("unter", []),
        ("hunter rock", []),
        ("acdc", [3]),
        ("ac/dc", [3]),
        ("dc bells", [3]),
        ("dont stop", [4]),
        ("don't", [4]),
        ("agaetis", [7]),
        ("svefng", [7]),
        ("g englar", [7]),
        ("motley", [11]),
        ("O", [11, 2**31 - 1]),
        ("the", [9, 4, 8]),
        ("the the", [9, 4, 8]),
        ("in", [3]),
        ("100", [10, 12, 2**31 - 1]),
        ("score", [2**31 - 1]),
        ("underscore", [2**31 - 1]),
    ],
)
async def test_each_word_must_begin_a_word(catalog: SqlCatalog, query: str, ids: list[int]) -> None:
    assert await search_all(catalog, query, 20) == ids


async def test_titles_that_are_the_query_come_before_more_popular_songs(
    catalog: SqlCatalog,
) -> None:
    assert await search_all(catalog, "IT", 20) == [10, 8, 9]
    assert await search_all(catalog, "IT", 1) == [10, 8, 9]


@pytest.mark.parametrize(
    "query",
    [
        *("h%", "h_nter", "%%%hunter%%%", "+hunter -bjork", "hunter*", '"hunter" OR NEAR(bjork'),
        *("hunter'; DROP TABLE song; --", "a\\' \\", "x^2 (~@|)", "\0bjork", "{hunter} :hunter ?"),
    ],
)
async def test_operators_wildcards_and_syntax_are_no_part_of_a_word(
    catalog: SqlCatalog, query: str
) -> None:
    plain = " ".join(re.findall("[a-z0-9]+", query.lower()))
    assert await search_all(catalog, query, 20) == await search_all(catalog, plain, 20)
    assert await search_all(catalog, "hunter", 20) == [2]


async def test_a_query_of_many_short_words_is_answered(catalog: SqlCatalog) -> None:
    assert await search_all(catalog, " ".join("abcdefghijklmnopqrstuvwxyz0123456789" * 2), 20) == []


@pytest.mark.parametrize("query", ["", "   ", "!?", "x" * 201, "%"])
async def test_a_query_without_letters_or_too_long_is_refused(
    catalog: SqlCatalog, query: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await catalog.search(query, 20, "", soon())
    assert [violation.field for violation in caught.value.violations] == ["query"]


async def test_the_longest_query_is_answered(catalog: SqlCatalog) -> None:
    assert await search_all(catalog, "x" * 200, 20) == []


async def test_a_token_of_another_question_is_refused(catalog: SqlCatalog) -> None:
    of_search = (await catalog.search("it", 1, "", soon())).next_token
    of_genres = (await catalog.genres(1, "", soon())).next_token
    for query, token in (("the", of_search), ("it", of_genres)):
        with pytest.raises(InvalidRequest, match="page_token"):
            await catalog.search(query, 1, token, soon())
    with pytest.raises(InvalidRequest, match="page_token"):
        await catalog.genres(1, of_search, soon())


# The last four are `[]`, `7`, a lone surrogate and a huge number in place of a position.
@pytest.mark.parametrize(
    "token",
    ["x", "é", "!!!!", "bm9wZQ", "A" * 5000, "W1td", "W10", "Nw", "WyJcdWQ4MDAiXQ", "MWU5OTk"],
)
async def test_garbage_for_a_token_is_refused(catalog: SqlCatalog, token: str) -> None:
    for call in (catalog.search("it", 1, token, soon()), catalog.genres(1, token, soon())):
        with pytest.raises(InvalidRequest) as caught:
            await call
        assert [violation.field for violation in caught.value.violations] == ["page_token"]


async def test_a_call_whose_time_is_up_is_not_begun(catalog: SqlCatalog) -> None:
    with pytest.raises(DeadlineExceeded):
        await catalog.songs([1], Deadline.after(-1))
