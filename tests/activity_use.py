"""What tests of playlists do again and again."""

import hashlib
from collections.abc import Sequence

from segue_server.activity.open import Activity, open_activity
from segue_server.activity.part import ACTIVITY
from segue_server.domain.deadline import Deadline
from segue_server.domain.playlist import NewPlaylist, Playlist, PlaylistKey
from segue_server.sql.migrate import migrate

ANN = hashlib.sha256(b"ann").hexdigest()
BOB = hashlib.sha256(b"bob").hexdigest()


def soon() -> Deadline:
    """Return a deadline that no call comes near."""
    return Deadline.after(20)


def migrated(url: str) -> str:
    """Make the tables in an empty database; return its URL."""
    migrate(ACTIVITY, url)
    return url


def opened(url: str, connections: int = 4) -> Activity:
    """Return what lies at a URL, as a server opens it."""
    return open_activity(url, connections, event_connections=2)


async def made(
    activity: Activity, *songs: int, owner: str = ANN, title: str = "Mine", request_id: str = ""
) -> Playlist:
    """Return a new playlist."""
    new = NewPlaylist(owner, title, songs, request_id)
    return await activity.playlists.create(new, soon())


async def read(activity: Activity, playlist: Playlist, owner: str = ANN) -> Playlist:
    """Return a playlist as the database has it."""
    return await activity.playlists.get(PlaylistKey(owner, playlist.id), soon())


async def titles(activity: Activity, owner: str, size: int = 100) -> list[Sequence[str]]:
    """Return the titles of an owner's playlists, page by page."""
    pages, token = list[Sequence[str]](), ""
    while True:
        page = await activity.playlists.page(owner, size, token, soon())
        pages.append([playlist.title for playlist in page.items])
        token = page.next_token
        if not token:
            return pages
