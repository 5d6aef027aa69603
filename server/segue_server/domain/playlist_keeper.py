"""The use cases of playlists: change one, read its songs, recommend for what it holds then."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import CatalogUnavailable, DeadlineExceeded, NotFound, SegueError
from segue_server.domain.model import (
    Degradation,
    Page,
    Recommendations,
    RecommendRequest,
    Song,
    View,
)
from segue_server.domain.playlist import NewPlaylist, Playlist, PlaylistKey
from segue_server.domain.ports import Catalog, Playlists
from segue_server.domain.recommender import CATALOG_SHARE_OF_TIME, Recommender

# What it takes to answer for a song that is being added, of the time there is.
LOOKING_SHARE_OF_TIME = 0.3


@dataclass(frozen=True, slots=True)
class ShownPlaylist:
    """A playlist with those of its songs that the catalog told."""

    playlist: Playlist
    songs: Mapping[int, Song]
    degraded: tuple[Degradation, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedPlaylist:
    """A playlist after a change, and what is recommended for it, if that was asked for."""

    shown: ShownPlaylist
    recommendations: Recommendations | SegueError | None = None


class PlaylistKeeper:
    """Keeps playlists, and recommends songs for them."""

    def __init__(
        self,
        playlists: Playlists,
        catalog: Catalog,
        recommender: Recommender,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._playlists = playlists
        self._catalog = catalog
        self._recommender = recommender
        self._now = now

    async def create(self, new: NewPlaylist, view: View, deadline: Deadline) -> ShownPlaylist:
        """Return a new playlist. Raises: LimitReached, ActivityUnavailable, DeadlineExceeded."""
        return await self._shown(await self._playlists.create(new, deadline), view, deadline)

    async def get(self, key: PlaylistKey, view: View, deadline: Deadline) -> ShownPlaylist:
        """Return a playlist. Raises: NotFound, ActivityUnavailable, DeadlineExceeded."""
        found = await self._playlists.get(key, deadline)
        return await self._shown(found, view, deadline)

    async def recommend(
        self, key: PlaylistKey, wanted: RecommendRequest, deadline: Deadline
    ) -> ChangedPlaylist:
        """Return a playlist and what is recommended for it. Raises as `get` does."""
        found = await self._playlists.get(key, deadline)
        return await self._with_recommendations(found, wanted, deadline)

    async def page(
        self, owner: str, limit: int, page_token: str, deadline: Deadline
    ) -> Page[Playlist]:
        """Return a page of playlists, see `Playlists.page`."""
        return await self._playlists.page(owner, limit, page_token, deadline)

    async def retitle(self, key: PlaylistKey, title: str, deadline: Deadline) -> Playlist:
        """Return the playlist under another title; for the errors see `Playlists.change`."""
        return await self._playlists.change(key, lambda playlist: playlist.titled(title), deadline)

    async def delete(self, key: PlaylistKey, deadline: Deadline) -> None:
        """Delete a playlist; for the errors see `Playlists.delete`."""
        await self._playlists.delete(key, deadline)

    async def add(
        self,
        key: PlaylistKey,
        song_id: int,
        position: int,
        wanted: RecommendRequest | None,
        deadline: Deadline,
    ) -> ChangedPlaylist:
        """Return the playlist with a song, see `Playlist.with_song`; NotFound where there is none.

        While the catalog is down any song is taken.
        """
        await self._must_exist(song_id, deadline)
        now = self._now()
        changed = await self._playlists.change(
            key, lambda playlist: playlist.with_song(song_id, position, now), deadline
        )
        return await self._with_recommendations(changed, wanted, deadline)

    async def remove(
        self, key: PlaylistKey, song_id: int, wanted: RecommendRequest | None, deadline: Deadline
    ) -> ChangedPlaylist:
        """Return the playlist without a song."""
        changed = await self._playlists.change(
            key, lambda playlist: playlist.without_song(song_id), deadline
        )
        return await self._with_recommendations(changed, wanted, deadline)

    async def move(
        self, key: PlaylistKey, song_id: int, position: int, deadline: Deadline
    ) -> ShownPlaylist:
        """Return the playlist with a song at another position; NotFound where it is not."""
        changed = await self._playlists.change(
            key, lambda playlist: playlist.with_song_moved(song_id, position), deadline
        )
        return await self._shown(changed, View.BASIC, deadline)

    async def _must_exist(self, song_id: int, deadline: Deadline) -> None:
        try:
            found = await self._catalog.songs([song_id], deadline.share(LOOKING_SHARE_OF_TIME))
        except (CatalogUnavailable, DeadlineExceeded):
            return
        if song_id not in found:
            raise NotFound("song", str(song_id))

    async def _with_recommendations(
        self, changed: Playlist, wanted: RecommendRequest | None, deadline: Deadline
    ) -> ChangedPlaylist:
        if wanted is None:
            return ChangedPlaylist(await self._shown(changed, View.BASIC, deadline))
        query = replace(wanted.query, songs=changed.song_ids)
        shown, outcome = await asyncio.gather(
            self._shown(changed, wanted.view, deadline),
            self._recommended(replace(wanted, query=query), deadline),
        )
        return ChangedPlaylist(shown, outcome)

    async def _recommended(
        self, request: RecommendRequest, deadline: Deadline
    ) -> Recommendations | SegueError:
        # The change is made: what goes wrong from here on must not look as if it were not.
        try:
            return await self._recommender.recommend(request, deadline)
        except SegueError as error:
            return error

    async def _shown(self, playlist: Playlist, view: View, deadline: Deadline) -> ShownPlaylist:
        """Return the playlist with its songs; with their ids alone while the catalog is down."""
        if view is View.IDS_ONLY or not playlist.entries:
            return ShownPlaylist(playlist, {})
        try:
            share = deadline.share(CATALOG_SHARE_OF_TIME)
            songs = await self._catalog.songs(playlist.song_ids, share)
        except (CatalogUnavailable, DeadlineExceeded):
            return ShownPlaylist(playlist, {}, (Degradation.CATALOG_UNAVAILABLE,))
        whole = len(songs) == len(playlist.entries)
        return ShownPlaylist(playlist, songs, () if whole else (Degradation.CATALOG_INCOMPLETE,))
