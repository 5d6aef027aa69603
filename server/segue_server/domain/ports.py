"""The doors out: who ranks, what is known of the songs, and what listeners keep."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from segue_server.domain.deadline import Deadline
from segue_server.domain.event import Event, Opinions, Recorded
from segue_server.domain.model import EngineInfo, Genre, Page, RankedSong, Ranking, RankQuery, Song
from segue_server.domain.playlist import NewPlaylist, Playlist, PlaylistKey


class Engine(Protocol):
    """Ranks songs for a listener. The plug-in point: this one method."""

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return at most `query.k` songs that the query allows, best first.

        Never a listened or excluded song, never a song twice; equal scores by id. Unknown
        listened songs are reported; when none is known, the popular songs come.

        Raises: EngineUnavailable, DeadlineExceeded.
        """


class Described(Protocol):
    """An engine that can say what it is."""

    async def describe(self, deadline: Deadline) -> EngineInfo:
        """Return what the engine says of itself now.

        Raises: EngineUnavailable, DeadlineExceeded.
        """


class PopularSongs(Protocol):
    """Knows the most popular songs; what can be recommended when no model answers."""

    async def popular(self, query: RankQuery, deadline: Deadline) -> tuple[RankedSong, ...]:
        """Return the most popular `query.k` songs that the query allows, equal ones by id.

        Honors every part of the query but `songs` as taste: listened songs are left out only.
        Raises: CatalogUnavailable, DeadlineExceeded.
        """

    async def known(self, ids: Collection[int], deadline: Deadline) -> frozenset[int]:
        """Return those of `ids` that the catalog knows.

        Raises: CatalogUnavailable, DeadlineExceeded.
        """


class Catalog(Protocol):
    """Knows the songs."""

    async def songs(self, ids: Collection[int], deadline: Deadline) -> Mapping[int, Song]:
        """Return the songs that exist, by id, in one read.

        Raises: CatalogUnavailable, DeadlineExceeded.
        """

    async def search(
        self, query: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Song]:
        """Return a page of the songs found by words or prefixes of title, artist and album.

        Songs whose title is the query come first, then the most popular; equal ones by id.
        Raises: InvalidRequest (field `query` or `page_token`), CatalogUnavailable,
        DeadlineExceeded.
        """

    async def genres(self, limit: int, page_token: str, deadline: Deadline) -> Page[Genre]:
        """Return a page of the genres by name.

        Raises: InvalidRequest (field `page_token`), CatalogUnavailable, DeadlineExceeded.
        """

    async def genre_names(self, keys: Collection[str], deadline: Deadline) -> Mapping[str, str]:
        """Return the names of those genres that exist, by `keys`, their case-folded names.

        Raises: CatalogUnavailable, DeadlineExceeded.
        """

    async def fingerprint(self, deadline: Deadline) -> str:
        """Return what tells the dataset that is loaded now from every other; empty for none.

        Raises: CatalogUnavailable, DeadlineExceeded.
        """

    async def ping(self, deadline: Deadline) -> None:
        """Return when the catalog answers and is of the right schema version.

        Raises: CatalogUnavailable (its text says which), DeadlineExceeded.
        """


class Playlists(Protocol):
    """Keeps playlists. An owner has those that were created for it, and knows of no other.

    Every method raises ActivityUnavailable and DeadlineExceeded.
    """

    async def create(self, new: NewPlaylist, deadline: Deadline) -> Playlist:
        """Return a new playlist, or the one that the same request has made before.

        Raises: LimitReached.
        """

    async def get(self, key: PlaylistKey, deadline: Deadline) -> Playlist:
        """Return a playlist. Raises: NotFound, Changed where it is not of the key's etag."""

    async def page(
        self, owner: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Playlist]:
        """Return a page of playlists without their entries, the last changed first.

        Raises: InvalidRequest (field `page_token`).
        """

    async def change(
        self, key: PlaylistKey, change: Callable[[Playlist], Playlist], deadline: Deadline
    ) -> Playlist:
        """Put what `change` makes of a playlist in its place, as its next revision; return it.

        Nothing else changes the playlist meanwhile. Where `change` changes nothing, the revision
        stays. Raises: NotFound, Changed, and what `change` raises.
        """

    async def revisions(self, ids: Collection[str], deadline: Deadline) -> Mapping[str, int]:
        """Return the revisions of those playlists that there are, whoever owns them."""

    async def delete(self, key: PlaylistKey, deadline: Deadline) -> None:
        """Delete a playlist. Raises: NotFound, Changed."""

    async def ping(self, deadline: Deadline) -> None:
        """Return when the playlists can be read, by a database of the right schema version."""


class Events(Protocol):
    """Keeps what listeners do, and knows what they like.

    Every method raises ActivityUnavailable and DeadlineExceeded.
    """

    async def record(self, owner: str, events: Sequence[Event], deadline: Deadline) -> Recorded:
        """Keep those events of an owner that are not known yet by their ids: all or, failing, none.

        What they say of songs counts for `opinions` from then on, the latest by its time.
        """

    async def opinions(self, owner: str, deadline: Deadline) -> Opinions:
        """Return which songs an owner likes and dislikes."""
