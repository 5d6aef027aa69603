"""Measures searches and reads of songs on a catalog of any size, on SQLite and MariaDB.

    PYTHONPATH=tests python bench/catalog_reads.py DATASET_DIR
    PYTHONPATH=tests python bench/catalog_reads.py DATASET_DIR --url URL   # holds it already

All go through `SqlCatalog` on uvloop, the hop to its threads included, one at a time. Reads of
songs are compared to the bare driver on one connection, asked for the same rows by the same SQL;
the two take turns. MariaDB is a server of the bench's own, set up as for the tests, but with memory
for the whole catalog (`BUFFER_POOL`).
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import uvloop
from sqlalchemy import make_url
from sqlalchemy.dialects import mysql, sqlite

from mariadb import MariaDB
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.schema import song, song_text, word
from segue_server.catalog.songs import BY_ID
from segue_server.catalog.sql import SqlCatalog, open_catalog
from segue_server.catalog.words import MARKER
from segue_server.domain.deadline import Deadline
from segue_server.sql.connect import shown
from segue_server.sql.migrate import migrate

SEED, QUERIES, PAGE = 1, 200, 20
BUFFER_POOL = 2**30
PATIENCE = 60.0


@dataclass(frozen=True)
class Bare:
    """The database's driver on one connection, without anything of ours."""

    cursor: Any
    dialect: Any

    def rows(self, statement: str, values: object = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        self.cursor.execute(statement, values)
        return list(self.cursor.fetchall())

    def reading(self, ids: list[int]) -> Callable[[], object]:
        """Return what fetches the rows that `SqlCatalog.songs` makes songs of."""
        asked = BY_ID.compile(dialect=self.dialect).construct_expanded_state({"wanted": ids})
        values = asked.positional_parameters if asked.positiontup else asked.parameters
        return lambda: self.rows(asked.statement, values)


def main() -> None:
    """Print the figures of each database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dataset", type=Path, metavar="DATASET_DIR")
    parser.add_argument("--url", action="append", help="a catalog that holds the dataset")
    asked = parser.parse_args()
    if asked.url:
        for url in asked.url:
            uvloop.run(_measure(url))
        return
    for database in (_sqlite, _mariadb):
        with database() as url:
            migrate(CATALOG, url)
            load(url, asked.dataset)
            uvloop.run(_measure(url))


async def _measure(url: str) -> None:
    bare = _bare(url)
    catalog = open_catalog(url, 1)
    rng = random.Random(SEED)  # noqa: S311 - songs, not secrets
    (songs,) = bare.rows(f"SELECT count(*) FROM {song.name}")[0]  # noqa: S608 - our own name
    print(f"\n{shown(make_url(url))}: {songs} songs; milliseconds")
    for count in (1, 100):
        await _compare_songs(
            catalog, bare, [rng.sample(range(1, songs), count) for _ in range(500)]
        )
    for name, queries in _queries(bare, rng, songs):
        await _search(catalog, name, queries)
    await _deep_pages(catalog, [each for each, _ in _frequent(bare)])
    catalog.close()


async def _compare_songs(catalog: SqlCatalog, bare: Bare, batches: list[list[int]]) -> None:
    ours, theirs = [], []
    for ids in batches:
        read = bare.reading(ids)
        read()  # both find the pages in memory
        ours.append(await _seconds(catalog.songs(ids, _patient())))
        begun = time.perf_counter()
        read()
        theirs.append(time.perf_counter() - begun)
    ratio = statistics.median(ours) / statistics.median(theirs)
    _print(f"songs, {len(batches[0])}", ours, f"  bare driver {_cuts(theirs)}  ratio {ratio:.2f}")


def _queries(bare: Bare, rng: random.Random, songs: int) -> Iterator[tuple[str, list[str]]]:
    """Yield kinds of queries. Words are taken from songs, so frequent ones are taken often."""
    of_songs = [_words(bare, rng.randint(1, songs)) for _ in range(QUERIES * 10)]
    some = [rng.choice(each) for each in of_songs]
    for length in range(1, 11):
        yield (
            f"prefix of {length}",
            [each[:length] for each in some if len(each) >= length][:QUERIES],
        )
    every = [each for (each,) in bare.rows(f"SELECT word FROM {word.name}")]  # noqa: S608 - same
    yield "any word there is", rng.sample(every, min(QUERIES, len(every)))
    pairs = [each for each in of_songs if len(each) > 1]
    yield "two words of a song", [" ".join(rng.sample(each, 2)) for each in pairs][:QUERIES]
    yield "two words", [" ".join(rng.sample(some, 2)) for _ in range(QUERIES)]
    yield "three words", [" ".join(rng.sample(some, 3)) for _ in range(QUERIES)]
    yield (
        "two words, 1 to 5 letters",
        [
            " ".join(each[: rng.randint(1, 5)] for each in rng.sample(some, 2))
            for _ in range(QUERIES)
        ],
    )
    yield "no such word", [f"zzz{each}" for each in range(QUERIES)]
    yield "rarely meeting", _rarely_meeting(bare, rng)


def _words(bare: Bare, place: int) -> list[str]:
    select = f"SELECT text FROM {song_text.name} WHERE place = {place}"  # noqa: S608 - same
    return [each.removeprefix(MARKER) for each in bare.rows(select)[0][0].split()]


def _frequent(bare: Bare) -> list[tuple[str, int]]:
    """Return the most frequent words and how many songs have each."""
    select = f"SELECT word, songs FROM {word.name} ORDER BY songs DESC LIMIT 200"  # noqa: S608
    return [(each, songs) for each, songs in bare.rows(select)]


def _rarely_meeting(bare: Bare, rng: random.Random) -> list[str]:
    """Return pairs of the words that stand 100th to 200th by how many songs have them."""
    some = [each for each, _ in _frequent(bare)[100:]]
    return [" ".join(rng.sample(some, 2)) for _ in range(QUERIES)]


async def _search(catalog: SqlCatalog, name: str, queries: list[str]) -> None:
    seconds = [await _seconds(catalog.search(query, PAGE, "", _patient())) for query in queries]
    if seconds:
        _print(f"search, {name}", seconds)


async def _deep_pages(catalog: SqlCatalog, words: list[str]) -> None:
    seconds: list[float] = []
    for query in words[50:60]:
        token = ""
        for _ in range(20):
            begun = time.perf_counter()
            page = await catalog.search(query, PAGE, token, _patient())
            seconds.append(time.perf_counter() - begun)
            token = page.next_token
            if not token:
                break
    _print("search, pages 1 to 20", seconds)


async def _seconds(call: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await call
    return time.perf_counter() - begun


def _patient() -> Deadline:
    return Deadline.after(PATIENCE)


def _print(name: str, seconds: Iterable[float], more: str = "") -> None:
    print(f"{name:34} {_cuts(seconds)}{more}", flush=True)


def _cuts(seconds: Iterable[float]) -> str:
    cuts = statistics.quantiles([each * 1000 for each in seconds], n=100, method="inclusive")
    return f"p50 {cuts[49]:8.2f}  p99 {cuts[98]:8.2f}"


def _bare(url: str) -> Bare:
    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        connection = sqlite3.connect(parsed.database or "", isolation_level=None)
        return Bare(connection.cursor(), sqlite.dialect())
    server = pymysql.connect(
        host=parsed.host or "",
        port=parsed.port or 3306,
        user=parsed.username,
        password=parsed.password or "",
        database=parsed.database,
        autocommit=True,
    )
    return Bare(server.cursor(), mysql.dialect(paramstyle="pyformat"))


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        yield f"sqlite:///{folder}/catalog.db"


@contextmanager
def _mariadb() -> Iterator[str]:
    server = MariaDB()
    try:
        url = server.create_database("bench")
        _bare(url).rows(f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL}")
        yield url
    finally:
        server.remove()


if __name__ == "__main__":
    main()
