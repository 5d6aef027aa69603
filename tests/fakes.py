"""Stand-ins for what is at the borders: an engine and a catalog whose answers a test sets."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import ActivityUnavailable, CatalogUnavailable, EngineUnavailable
from segue_server.domain.event import Event, Opinions, Recorded
from segue_server.domain.model import (
    Contribution,
    EngineInfo,
    Genre,
    Page,
    RankedSong,
    Ranking,
    RankQuery,
    Song,
    Source,
)

KNOWN = range(1, 101)


@dataclass
class FakeEngine:
    """Knows the songs 1 to 100 and ranks the higher ids first; each listened song adds 1."""

    name: str = "fake"
    version: str = "7"
    down: bool = False
    hangs: bool = False
    retry_after: float = 1.0
    source: Source = Source.CONTENT
    queries: list[RankQuery] = field(default_factory=list)

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        self.queries.append(query)
        await self._answerable(deadline)
        known = [song for song in query.songs if song in KNOWN]
        out = {*query.songs, *query.excluded_songs}
        parts = tuple(Contribution(song, 1.0) for song in known) if query.explain else ()
        best = [song for song in reversed(KNOWN) if song not in out][: query.k]
        return Ranking(
            tuple(RankedSong(song, float(len(known)), self.source, parts) for song in best),
            self.name,
            self.version,
            tuple(song for song in query.songs if song not in known),
        )

    async def describe(self, deadline: Deadline) -> EngineInfo:
        await self._answerable(deadline)
        return EngineInfo(self.version, "fake", Source.CONTENT, len(KNOWN), True, "none")

    async def _answerable(self, deadline: Deadline) -> None:
        if self.hangs:
            await asyncio.sleep(deadline.remaining() + 0.001)
            deadline.remaining()
        if self.down:
            trouble = EngineUnavailable("down for a test")
            trouble.retry_after = self.retry_after
            raise trouble


@dataclass
class FakeCatalog:
    """Knows the songs that it is given, and counts the reads."""

    known: Mapping[int, Song] = field(
        default_factory=lambda: {
            id_: Song(id_, f"Title {id_}", "Artist", 1, tempo=120.5, duration=61.5) for id_ in KNOWN
        }
    )
    down: bool = False
    reads: list[set[int]] = field(default_factory=list)

    async def songs(self, ids: Collection[int], deadline: Deadline) -> Mapping[int, Song]:
        self.reads.append(set(ids))
        self._answerable()
        return {song: self.known[song] for song in ids if song in self.known}

    async def search(
        self, query: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Song]:
        self._answerable()
        return Page(
            tuple(song for song in self.known.values() if query in (song.title or ""))[:limit]
        )

    async def genres(self, limit: int, page_token: str, deadline: Deadline) -> Page[Genre]:
        self._answerable()
        return Page((Genre(1, "Rock", 3),))

    async def genre_names(self, keys: Collection[str], deadline: Deadline) -> Mapping[str, str]:
        self._answerable()
        names = {"rock": "Rock", "jazz": "Jazz"}
        return {key: names[key] for key in keys if key in names}

    async def fingerprint(self, deadline: Deadline) -> str:
        self._answerable()
        return "fake"

    async def ping(self, deadline: Deadline) -> None:
        self._answerable()

    def _answerable(self) -> None:
        if self.down:
            raise CatalogUnavailable("down for a test")


@dataclass
class FakeEvents:
    """Knows the opinions that it is given, of any listener, and counts the reads."""

    told: Opinions = field(default_factory=Opinions)
    down: bool = False
    hangs: bool = False
    reads: list[str] = field(default_factory=list)

    async def record(self, owner: str, events: Sequence[Event], deadline: Deadline) -> Recorded:
        raise NotImplementedError

    async def opinions(self, owner: str, deadline: Deadline) -> Opinions:
        self.reads.append(owner)
        if self.hangs:
            await asyncio.sleep(deadline.remaining() + 0.001)
            deadline.remaining()
        if self.down:
            raise ActivityUnavailable("down for a test")
        return self.told
