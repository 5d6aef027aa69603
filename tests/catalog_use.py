"""What tests of the catalog do again and again."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import Select, Table, create_engine, select

from catalog_dataset import SongRow, Songs, write_dataset
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.schema import metadata
from segue_server.catalog.sql import SqlCatalog
from segue_server.domain.deadline import Deadline
from segue_server.domain.model import RankQuery
from segue_server.sql.migrate import migrate

Call = Callable[[SqlCatalog, Deadline], Awaitable[object]]

ONE_SONG = Songs([SongRow(1, "One", 1)], {1: "U2"})
TWO_SONGS = Songs(
    [SongRow(2, "New", 1, 5, 2001, (2, 1)), SongRow(9, "Newer", 2)],
    {1: "Young", 2: "Younger"},
    {5: ("First", 1)},
    {1: "Rock", 2: "Pop"},
)

# Every way into the catalog.
CALLS: dict[str, Call] = {
    "songs": lambda catalog, deadline: catalog.songs([1], deadline),
    "search": lambda catalog, deadline: catalog.search("one", 10, "", deadline),
    "genres": lambda catalog, deadline: catalog.genres(10, "", deadline),
    "genre_names": lambda catalog, deadline: catalog.genre_names(["unheard of"], deadline),
    "popular": lambda catalog, deadline: catalog.popular(RankQuery((), 10), deadline),
    "known": lambda catalog, deadline: catalog.known([1], deadline),
    "ping": lambda catalog, deadline: catalog.ping(deadline),
}


def soon() -> Deadline:
    """Return a deadline that no call over small data comes near."""
    return Deadline.after(10)


def filled(url: str, folder: Path, content: Songs) -> str:
    """Make the database hold `content`, written to `folder` on the way; return its URL."""
    migrate(CATALOG, url)
    load(url, write_dataset(folder, content))
    return url


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables, in order, but for the time of the load."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [tuple(row) for row in connection.execute(_all_rows(table))]
            for table in metadata.tables.values()
        }
    engine.dispose()
    return found


def _all_rows(table: Table) -> Select[*tuple[object, ...]]:
    columns = [column for column in table.columns if column.name != "loaded_at"]
    return select(*columns).order_by(*table.primary_key)


async def search_all(catalog: SqlCatalog, query: str, limit: int) -> list[int]:
    """Return the ids of all pages of `limit` songs; all but the last must be full."""
    ids: list[int] = []
    token = ""
    while True:
        page = await catalog.search(query, limit, token, soon())
        ids += [song.id for song in page.items]
        token = page.next_token
        if not token:
            return ids
        assert len(page.items) == limit
