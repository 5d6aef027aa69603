"""The catalog as the rest of the server knows it: `Catalog` and `PopularSongs` over SQL."""

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import select

from segue_server.catalog.genres import after_token, list_genres, read_genre_names
from segue_server.catalog.part import CATALOG
from segue_server.catalog.popular import rank_popular
from segue_server.catalog.schema import catalog_info
from segue_server.catalog.search import find, understand
from segue_server.catalog.songs import known_ids, read_songs
from segue_server.domain.deadline import Deadline
from segue_server.domain.model import Genre, Page, RankedSong, RankQuery, Song
from segue_server.sql.connect import SERVING, open_engine, parse_url
from segue_server.sql.threads import Threads
from segue_server.sql.version import check

# Seconds after a load during which a genre that is gone may still be taken for one.
GENRES_REMEMBERED = 30.0


def open_catalog(url: str, pool_size: int) -> "SqlCatalog":
    """Return the catalog at `url`, read over at most `pool_size` connections.

    Nothing is connected yet: a database that is down now is used once it is up.
    Raises: DatabaseUrlError, a ValueError.
    """
    engine = open_engine(parse_url(CATALOG, url), pool_size, SERVING)
    return SqlCatalog(Threads(CATALOG, engine, pool_size))


class SqlCatalog:
    """Reads the catalog. Each method does what the port of its name says, in one transaction."""

    def __init__(self, threads: Threads) -> None:
        """Take over `threads`."""
        self._threads = threads
        self._genre_names: Mapping[str, str] = {}
        self._genre_names_until = 0.0

    async def songs(self, ids: Collection[int], deadline: Deadline) -> Mapping[int, Song]:
        """See `Catalog.songs`; one statement."""
        return await self._threads.read(partial(read_songs, ids=ids), deadline)

    async def search(
        self, query: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Song]:
        """See `Catalog.search`."""
        wanted = understand(query, limit, page_token)
        return await self._threads.read(partial(find, wanted=wanted), deadline)

    async def genres(self, limit: int, page_token: str, deadline: Deadline) -> Page[Genre]:
        """See `Catalog.genres`."""
        after = after_token(page_token)
        return await self._threads.read(partial(list_genres, limit=limit, after=after), deadline)

    async def genre_names(self, keys: Collection[str], deadline: Deadline) -> Mapping[str, str]:
        """See `Catalog.genre_names`.

        The names are remembered for a while, so that a filter costs no read. A genre that is not
        among them has them read anew at once.
        """
        fresh = deadline.clock() < self._genre_names_until
        if not (fresh and set(keys) <= self._genre_names.keys()):
            self._genre_names = await self._threads.read(read_genre_names, deadline)
            self._genre_names_until = deadline.clock() + GENRES_REMEMBERED
        return {key: self._genre_names[key] for key in keys if key in self._genre_names}

    async def fingerprint(self, deadline: Deadline) -> str:
        """See `Catalog.fingerprint`; one statement."""
        wanted = select(catalog_info.c.fingerprint)
        return await self._threads.read(
            lambda connection: connection.scalar(wanted) or "", deadline
        )

    async def ping(self, deadline: Deadline) -> None:
        """See `Catalog.ping`."""
        await self._threads.read(partial(check, CATALOG), deadline)

    async def popular(self, query: RankQuery, deadline: Deadline) -> tuple[RankedSong, ...]:
        """See `PopularSongs.popular`."""
        return await self._threads.read(partial(rank_popular, query=query), deadline)

    async def known(self, ids: Collection[int], deadline: Deadline) -> frozenset[int]:
        """See `PopularSongs.known`."""
        return await self._threads.read(partial(known_ids, ids=ids), deadline)

    def close(self) -> None:
        """Wait for the reads under way, a few seconds at most, and close every connection."""
        self._threads.close()
