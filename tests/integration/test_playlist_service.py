"""PlaylistService over the real gRPC server and SQLite."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_use import migrated
from failures import failure, fields, reason
from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.playlist_pb2 import Playlist
from segue.v1.song_pb2 import SONG_VIEW_IDS_ONLY
from served import USER_HEADER, Served, serving

VISITOR = "x-visitor-id"
ANN, BOB = ((VISITOR, "ann-" + "4" * 22),), ((VISITOR, "bob_" + "5" * 22),)
RECOMMEND = rpb.RecommendSongsRequest(k=2, explain=True)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(migrated(f"sqlite:///{tmp_path}/activity.db"), 10) as running:
        yield running


async def created(served: Served, *songs: int, metadata: Any = ANN) -> Playlist:  # noqa: ANN401 - pairs of texts
    request = ppb.CreatePlaylistRequest(title="Mine", song_ids=songs)
    answer = await served.playlists.CreatePlaylist(request, metadata=metadata)
    return answer.playlist


def songs_of(playlist: Playlist) -> list[tuple[int, str]]:
    return [(entry.song.id, entry.song.title) for entry in playlist.entries]


async def test_a_playlist_is_made_read_listed_renamed_and_deleted(served: Served) -> None:
    playlist = await created(served, 5, 15)
    assert songs_of(playlist) == [(5, "Title 5"), (15, "Title 15")]
    assert playlist.song_count == 2
    assert playlist.create_time == playlist.entries[0].add_time
    wanted = ppb.GetPlaylistRequest(playlist_id=playlist.playlist_id)
    assert (await served.playlists.GetPlaylist(wanted, metadata=ANN)).playlist == playlist
    renamed = Playlist(playlist_id=playlist.playlist_id, title="Ours", etag=playlist.etag)
    request = ppb.UpdatePlaylistRequest(playlist=renamed, update_mask=FieldMask(paths=["title"]))
    changed = (await served.playlists.UpdatePlaylist(request, metadata=ANN)).playlist
    assert (changed.title, changed.song_count, len(changed.entries)) == ("Ours", 2, 0)
    assert changed.etag != playlist.etag
    listed = await served.playlists.ListPlaylists(ppb.ListPlaylistsRequest(), metadata=ANN)
    assert list(listed.playlists) == [changed]
    gone = ppb.DeletePlaylistRequest(playlist_id=playlist.playlist_id)
    await served.playlists.DeletePlaylist(gone, metadata=ANN)
    error = await failure(served.playlists.GetPlaylist(wanted, metadata=ANN))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "PLAYLIST_NOT_FOUND")


async def test_a_song_is_added_and_taken_out_with_new_recommendations(served: Served) -> None:
    playlist = await created(served, 5)
    add = ppb.AddSongRequest(
        playlist_id=playlist.playlist_id, song_id=100, position=1, recommend=RECOMMEND
    )
    added = await served.playlists.AddSong(add, metadata=ANN)
    assert songs_of(added.playlist) == [(100, "Title 100"), (5, "Title 5")]
    found = added.recommendations.response
    assert [item.song.id for item in found.recommendations] == [99, 98]
    assert {part.song_id for part in found.recommendations[0].reasons} == {5, 100}
    assert found.attribution_token
    remove = ppb.RemoveSongRequest(
        playlist_id=playlist.playlist_id, song_id=100, recommend=RECOMMEND
    )
    removed = await served.playlists.RemoveSong(remove, metadata=ANN)
    assert songs_of(removed.playlist) == [(5, "Title 5")]
    ids = [item.song.id for item in removed.recommendations.response.recommendations]
    assert ids == [100, 99]
    silent = ppb.RemoveSongRequest(playlist_id=playlist.playlist_id, song_id=5)
    answer = await served.playlists.RemoveSong(silent, metadata=ANN)
    assert not answer.HasField("recommendations")
    assert answer.playlist.song_count == 0


async def test_a_song_is_moved(served: Served) -> None:
    playlist = await created(served, 1, 2, 3)
    move = ppb.MoveSongRequest(playlist_id=playlist.playlist_id, song_id=3, position=1)
    moved = (await served.playlists.MoveSong(move, metadata=ANN)).playlist
    assert [entry.song.id for entry in moved.entries] == [3, 1, 2]
    move.song_id = 44
    error = await failure(served.playlists.MoveSong(move, metadata=ANN))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "SONG_NOT_FOUND")


async def test_an_older_etag_is_a_conflict(served: Served) -> None:
    playlist = await created(served, 5)
    add = ppb.AddSongRequest(playlist_id=playlist.playlist_id, song_id=6, etag=playlist.etag)
    await served.playlists.AddSong(add, metadata=ANN)
    add.song_id = 7
    error = await failure(served.playlists.AddSong(add, metadata=ANN))
    assert (error.code(), reason(error)) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_what_the_catalog_does_not_know_is_not_added(served: Served) -> None:
    playlist = await created(served, 5)
    add = ppb.AddSongRequest(playlist_id=playlist.playlist_id, song_id=5000)
    error = await failure(served.playlists.AddSong(add, metadata=ANN))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "SONG_NOT_FOUND")


async def test_with_catalog_and_models_down_songs_are_added_and_the_answer_says_what_is_missing(
    served: Served,
) -> None:
    playlist = await created(served, 5)
    served.catalog.down = served.engine.down = served.substitute.down = True
    add = ppb.AddSongRequest(playlist_id=playlist.playlist_id, song_id=6, recommend=RECOMMEND)
    answer = await served.playlists.AddSong(add, metadata=ANN)
    assert songs_of(answer.playlist) == [(5, ""), (6, "")]
    assert list(answer.degraded.reasons) == [rpb.DEGRADED_REASON_CATALOG_UNAVAILABLE]
    assert answer.recommendations.error.code == grpc.StatusCode.UNAVAILABLE.value[0]


async def test_ids_alone_cost_no_look_at_the_catalog(served: Served) -> None:
    playlist = await created(served, 5)
    served.catalog.reads.clear()
    request = ppb.GetPlaylistRequest(playlist_id=playlist.playlist_id, view=SONG_VIEW_IDS_ONLY)
    answer = await served.playlists.GetPlaylist(request, metadata=ANN)
    assert songs_of(answer.playlist) == [(5, "")]
    assert not served.catalog.reads


async def test_a_playlist_is_its_visitor_s_or_user_s_alone(served: Served) -> None:
    user, another = (((USER_HEADER, name),) for name in ("ann@example.com", "bob@example.com"))
    playlist = await created(served, 5, metadata=user + BOB)
    wanted = ppb.GetPlaylistRequest(playlist_id=playlist.playlist_id)
    # Whoever the proxy found out counts, whatever visitor the caller says it is.
    assert (await served.playlists.GetPlaylist(wanted, metadata=user)).playlist == playlist
    for metadata in (another, ANN, BOB, ((VISITOR, "ann@example.com" + "0" * 22),)):
        error = await failure(served.playlists.GetPlaylist(wanted, metadata=metadata))
        assert reason(error) in ("PLAYLIST_NOT_FOUND", "INVALID_FIELD")


@pytest.mark.parametrize("visitor", ["short", "x" * 21, "x" * 129, "x" * 30 + "!"])
async def test_a_visitor_s_id_that_could_be_guessed_is_refused(
    served: Served, visitor: str
) -> None:
    metadata = ((VISITOR, visitor),)
    error = await failure(
        served.playlists.ListPlaylists(ppb.ListPlaylistsRequest(), metadata=metadata)
    )
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields(error) == [VISITOR]


async def test_nobody_keeps_playlists(served: Served) -> None:
    error = await failure(served.playlists.ListPlaylists(ppb.ListPlaylistsRequest()))
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAUTHENTICATED, "NO_IDENTITY")


@pytest.mark.parametrize(
    ("method", "request_", "at_fault"),
    [
        ("CreatePlaylist", ppb.CreatePlaylistRequest(), ["title"]),
        ("CreatePlaylist", ppb.CreatePlaylistRequest(title=" "), ["title"]),
        ("CreatePlaylist", ppb.CreatePlaylistRequest(title="a\nb"), ["title"]),
        ("CreatePlaylist", ppb.CreatePlaylistRequest(title="x" * 201), ["title"]),
        (
            "CreatePlaylist",
            ppb.CreatePlaylistRequest(title="a", song_ids=[3, 0], request_id="x" * 65),
            ["song_ids[1]", "request_id"],
        ),
        ("CreatePlaylist", ppb.CreatePlaylistRequest(title="a", song_ids=[1] * 501), ["song_ids"]),
        ("GetPlaylist", ppb.GetPlaylistRequest(), ["playlist_id"]),
        ("ListPlaylists", ppb.ListPlaylistsRequest(page_size=-1), ["page_size"]),
        ("ListPlaylists", ppb.ListPlaylistsRequest(page_token="x"), ["page_token"]),
        (
            "UpdatePlaylist",
            ppb.UpdatePlaylistRequest(update_mask=FieldMask(paths=["entries"])),
            ["playlist.playlist_id", "update_mask", "playlist.title"],
        ),
        ("DeletePlaylist", ppb.DeletePlaylistRequest(etag="x" * 101), ["playlist_id", "etag"]),
        (
            "AddSong",
            ppb.AddSongRequest(
                playlist_id="p", position=-1, recommend=rpb.RecommendSongsRequest(songs=[1], k=-1)
            ),
            ["song_id", "position", "recommend.songs", "recommend.k"],
        ),
        ("RemoveSong", ppb.RemoveSongRequest(playlist_id="p"), ["song_id"]),
        ("MoveSong", ppb.MoveSongRequest(playlist_id="p", song_id=1), ["position"]),
    ],
)
async def test_every_field_at_fault_is_named(
    served: Served,
    method: str,
    request_: Message,
    at_fault: list[str],
) -> None:
    error = await failure(getattr(served.playlists, method)(request_, metadata=ANN))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields(error) == at_fault


async def test_a_request_s_id_makes_one_playlist(served: Served) -> None:
    request = ppb.CreatePlaylistRequest(title="Once", request_id="7")
    answers = [await served.playlists.CreatePlaylist(request, metadata=ANN) for _ in range(2)]
    assert answers[0] == answers[1]


async def test_a_database_that_is_not_there_is_told_and_recommendations_go_on() -> None:
    async with serving() as served:
        request = ppb.ListPlaylistsRequest()
        error = await failure(served.playlists.ListPlaylists(request, metadata=ANN))
        assert (error.code(), reason(error)) == (
            grpc.StatusCode.UNAVAILABLE,
            "ACTIVITY_UNAVAILABLE",
        )
        assert "nowhere" not in (error.details() or "")
        asked = rpb.RecommendSongsRequest(songs=[5])
        assert (await served.recommendations.RecommendSongs(asked)).recommendations
