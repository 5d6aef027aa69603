"""From the contract's requests about playlists to the domain's, with all checks, once."""

import unicodedata
from typing import Final

from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain.errors import InvalidRequest
from segue_server.domain.model import RankQuery, RecommendRequest, View
from segue_server.domain.playlist import MAX_ENTRIES, NewPlaylist, PlaylistKey
from segue_server.transport import limits
from segue_server.transport.checks import Checks
from segue_server.transport.requests import recommend_request, song_view

UPDATABLE: Final = "title"


def new_playlist(owner: str, request: ppb.CreatePlaylistRequest) -> tuple[NewPlaylist, View]:
    """Return the playlist to make, and how much of its songs to show; raise InvalidRequest."""
    checks = Checks()
    new = NewPlaylist(
        owner,
        _title(checks, "title", request.title),
        checks.ids("song_ids", request.song_ids, MAX_ENTRIES),
        checks.name("request_id", request.request_id, limits.MAX_REQUEST_ID),
    )
    view = song_view(checks, request.view)
    checks.done()
    return new, view


def get_request(owner: str, request: ppb.GetPlaylistRequest) -> tuple[PlaylistKey, View]:
    """Return the playlist wanted, and how much of its songs to show; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id)
    view = song_view(checks, request.view)
    checks.done()
    return key, view


def update_request(owner: str, request: ppb.UpdatePlaylistRequest) -> tuple[PlaylistKey, str]:
    """Return the playlist to change and its new title; raise InvalidRequest."""
    checks = Checks()
    given = request.playlist
    key = _key(checks, owner, given.playlist_id, given.etag, "playlist.")
    for path in request.update_mask.paths:
        if path != UPDATABLE:
            checks.fail("update_mask", f"{path!r} cannot be updated; {UPDATABLE!r} can")
    title = _title(checks, "playlist.title", given.title)
    checks.done()
    return key, title


def delete_request(owner: str, request: ppb.DeletePlaylistRequest) -> PlaylistKey:
    """Return the playlist to delete; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id, request.etag)
    checks.done()
    return key


def add_request(
    owner: str, request: ppb.AddSongRequest
) -> tuple[PlaylistKey, int, int, RecommendRequest | None]:
    """Return the playlist, the song, its position and what to recommend; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id, request.etag)
    song = checks.id("song_id", request.song_id)
    if request.position < 0:
        checks.fail("position", f"{request.position} is negative")
    told = request.HasField("recommend")
    wanted = _recommend(checks, owner, request.recommend) if told else None
    checks.done()
    return key, song, request.position, wanted


def remove_request(
    owner: str, request: ppb.RemoveSongRequest
) -> tuple[PlaylistKey, int, RecommendRequest | None]:
    """Return the playlist, the song and what to recommend; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id, request.etag)
    song = checks.id("song_id", request.song_id)
    told = request.HasField("recommend")
    wanted = _recommend(checks, owner, request.recommend) if told else None
    checks.done()
    return key, song, wanted


def move_request(owner: str, request: ppb.MoveSongRequest) -> tuple[PlaylistKey, int, int]:
    """Return the playlist, the song and its new position; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id, request.etag)
    song = checks.id("song_id", request.song_id)
    if request.position < 1:
        checks.fail("position", f"{request.position} is no position; they begin at 1")
    checks.done()
    return key, song, request.position


def watch_request(
    owner: str, request: rpb.WatchPlaylistRecommendationsRequest
) -> tuple[PlaylistKey, RecommendRequest, str]:
    """Return the playlist, what to recommend, and what the caller knows; raise InvalidRequest."""
    checks = Checks()
    key = _key(checks, owner, request.playlist_id)
    # What is not there is a request with nothing set.
    wanted = _recommend(checks, owner, request.recommend)
    known = checks.name("resume_token", request.resume_token, limits.MAX_RESUME_TOKEN)
    checks.done()
    return key, wanted, known


def _key(
    checks: Checks, owner: str, playlist_id: str, etag: str = "", path: str = ""
) -> PlaylistKey:
    if not playlist_id:
        checks.fail(f"{path}playlist_id", "it is empty")
    checks.name(f"{path}playlist_id", playlist_id)
    return PlaylistKey(owner, playlist_id, checks.name(f"{path}etag", etag))


def _title(checks: Checks, field: str, title: str) -> str:
    if not title.strip():
        checks.fail(field, "it is empty")
    if any(unicodedata.category(letter) == "Cc" for letter in title):
        checks.fail(field, "it holds a control character")
    return checks.name(field, title, limits.MAX_TITLE)


def _recommend(checks: Checks, owner: str, request: rpb.RecommendSongsRequest) -> RecommendRequest:
    if request.songs:
        checks.fail("recommend.songs", "it is not empty; the songs are the playlist's")
    try:
        return recommend_request(request, owner)
    except InvalidRequest as error:
        for violation in error.violations:
            checks.fail(f"recommend.{violation.field}", violation.description)
    return RecommendRequest(RankQuery((), 0))  # of no use: the checks raise
