"""Puts a dataset folder in the place of what the catalog holds, wholly or not at all.

A load goes step by step, and each step that is done is remembered with what it has done: a load
that was cut off goes on behind the last one. The last step of all swaps the tables.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, inspect, select

from segue_server.catalog import staging
from segue_server.catalog.bulk import Bulk, bulk_for
from segue_server.catalog.chunks import Chunk
from segue_server.catalog.conversion import convert, converting
from segue_server.catalog.dataset import MANIFEST, DatasetError, Manifest, digest, read_manifest
from segue_server.catalog.part import CATALOG
from segue_server.catalog.records import COLUMNS, Dataset
from segue_server.catalog.schema import CONTENT, catalog_info, song_text
from segue_server.catalog.text_index import text_index
from segue_server.sql.connect import opened, parse_url
from segue_server.sql.version import check

# How many artists, songs and so on are converted at a time: few enough for a processor's caches.
# And how many such chunks are written in one transaction: what is done again after a kill.
CHUNK: Final = 1_000
CHUNKS_A_STEP: Final = 50

# What decides which rows a dataset becomes: a load does not go on with those of another program.
RULES: Final = tuple(
    f"{name}.py" for name in ("chunks", "dataset", "fields", "records", "song_records", "words")
)

# The step that is done once all rows are written.
ROWS: Final = "rows"

Work = Callable[[], None]

# Called with the kind of what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the catalog holds after a load; `changed` is whether it was loaded just now."""

    manifest: Manifest
    changed: bool


def show_nothing(_kind: str, _done: int, _total: int) -> None:
    """Take the progress of a load without a word."""


def load(
    url: str, folder: Path, *, if_changed: bool = False, progress: Progress = show_nothing
) -> Loaded:
    """Make the catalog hold the dataset; with `if_changed` only if it holds another.

    Readers see the old songs until they see the new ones, and an error leaves what they see as it
    was. Raises: DatabaseUrlError, DatasetError, CatalogUnavailable.
    """
    manifest = read_manifest(folder, tuple(COLUMNS))
    with opened(CATALOG, parse_url(CATALOG, url)) as engine, engine.connect() as connection:
        with connection.begin():
            check(CATALOG, connection)
            same = if_changed and _fingerprint(connection) == manifest.fingerprint
            replaced = staging.replaced(connection)
        if same and not replaced:
            return Loaded(manifest, changed=False)
        bulk = bulk_for(connection)
        if same:
            with bulk.exclusive():
                staging.drop_replaced(connection)
            return Loaded(manifest, changed=False)
        with bulk.exclusive():
            _Load(connection, bulk, progress, _load_id(folder)).run(
                Dataset(folder, manifest, CHUNK)
            )
    return Loaded(manifest, changed=True)


def _fingerprint(connection: Connection) -> str | None:
    return connection.scalar(select(catalog_info.c.fingerprint))


def _load_id(folder: Path) -> str:
    """Return what tells this load from others: what it reads, what it makes of that and how.

    The manifest's own fingerprint does not say whether the files are still those that it is of.
    """
    files = digest(folder, (MANIFEST, *(f"{name}.csv" for name in COLUMNS)))
    rules = digest(Path(__file__).parent, RULES)
    return f"{CATALOG.head}-{CHUNK}x{CHUNKS_A_STEP}-{files[:24]}{rules[:16]}"


class _Load:
    """One load, over a connection that no other load has."""

    def __init__(
        self, connection: Connection, bulk: Bulk, progress: Progress, load_id: str
    ) -> None:
        self._connection = connection
        self._bulk = bulk
        self._progress = progress
        self._load_id = load_id
        self._tables = (*(table.name for table in CONTENT), *bulk.index_tables)
        self._done: set[str] = set()

    def run(self, dataset: Dataset) -> None:
        """Do the steps that are not done, and swap."""
        self._done = staging.prepare(self._connection, self._load_id, self._tables)
        if ROWS not in self._done:
            try:
                self._write_rows(dataset)
            except DatasetError:  # which cannot be gone on with
                staging.discard(self._connection, self._tables)
                raise
        self._make_indexes()
        self._describe(dataset.manifest)
        self._progress("swap", 0, 1)
        self._bulk.swap(self._tables)
        staging.discard(self._connection, self._tables)
        self._progress("swap", 1, 1)

    def _write_rows(self, dataset: Dataset) -> None:
        with self._chunks(dataset) as chunks, _without_cycle_search():
            for kind, of_kind in groupby(chunks, key=attrgetter("kind")):
                for number, some in enumerate(_several(of_kind, CHUNKS_A_STEP)):
                    self._write(f"{kind} {number}", some)
        self._step(ROWS, lambda: None)

    def _chunks(self, dataset: Dataset) -> AbstractContextManager[Iterator[Chunk]]:
        """Give the chunks; those of a single step are there before a process has started."""
        if dataset.manifest.counts["songs"] > CHUNK * CHUNKS_A_STEP:
            return converting(dataset, self._bulk.takes_lines)
        return nullcontext(convert(dataset, self._bulk.takes_lines))

    def _write(self, step: str, some: Iterable[Chunk]) -> None:
        for chunk in some:
            if step not in self._done:
                self._bulk.collect(chunk)
            self._progress(chunk.kind, chunk.done, chunk.total)
        self._step(step, self._bulk.write)

    def _make_indexes(self) -> None:
        indexed = [table for table in CONTENT if table.indexes]
        steps: dict[str, Work] = {
            f"indexes of {table.name}": partial(self._bulk.make_indexes, table) for table in indexed
        }
        steps["text index"] = self._make_text_index
        for number, (name, work) in enumerate(steps.items()):
            self._progress("indexes", number, len(steps))
            self._step(name, work)
        self._progress("indexes", len(steps), len(steps))

    def _make_text_index(self) -> None:
        # On MySQL it may be there, though the load that asked for it was killed before it knew.
        if not inspect(self._connection).get_indexes(staging.staged_name(song_text)):
            index = text_index(self._connection)
            index.create(self._connection, staging.staged_name(song_text), self._bulk.text_index)

    def _describe(self, manifest: Manifest) -> None:
        info = staging.staged(catalog_info)
        with self._connection.begin():
            self._connection.execute(delete(info))
            self._connection.execute(
                insert(info).values(
                    id=1,
                    fingerprint=manifest.fingerprint,
                    name=manifest.name,
                    song_count=manifest.counts["songs"],
                    loaded_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                )
            )

    def _step(self, name: str, work: Work) -> None:
        """Do the work and remember that it is done, in one transaction, if it is not done yet."""
        if name in self._done:
            return
        with self._connection.begin():
            work()
            staging.record(self._connection, self._load_id, name)


def _several(chunks_of_kind: Iterator[Chunk], number: int) -> Iterator[Iterator[Chunk]]:
    """Yield the chunks `number` at a time; those of one time are used up before the next."""
    for first in chunks_of_kind:
        yield chain([first], islice(chunks_of_kind, number - 1))


@contextmanager
def _without_cycle_search() -> Iterator[None]:
    """Have Python not search for cycles of objects; a load makes none, and millions of objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
