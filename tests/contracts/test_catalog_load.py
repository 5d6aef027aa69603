"""Filling the catalog from a dataset folder, and the command that does it."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text

from catalog_dataset import SongRow, Songs, write_dataset
from catalog_use import TWO_SONGS
from segue_server.catalog.dataset import DatasetError
from segue_server.catalog.load import load
from segue_server.catalog.migrate import migrate
from segue_server.catalog.schema import metadata
from segue_server.catalog.sql import open_catalog
from segue_server.catalog.version import HEAD
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import CatalogUnavailable

NewDatabase = Callable[[], str]

OLD = Songs([SongRow(1, "Old", 1), SongRow(2, "Older", 1)], {1: "Elder"}, {}, {1: "Folk"})


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    url = new_database()
    migrate(url)
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
    assert migrate(url) == HEAD
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
    seen = []

    def look(_done: int, _total: int) -> None:
        seen.append(titles(url))

    load(url, dataset, progress=look)
    assert seen == [{1: "Old", 2: "Older"}] * 7
    assert titles(url) == {2: "New", 9: "Newer"}


def test_a_load_waits_for_no_reader_and_disturbs_none(
    url: str, dataset: Path, tmp_path: Path
) -> None:
    load(url, write_dataset(tmp_path / "old", OLD))
    engine = create_engine(url)
    title = text("SELECT title FROM song WHERE id = 2")
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        assert reader.scalar(title) == "Older"
        load(url, dataset)
        assert reader.scalar(title) == "Older"
    engine.dispose()
    assert titles(url) == {2: "New", 9: "Newer"}


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


def test_text_is_kept_as_it_is(url: str, tmp_path: Path) -> None:
    title = " \"Ça\" \\ 'n' \n 🎵, %s :x "
    content = Songs([SongRow(1, title, 1, genre_ids=(1,))], {1: "日本"}, {}, {1: "R&B, Ü"})
    load(url, write_dataset(tmp_path / "odd", content))
    assert titles(url) == {1: title}


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
    migrate(url)
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
