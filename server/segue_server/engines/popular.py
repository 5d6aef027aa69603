"""The popular songs of the catalog: what can be recommended when no model answers."""

from segue_server.domain.deadline import Deadline
from segue_server.domain.model import Ranking, RankQuery
from segue_server.domain.ports import PopularSongs


class PopularEngine:
    """Ranks by popularity alone, out of the catalog."""

    def __init__(self, catalog: PopularSongs, name: str) -> None:
        self._catalog = catalog
        self._name = name

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the most popular songs; see `Engine.rank`. Raises CatalogUnavailable too."""
        songs = await self._catalog.popular(query, deadline)
        known = await self._catalog.known(query.songs, deadline) if query.songs else frozenset()
        unknown = tuple(song for song in query.songs if song not in known)
        return Ranking(songs, self._name, unknown_songs=unknown)
