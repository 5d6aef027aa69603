"""WatchPlaylistRecommendations over the real gRPC server and SQLite."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from activity_use import migrated
from failures import failure, fields, reason
from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain import playlist_stream
from served import WATCHERS, Served, serving

ANN, BOB = ((("x-visitor-id", name * 8),) for name in ("ann-", "bob-"))
RECOMMEND = rpb.RecommendSongsRequest(k=2)
Message = rpb.WatchPlaylistRecommendationsResponse


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(migrated(f"sqlite:///{tmp_path}/activity.db"), 10) as running:
        yield running


@pytest.fixture
async def playlist_id(served: Served) -> str:
    request = ppb.CreatePlaylistRequest(title="Mine", song_ids=[5])
    answer = await served.playlists.CreatePlaylist(request, metadata=ANN)
    return answer.playlist.playlist_id


class Following:
    """A call that watches, read message by message."""

    def __init__(self, served: Served, playlist_id: str, token: str = "") -> None:
        request = rpb.WatchPlaylistRecommendationsRequest(
            playlist_id=playlist_id, recommend=RECOMMEND, resume_token=token
        )
        self._call = served.recommendations.WatchPlaylistRecommendations(request, metadata=ANN)

    async def next(self) -> Message:
        async with asyncio.timeout(5):
            message = await self._call.read()
        assert isinstance(message, Message), "the call has ended"
        return message

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            return await self._call.read() is grpc.aio.EOF

    def cancel(self) -> None:
        self._call.cancel()


def songs(message: Message) -> tuple[list[int], list[int]]:
    """Return the playlist's songs, and those recommended for it."""
    update = message.update
    found = update.recommendations.recommendations
    return [entry.song.id for entry in update.playlist.entries], [item.song.id for item in found]


async def add(served: Served, playlist_id: str, song: int) -> None:
    request = ppb.AddSongRequest(playlist_id=playlist_id, song_id=song)
    await served.playlists.AddSong(request, metadata=ANN)


async def test_an_update_comes_at_once_and_after_every_change(
    served: Served, playlist_id: str
) -> None:
    following = Following(served, playlist_id)
    assert songs(await following.next()) == ([5], [100, 99])
    await add(served, playlist_id, 100)
    await served.watching.look()
    first = await following.next()
    assert songs(first) == ([5, 100], [99, 98])
    assert first.update.recommendations.attribution_token
    served.engine.version = "8"
    await served.watching.look()
    second = await following.next()
    assert second.update.recommendations.model.version == "8"
    assert second.update.resume_token != first.update.resume_token


async def test_what_the_caller_knows_is_not_sent_again(served: Served, playlist_id: str) -> None:
    known = (await Following(served, playlist_id).next()).update.resume_token
    assert (await Following(served, playlist_id, known).next()).HasField("heartbeat")
    RECOMMEND.k = 3
    try:
        # Of another question nothing is known.
        assert len(songs(await Following(served, playlist_id, known).next())[1]) == 3
    finally:
        RECOMMEND.k = 2
    await add(served, playlist_id, 6)
    resumed = Following(served, playlist_id, known)
    assert songs(await resumed.next())[0] == [5, 6]


async def test_where_nothing_changes_there_is_a_sign_of_life(
    served: Served, playlist_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlist_stream, "BEAT", 0.05)
    following = Following(served, playlist_id)
    assert (await following.next()).HasField("update")
    await served.watching.look()
    assert (await following.next()).HasField("heartbeat")
    assert (await following.next()).HasField("heartbeat")


async def test_what_goes_wrong_is_told_once_and_mended(served: Served, playlist_id: str) -> None:
    following = Following(served, playlist_id)
    await following.next()
    served.catalog.down = served.engine.down = served.substitute.down = True
    await add(served, playlist_id, 6)
    await served.watching.look()
    error = await following.next()
    assert error.error.code == grpc.StatusCode.UNAVAILABLE.value[0]
    await served.watching.look()
    served.catalog.down = served.engine.down = served.substitute.down = False
    await served.watching.look()
    assert songs(await following.next())[0] == [5, 6]


async def test_a_playlist_that_is_deleted_ends_the_call(served: Served, playlist_id: str) -> None:
    following = Following(served, playlist_id)
    await following.next()
    gone = ppb.DeletePlaylistRequest(playlist_id=playlist_id)
    await served.playlists.DeletePlaylist(gone, metadata=ANN)
    await served.watching.look()
    assert (await following.next()).error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert await following.ended()


async def test_a_server_that_stops_says_so_and_ends_the_call(
    served: Served, playlist_id: str
) -> None:
    following = Following(served, playlist_id)
    await following.next()
    served.watching.close()
    assert (await following.next()).error.code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert await following.ended()


async def test_no_more_watch_than_the_server_takes(served: Served, playlist_id: str) -> None:
    taken = [Following(served, playlist_id) for _ in range(WATCHERS)]
    for one in taken:
        await one.next()
    error = await failure(Following(served, playlist_id).next())
    assert (error.code(), reason(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    taken[0].cancel()
    async with asyncio.timeout(5):
        while True:
            try:
                await Following(served, playlist_id).next()
                break
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("metadata", [None, BOB])
async def test_nobody_watches_what_is_another_s(
    served: Served, playlist_id: str, metadata: tuple[tuple[str, str], ...] | None
) -> None:
    request = rpb.WatchPlaylistRecommendationsRequest(playlist_id=playlist_id)
    call = served.recommendations.WatchPlaylistRecommendations(request, metadata=metadata)
    error = await failure(call.read())
    assert reason(error) == ("PLAYLIST_NOT_FOUND" if metadata else "NO_IDENTITY")


async def test_fields_at_fault_are_named(served: Served) -> None:
    request = rpb.WatchPlaylistRecommendationsRequest(
        recommend=rpb.RecommendSongsRequest(songs=[1], k=-1), resume_token="x" * 257
    )
    call = served.recommendations.WatchPlaylistRecommendations(request, metadata=ANN)
    error = await failure(call.read())
    assert fields(error) == ["playlist_id", "recommend.songs", "recommend.k", "resume_token"]
