"""Filling the catalog from a dataset folder, and the command that does it."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, make_url, text

from catalog_dataset import SongRow, Songs, write_dataset
from catalog_use import TWO_SONGS, contents, filled
from mariadb import MariaDB
from segue_server.catalog import bulk_mysql
from segue_server.catalog.dataset import DatasetError
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.schema import CONTENT, metadata
from segue_server.catalog.sql import open_catalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import CatalogUnavailable
from segue_server.sql.migrate import migrate

NewDatabase = Callable[[], str]

OLD = Songs([SongRow(1, "Old", 1), SongRow(2, "Older", 1)], {1: "Elder"}, {}, {1: "Folk"})

# Whatever means something to a reader of CSV, TSV or SQL.
ODD_TITLE = " \"Ça\" \\ 'n' \x0b\t\u2028 🎵, %s :x \\N NULL \\"
ODD = Songs(
    [
        SongRow(1, ODD_TITLE, 1, 1, genre_ids=(1,), popularity=1 / 3, msd_track_id="\\N"),
        SongRow(2, "\\N", 1, duration=1e-7, tempo=123456789.123, popularity=1e-300),
        SongRow(3, "NULL", 1, year=9999, msd_song_id="TR\t1"),
    ],
    {1: "日本\t\\"},
    {1: ("", 1)},
    {1: "R&B, Ü"},
)


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    url = new_database()
    migrate(CATALOG, url)
    return url


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "two", TWO_SONGS)


def titles(url: str) -> dict[int, str]:
    """Return every song's title as a search for it finds it too."""

    async def read() -> dict[int, str]:
        catalog = open_catalog(url, pool_size=1)
        songs = await catalog.songs(range(1, 100), Deadline.after(10))
        for song in songs.values():
            page = await catalog.search(str(song.title), 1, "", Deadline.after(10))
            assert page.items == (song,)
        catalog.close()
        return {key: str(song.title) for key, song in songs.items()}

    return asyncio.run(read())


