"""Measures a load of the catalog against the database's own bulk path over the same rows.

    PYTHONPATH=tests python bench/catalog_load.py DATASET_DIR [--database NAME] [--rounds 3]

Ours is `segue_server.catalog.load` in a process of its own, from the dataset's files to the swap.
Theirs is told nothing but rows that are prepared already: on MariaDB one LOAD DATA a table, from
files; on SQLite one transaction of an executemany a table, from memory. Both fill the same tables
and make the same indexes by the same statements. The rounds take turns, and medians are compared.
MariaDB is a server of the bench's own, set up as for the tests.
"""

import argparse
import gc
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from mariadb import MariaDB
from segue_server.catalog import staging
from segue_server.catalog.bulk import Bulk, bulk_for
from segue_server.catalog.bulk_mysql import ROWS_FROM_FILE
from segue_server.catalog.chunks import Rows, chunks
from segue_server.catalog.dataset import read_manifest
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.records import COLUMNS, Dataset, Values
from segue_server.catalog.schema import CONTENT, song_text
from segue_server.catalog.text_index import text_index
from segue_server.catalog.tsv import encode
from segue_server.sql.connect import opened, parse_url
from segue_server.sql.migrate import migrate

MIB = 2**20
KIB = 2**10

NewDatabase = Callable[[], str]
Fill = Callable[[Connection], None]


def main() -> None:
    """Print seconds and ratios, a line a database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dataset", type=Path, metavar="DATASET_DIR")
    parser.add_argument("--database", choices=("sqlite", "mariadb"), action="append")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name:
        for kind in asked.database or ("sqlite", "mariadb"):
            places = _sqlite if kind == "sqlite" else _mariadb
            with places(Path(name)) as new_database:
                _compare(kind, asked.dataset, new_database, asked.rounds)


def _compare(kind: str, dataset: Path, new_database: NewDatabase, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name:
        Path(name).chmod(0o755)
        fill = _from_memory(dataset) if kind == "sqlite" else _from_files(dataset, Path(name))
        ours, theirs, peaks = [], [], []
        for _ in range(rounds):
            seconds, peak = _ours(new_database(), dataset)
            ours.append(seconds)
            peaks.append(peak)
            theirs.append(_theirs(new_database(), fill))
    mine, bulk = statistics.median(ours), statistics.median(theirs)
    print(
        f"{kind}: load {mine:.1f} s {_all(ours)}, bulk path {bulk:.1f} s {_all(theirs)}, "
        f"ratio {mine / bulk:.2f}, peak memory of the load {max(peaks):.0f} MiB"
    )


def _all(seconds: list[float]) -> str:
    return f"({', '.join(f'{each:.1f}' for each in seconds)})"


def _ours(url: str, dataset: Path) -> tuple[float, float]:
    """Return the seconds of a load, and the peak of its memory in MiB."""
    migrate(CATALOG, url)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_load_and_tell, args=(url, dataset, theirs))
    process.start()
    seconds: tuple[float, float] = ours.recv()
    process.join()
    return seconds


def _load_and_tell(url: str, dataset: Path, pipe: "multiprocessing.connection.Connection") -> None:
    begun = time.perf_counter()
    load(url, dataset)
    seconds = time.perf_counter() - begun
    pipe.send((seconds, _peak_memory()))


def _peak_memory() -> float:
    """Return the most memory that this process and one that it has ended have had, in MiB."""
    of_child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * KIB / MIB
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return of_child + int(line.split()[1]) * KIB / MIB
    raise RuntimeError("this system does not tell how much memory a process has had")


def _theirs(url: str, fill: Fill) -> float:
    """Return the seconds of the same made by `fill`, the database's own bulk path."""
    migrate(CATALOG, url)
    with opened(CATALOG, parse_url(CATALOG, url)) as engine, engine.connect() as connection:
        bulk = bulk_for(connection)
        tables = (*(table.name for table in CONTENT), *bulk.index_tables)
        begun = time.perf_counter()
        staging.prepare(connection, "bench", tables)
        with connection.begin():
            fill(connection)
            _index(connection, bulk)
        bulk.swap(tables)
        return time.perf_counter() - begun


def _index(connection: Connection, bulk: Bulk) -> None:
    for table in CONTENT:
        if table.indexes:
            bulk.make_indexes(table)
    name = staging.staged(song_text).name
    text_index(connection).create(connection, name, bulk.text_index)


def _from_memory(dataset: Path) -> Fill:
    rows: dict[str, list[Values]] = {}
    gc.disable()  # or Python looks through all of them again and again
    for table, some in _rows(dataset):
        rows.setdefault(table, []).extend(some)

    def fill(connection: Connection) -> None:
        driver = connection.connection.cursor()
        for table in CONTENT:
            if table.name in rows:
                marks = ", ".join("?" * len(table.columns))
                statement = f"INSERT INTO {staging.staged(table).name} VALUES ({marks})"  # noqa: S608
                driver.executemany(statement, rows[table.name])
        driver.close()

    return fill


def _from_files(dataset: Path, folder: Path) -> Fill:
    for table, some in _rows(dataset):
        if some:
            with (folder / table).open("ab") as file:
                file.write(encode(some))

    def fill(connection: Connection) -> None:
        for table in CONTENT:
            file = folder / table.name
            if file.exists():
                statement = ROWS_FROM_FILE.format(table=staging.staged(table).name)
                connection.exec_driver_sql(statement, (str(file),))

    return fill


def _rows(dataset: Path) -> Iterator[tuple[str, Rows]]:
    manifest = read_manifest(dataset, tuple(COLUMNS))
    for chunk in chunks(Dataset(dataset, manifest, 1_000)):
        yield from chunk.rows


@contextmanager
def _sqlite(folder: Path) -> Iterator[NewDatabase]:
    file = folder / "catalog.db"

    def new_database() -> str:
        for old in folder.glob("catalog.db*"):
            old.unlink()
        return f"sqlite:///{file}"

    yield new_database


@contextmanager
def _mariadb(_folder: Path) -> Iterator[NewDatabase]:
    server = MariaDB()
    try:
        yield lambda: server.create_database("bench")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
