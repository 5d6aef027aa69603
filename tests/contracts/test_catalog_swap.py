"""What readers notice of a load that swaps the tables under them: nothing."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from catalog_dataset import SongRow, Songs
from catalog_use import filled, soon
from mariadb import MariaDB
from segue_server.catalog import bulk_mysql
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded
from segue_server.sql import threads

NewDatabase = Callable[[], str]

LOADS = 6
SEARCHERS = 4


def songs(title: str) -> Songs:
    return Songs([SongRow(n, f"{title} {n}", 1) for n in range(1, 200)], {1: "Love"})


@pytest.fixture
def slow_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a search dwell between its statements, where a swap can come between them."""
    whole = threads.is_select

    def is_select(statement: str) -> bool:
        time.sleep(0.01)
        return whole(statement)

    monkeypatch.setattr(threads, "is_select", is_select)


@pytest.mark.usefixtures("slow_searches")
async def test_searches_go_on_through_swaps_that_wait_for_them(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_mysql, "UNNOTICED_SECONDS", 0.0)
    url = filled(new_database(), tmp_path, songs("Old"))
    catalog = open_catalog(url, SEARCHERS)
    done = threading.Event()

    def load() -> None:
        try:
            for number in range(LOADS):
                filled(url, tmp_path, songs(f"New{number}"))
        finally:
            done.set()

    loading = asyncio.create_task(asyncio.to_thread(load))
    counts = await asyncio.gather(*(_search_until(done, catalog) for _ in range(SEARCHERS)))
    await loading
    catalog.close()

    assert all(counts)


async def _search_until(done: threading.Event, catalog: SqlCatalog) -> int:
    searches = 0
    while not done.is_set():
        page = await catalog.search("love", 20, "", soon())
        assert len(page.items) == 20
        assert len({song.title.split()[0] for song in page.items if song.title}) == 1
        searches += 1
    return searches


async def test_a_search_beyond_its_deadline_keeps_no_table_from_being_swapped(
    mariadb: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = filled(mariadb.create_database("swap"), tmp_path, songs("Old"))
    catalog = open_catalog(url, 1)
    whole = threads.is_select

    def slow(statement: str) -> bool:
        time.sleep(0.15)
        return whole(statement)

    with monkeypatch.context() as patched:
        patched.setattr(threads, "is_select", slow)
        with pytest.raises(DeadlineExceeded):
            await catalog.search("love", 20, "", Deadline.after(0.5))
        # The thread goes on for a moment after its caller has gone.
        await asyncio.sleep(0.8)
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("SET lock_wait_timeout = 1"))
        for table in ("song_text", "song", "word"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_x"))
    engine.dispose()
    catalog.close()
