"""What a caller waits for when the catalog's database hangs, dies and comes back."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_use import CALLS, ONE_SONG, filled, soon
from mariadb import MariaDB
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import CatalogUnavailable, DeadlineExceeded

# What a call may take beyond its deadline; the machine that runs the tests has other work too.
LATE = 0.1


@pytest.fixture
def on_mariadb(mariadb: MariaDB, tmp_path: Path) -> Iterator[SqlCatalog]:
    catalog = open_catalog(
        filled(mariadb.create_database("hurt"), tmp_path / "one", ONE_SONG), pool_size=2
    )
    yield catalog
    catalog.close()


async def test_a_hanging_database_costs_no_more_than_the_deadline(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    await on_mariadb.ping(soon())
    mariadb.pause()
    try:
        # More calls than threads: those that wait for a thread keep their deadline too.
        for call in CALLS.values():
            begun = time.monotonic()
            with pytest.raises(DeadlineExceeded):
                await call(on_mariadb, Deadline.after(0.15))
            assert time.monotonic() - begun < 0.15 + LATE
    finally:
        mariadb.resume()
    assert set(await on_mariadb.songs([1], soon())) == {1}


async def test_a_hanging_database_does_not_stop_the_event_loop(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    await on_mariadb.ping(soon())
    mariadb.pause()
    try:
        calls = [asyncio.ensure_future(on_mariadb.ping(Deadline.after(0.5))) for _ in range(20)]
        longest = 0.0
        while not all(call.done() for call in calls):
            begun = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - begun)
    finally:
        mariadb.resume()
    assert [type(call.exception()) for call in calls] == [DeadlineExceeded] * 20
    assert longest < LATE


async def test_a_thread_frees_itself_from_a_hanging_database(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    await on_mariadb.ping(soon())
    mariadb.pause()
    try:
        begun = time.monotonic()
        with pytest.raises(CatalogUnavailable):
            await on_mariadb.ping(Deadline.after(30))
        assert time.monotonic() - begun < 8
    finally:
        mariadb.resume()
    await on_mariadb.ping(soon())


async def test_a_database_that_was_killed_is_used_again_at_once_when_it_is_back(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    await asyncio.gather(*(on_mariadb.ping(soon()) for _ in range(8)))
    mariadb.stop()
    try:
        for call in CALLS.values():
            with pytest.raises(CatalogUnavailable):
                await call(on_mariadb, soon())
    finally:
        mariadb.start()
    for call in CALLS.values():
        await call(on_mariadb, soon())


async def test_a_restart_between_two_calls_is_not_noticed(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    await asyncio.gather(*(on_mariadb.ping(soon()) for _ in range(8)))
    mariadb.stop()
    mariadb.start()
    answers = await asyncio.gather(*(on_mariadb.known([1], soon()) for _ in range(8)))
    assert answers == [{1}] * 8


async def test_a_catalog_may_be_opened_before_its_database_is_up(
    mariadb: MariaDB, on_mariadb: SqlCatalog
) -> None:
    mariadb.stop()
    catalog = open_catalog(mariadb.url_of("hurt"), pool_size=1)
    with pytest.raises(CatalogUnavailable):
        await catalog.ping(soon())
    mariadb.start()
    await catalog.ping(soon())
    catalog.close()
