"""Playlists: songs that a listener keeps in an order, and the rules of changing them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from segue_server.domain.errors import LimitReached, NotFound

MAX_ENTRIES: Final = 500
MAX_PLAYLISTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A song of a playlist, and when it was added."""

    song_id: int
    added: datetime


@dataclass(frozen=True, slots=True)
class PlaylistKey:
    """A playlist by its owner and id; `etag` is that which it must have, any when empty."""

    owner: str
    id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class NewPlaylist:
    """A playlist to be; of one owner's with the same `request_id`, unless empty, there is one."""

    owner: str
    title: str
    song_ids: tuple[int, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist; `entries` are in its order, each song once.

    `revision` grows with every change. Times are in UTC. In listings `entries` are left out, and
    `song_count` says how many there are.
    """

    id: str
    title: str
    entries: tuple[Entry, ...]
    revision: int
    created: datetime
    updated: datetime
    song_count: int

    @property
    def etag(self) -> str:
        """The text that callers know the revision by."""
        return f"r{self.revision}"

    @property
    def song_ids(self) -> tuple[int, ...]:
        """The songs in order."""
        return tuple(entry.song_id for entry in self.entries)

    def changed(self, now: datetime) -> "Playlist":
        """Return the playlist as the revision after this one."""
        # The clock may be set back; what was changed last must still come first.
        return replace(self, revision=self.revision + 1, updated=max(now, self.updated))

    def titled(self, title: str) -> "Playlist":
        """Return the playlist under another title."""
        return replace(self, title=title)

    def with_song(self, song_id: int, position: int, now: datetime) -> "Playlist":
        """Return the playlist with a song at a position from 1, or behind all others for 0.

        A song that is there stays where it is. Raises: LimitReached.
        """
        if song_id in self.song_ids:
            return self
        if len(self.entries) >= MAX_ENTRIES:
            raise LimitReached("PLAYLIST_FULL", f"the playlist has {MAX_ENTRIES} songs")
        return self._ordered(_placed(self.entries, Entry(song_id, now), position))

    def without_song(self, song_id: int) -> "Playlist":
        """Return the playlist without a song, which need not be there."""
        return self._ordered([entry for entry in self.entries if entry.song_id != song_id])

    def with_song_moved(self, song_id: int, position: int) -> "Playlist":
        """Return the playlist with a song at another position, from 1; raise NotFound."""
        moved = [entry for entry in self.entries if entry.song_id == song_id]
        if not moved:
            raise NotFound("song", str(song_id))
        others = self.without_song(song_id).entries
        return self._ordered(_placed(others, moved[0], position))

    def _ordered(self, entries: Sequence[Entry]) -> "Playlist":
        return replace(self, entries=tuple(entries), song_count=len(entries))


def entries_of(song_ids: Sequence[int], now: datetime) -> tuple[Entry, ...]:
    """Return the entries of a new playlist: each song once, where it comes first."""
    return tuple(Entry(song_id, now) for song_id in dict.fromkeys(song_ids))


def _placed(entries: Sequence[Entry], one: Entry, position: int) -> list[Entry]:
    """Return the entries with one more: at `position` from 1, or the last for 0 and beyond."""
    at = position - 1 if position else len(entries)
    return [*entries[:at], one, *entries[at:]]