def test_the_migrations_make_the_schema_that_the_queries_are_written_against(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(url: str, dataset: Path) -> None:
    load(url, dataset)
    assert migrate(CATALOG, url) == CATALOG.head
    assert titles(url) == {2: "New", 9: "Newer"}


def test_a_load_puts_the_new_songs_in_the_place_of_the_old(
    url: str, dataset: Path, tmp_path: Path
) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    assert titles(url) == {1: "Old", 2: "Older"}
    load(url, dataset)
    assert titles(url) == {2: "New", 9: "Newer"}


def test_while_a_load_goes_on_the_old_songs_are_served(
    url: str, dataset: Path, tmp_path: Path
) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    seen = {}

    def look(kind: str, done: int, total: int) -> None:
        if (kind, done) != ("swap", total):
            seen[kind, done] = titles(url)

    load(url, dataset, progress=look)
    assert {kind for kind, _ in seen} == {
        *("artists", "albums", "songs", "song_texts", "words", "genres", "indexes", "swap")
    }
    assert all(each == {1: "Old", 2: "Older"} for each in seen.values())
    assert titles(url) == {2: "New", 9: "Newer"}


def test_a_load_disturbs_no_reader_and_waits_for_those_of_mysql(
    url: str, dataset: Path, tmp_path: Path
) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    engine = create_engine(url)
    title = text("SELECT title FROM song WHERE id = 2")
    with engine.connect() as reader, ThreadPoolExecutor(1) as thread:
        reader.exec_driver_sql("BEGIN")
        assert reader.scalar(title) == "Older"
        loading = thread.submit(load, url, dataset)
        if url.startswith("sqlite"):
            loading.result()
        else:
            with pytest.raises(TimeoutError):
                loading.result(timeout=0.7)
        assert reader.scalar(title) == "Older"
        assert reader.scalar(text("SELECT name FROM artist WHERE id = 1")) == "Elder"
        reader.rollback()
        loading.result()
    engine.dispose()
    assert titles(url) == {2: "New", 9: "Newer"}


def test_a_reader_waits_for_a_swap_that_waits_only_so_long(
    mariadb: MariaDB, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_mysql, "UNNOTICED_SECONDS", 0.0)
    monkeypatch.setattr(bulk_mysql, "PAUSE_SECONDS", 0.5)
    url = filled(mariadb.create_database("waiting"), tmp_path / "old", OLD)
    engine = create_engine(url)
    with engine.connect() as lasting, ThreadPoolExecutor(1) as thread:
        lasting.exec_driver_sql("SELECT * FROM song")
        loading = thread.submit(load, url, dataset)
        slowest, until = 0.0, time.monotonic() + 3
        while time.monotonic() < until:
            begun = time.monotonic()
            assert titles(url) == {1: "Old", 2: "Older"}
            slowest = max(slowest, time.monotonic() - begun)
        assert 0.3 < slowest < 1.9
        lasting.rollback()
        loading.result()
    engine.dispose()
    assert titles(url) == {2: "New", 9: "Newer"}


def test_a_swap_that_no_reader_lets_through_ends_with_a_reason(
    mariadb: MariaDB, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UNNOTICED_SECONDS", "SWAP_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(bulk_mysql, name, 0.1)
    url = filled(mariadb.create_database("stuck"), tmp_path / "old", OLD)
    engine = create_engine(url)
    with engine.connect() as lasting:
        lasting.exec_driver_sql("SELECT * FROM song")
        with pytest.raises(CatalogUnavailable, match="a reader has kept the catalog's tables open"):
            load(url, dataset)
    engine.dispose()
    assert titles(url) == {1: "Old", 2: "Older"}
    load(url, dataset)
    assert titles(url) == {2: "New", 9: "Newer"}


def test_two_loads_at_once_are_refused(
    url: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_mysql, "LOCK_SECONDS", 0)
    other = write_dataset(tmp_path / "old", OLD)
    refused = []

    def load_too(kind: str, _done: int, _total: int) -> None:
        if kind == "songs":
            with pytest.raises(CatalogUnavailable, match="another load of this catalog is under"):
                load(url, other)
            refused.append(kind)

    load(url, dataset, progress=load_too)
    assert refused
    assert titles(url) == {2: "New", 9: "Newer"}
    load(url, other)
    assert titles(url) == {1: "Old", 2: "Older"}


def test_a_server_that_takes_no_files_is_loaded_all_the_same(
    mariadb: MariaDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_dataset(tmp_path / "odd", ODD)
    url, other = (mariadb.create_database(name) for name in ("inserted", "from_files"))
    root = create_engine(mariadb.url)
    for each, allowed in ((url, 0), (other, 1)):
        with root.begin() as connection:
            connection.exec_driver_sql(f"SET GLOBAL local_infile = {allowed}")
        try:
            migrate(CATALOG, each)
            caplog.clear()
            load(each, files)
            assert ("local_infile=0" in caplog.text) == (not allowed)
        finally:
            with root.begin() as connection:
                connection.exec_driver_sql("SET GLOBAL local_infile = 1")
    root.dispose()
    assert contents(url) == contents(other)


def test_a_server_that_would_leave_short_words_out_is_refused(
    dataset: Path,
) -> None:
    variable = "innodb_ft_min_token_size"
    server = MariaDB(f"--{variable}=4")
    try:
        migrate(CATALOG, server.url)
        with pytest.raises(CatalogUnavailable, match=f"{variable}=4, so .* it with {variable}=3 "):
            load(server.url, dataset)
        assert contents(server.url)["song"] == []
    finally:
        server.remove()


def test_songs_have_places_by_popularity_then_id(url: str, tmp_path: Path) -> None:
    popularities = {3: 0.5, 4: 1.0, 5: 0.0, 7: 0.5, 8: 1e-3}
    songs = [SongRow(key, "X", 1, popularity=each) for key, each in popularities.items()]
    load(url, write_dataset(tmp_path / "places", Songs(songs, {1: "Y"})))
    places = {row[0]: row[1] for row in contents(url)["song"]}
    assert places == {4: 1, 3: 2, 7: 3, 8: 4, 5: 5}


def test_words_are_stored_marked_and_counted(url: str, tmp_path: Path) -> None:
    songs = [SongRow(1, "AC/DC ac", 1, 5, popularity=1.0), SongRow(2, "Ça", 2), SongRow(3, "!", 3)]
    content = Songs(songs, {1: "The Ac", 2: "Ca", 3: "?"}, {5: ("Dc", 1)}, {1: "Folk"})
    load(url, write_dataset(tmp_path / "words", content))
    stored = contents(url)
    assert stored["song_text"] == [(1, " __ac __acdc __dc __the"), (2, " __ca"), (3, "")]
    assert stored["word"] == [("ac", 1), ("acdc", 1), ("ca", 1), ("dc", 1), ("the", 1)]
    assert stored["genre"] == [(1, "Folk", "folk", 0)]


def test_all_indexes_are_there_after_each_load(url: str, dataset: Path) -> None:
    wanted = {
        (table.name, *map(str, index.columns)) for table in CONTENT for index in table.indexes
    }
    for _ in range(3):
        load(url, dataset)
        engine = create_engine(url)
        found = {
            (table.name, *(f"{table.name}.{column}" for column in index["column_names"]))
            for table in CONTENT
            for index in inspect(engine).get_indexes(table.name)
            if index["column_names"] != ["text"]
        }
        engine.dispose()
        # MySQL tells of the one behind UNIQUE too.
        assert found - {("genre", "genre.name_key")} == wanted
        assert titles(url) == {2: "New", 9: "Newer"}


def test_a_load_leaves_nothing_behind(url: str, dataset: Path, tmp_path: Path) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    songs = (dataset / "songs.csv").read_text()
    (dataset / "songs.csv").write_text(songs.replace("9,Newer,2", "9,Newer,3"))
    with pytest.raises(DatasetError):
        load(url, dataset)
    engine = create_engine(url)
    names = {name for name in inspect(engine).get_table_names() if "song_fts" not in name}
    assert names == {*metadata.tables, "alembic_version"}
    assert contents(url)["load_step"] == []
    engine.dispose()


def test_a_failed_load_changes_nothing(url: str, dataset: Path, tmp_path: Path) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    songs = dataset / "songs.csv"
    songs.write_text(songs.read_text().replace("9,Newer,2", "9,Newer,3"))
    with pytest.raises(DatasetError, match=r"songs\.csv:3: artist_id 3 does not exist"):
        load(url, dataset)
    assert titles(url) == {1: "Old", 2: "Older"}


def test_a_load_of_what_is_there_does_nothing_if_asked_so(
    url: str, dataset: Path, tmp_path: Path
) -> None:
    assert load(url, dataset, if_changed=True).changed
    assert not load(url, dataset, if_changed=True).changed
    assert load(url, dataset).changed
    assert load(url, write_dataset(tmp_path / "old", OLD), if_changed=True).changed


def test_a_load_needs_a_migrated_database(new_database: NewDatabase, dataset: Path) -> None:
    url = new_database()
    if url.startswith("sqlite"):
        Path(make_url(url).database or "").touch()
    with pytest.raises(CatalogUnavailable, match="is not migrated: run `segue-catalog migrate`"):
        load(url, dataset)


def test_a_catalog_of_no_songs_can_be_loaded(url: str, tmp_path: Path) -> None:
    load(url, write_dataset(tmp_path / "none", Songs([], {})))
    assert titles(url) == {}


def test_values_are_kept_as_they_are(url: str, tmp_path: Path) -> None:
    load(url, write_dataset(tmp_path / "odd", ODD))
    stored = contents(url)
    assert [row[2] for row in stored["song"]] == [song.title for song in ODD.songs]
    assert [row[4:11] for row in stored["song"]] == [
        (1, None, None, None, 1 / 3, "\\N", None),
        (None, None, 1e-7, 123456789.123, 1e-300, None, None),
        (None, 9999, None, None, 0.0, None, "TR\t1"),
    ]
    assert stored["artist"] == [(1, "日本\t\\", "AR1")]
    assert stored["album"] == [(1, "", 1)]
    assert stored["genre"] == [(1, "R&B, Ü", "r&b, ü", 1)]
    assert titles(url)[1] == ODD_TITLE


async def test_real_songs_are_found_by_their_titles(
    new_database: NewDatabase, real_data: Path, tmp_path: Path
) -> None:
    rows = (real_data / "catalogue/subset_unique_tracks.txt").read_text().splitlines()[:4000]
    parts = [row.split("<SEP>") for row in rows]
    names = sorted({part[2] for part in parts})
    songs = [
        SongRow(n, part[3], names.index(part[2]) + 1, popularity=1 / n)
        for n, part in enumerate(parts, 1)
    ]
    url = new_database()
    migrate(CATALOG, url)
    load(url, write_dataset(tmp_path / "real", Songs(songs, dict(enumerate(names, 1)))))
    catalog = open_catalog(url, pool_size=1)
    tried = [song for song in songs[::40] if re.search(r"[^\W_]", song.title)]
    for song in tried:
        page = await catalog.search(song.title, 100, "", Deadline.after(10))
        assert song.id in [found.id for found in page.items], song.title
        assert page.items[0].popularity == max(
            each.popularity for each in songs if each.title.lower() == song.title.lower()
        )
    catalog.close()
    assert len(tried) > 90
