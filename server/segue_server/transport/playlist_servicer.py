"""The contract's PlaylistService: check, call, convert."""

from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import playlist_service_pb2_grpc as pgrpc
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain.errors import SegueError
from segue_server.domain.model import RecommendRequest, View
from segue_server.domain.playlist_keeper import ChangedPlaylist, PlaylistKeeper
from segue_server.transport import answers, limits, playlist_requests
from segue_server.transport.attribution import AnswerTokens
from segue_server.transport.call import Context, deadline
from segue_server.transport.checks import Checks
from segue_server.transport.errors import status_of
from segue_server.transport.identity import Identity
from segue_server.transport.playlist_answers import playlist_message, shown_message


class PlaylistServicer(pgrpc.PlaylistServiceServicer):
    """Keeps playlists."""

    def __init__(self, keeper: PlaylistKeeper, identity: Identity, tokens: AnswerTokens) -> None:
        self._keeper = keeper
        self._identity = identity
        self._tokens = tokens

    async def CreatePlaylist(
        self,
        request: ppb.CreatePlaylistRequest,
        context: Context[ppb.CreatePlaylistRequest, ppb.CreatePlaylistResponse],
    ) -> ppb.CreatePlaylistResponse:
        """Create a playlist."""
        new, view = playlist_requests.new_playlist(self._identity.owner(context), request)
        shown = await self._keeper.create(new, view, deadline())
        return ppb.CreatePlaylistResponse(
            playlist=shown_message(shown, view), degraded=answers.degraded(shown.degraded)
        )

    async def GetPlaylist(
        self,
        request: ppb.GetPlaylistRequest,
        context: Context[ppb.GetPlaylistRequest, ppb.GetPlaylistResponse],
    ) -> ppb.GetPlaylistResponse:
        """Get a playlist."""
        key, view = playlist_requests.get_request(self._identity.owner(context), request)
        shown = await self._keeper.get(key, view, deadline())
        return ppb.GetPlaylistResponse(
            playlist=shown_message(shown, view), degraded=answers.degraded(shown.degraded)
        )

    async def ListPlaylists(
        self,
        request: ppb.ListPlaylistsRequest,
        context: Context[ppb.ListPlaylistsRequest, ppb.ListPlaylistsResponse],
    ) -> ppb.ListPlaylistsResponse:
        """List the caller's playlists."""
        owner = self._identity.owner(context)
        checks = Checks()
        size = checks.size("page_size", request.page_size, limits.DEFAULT_PAGE, limits.MAX_PAGE)
        checks.done()
        page = await self._keeper.page(owner, size, request.page_token, deadline())
        return ppb.ListPlaylistsResponse(
            playlists=map(playlist_message, page.items), next_page_token=page.next_token
        )

    async def UpdatePlaylist(
        self,
        request: ppb.UpdatePlaylistRequest,
        context: Context[ppb.UpdatePlaylistRequest, ppb.UpdatePlaylistResponse],
    ) -> ppb.UpdatePlaylistResponse:
        """Change the title of a playlist."""
        key, title = playlist_requests.update_request(self._identity.owner(context), request)
        changed = await self._keeper.retitle(key, title, deadline())
        return ppb.UpdatePlaylistResponse(playlist=playlist_message(changed))

    async def DeletePlaylist(
        self,
        request: ppb.DeletePlaylistRequest,
        context: Context[ppb.DeletePlaylistRequest, ppb.DeletePlaylistResponse],
    ) -> ppb.DeletePlaylistResponse:
        """Delete a playlist."""
        key = playlist_requests.delete_request(self._identity.owner(context), request)
        await self._keeper.delete(key, deadline())
        return ppb.DeletePlaylistResponse()

    async def AddSong(
        self,
        request: ppb.AddSongRequest,
        context: Context[ppb.AddSongRequest, ppb.AddSongResponse],
    ) -> ppb.AddSongResponse:
        """Add a song to a playlist, and recommend for it."""
        asked = playlist_requests.add_request(self._identity.owner(context), request)
        changed = await self._keeper.add(*asked, deadline())
        wanted = asked[-1]
        return ppb.AddSongResponse(
            playlist=shown_message(changed.shown, _view(wanted)),
            recommendations=self._outcome(changed, wanted),
            degraded=answers.degraded(changed.shown.degraded),
        )

    async def RemoveSong(
        self,
        request: ppb.RemoveSongRequest,
        context: Context[ppb.RemoveSongRequest, ppb.RemoveSongResponse],
    ) -> ppb.RemoveSongResponse:
        """Remove a song from a playlist, and recommend for it."""
        asked = playlist_requests.remove_request(self._identity.owner(context), request)
        changed = await self._keeper.remove(*asked, deadline())
        wanted = asked[-1]
        return ppb.RemoveSongResponse(
            playlist=shown_message(changed.shown, _view(wanted)),
            recommendations=self._outcome(changed, wanted),
            degraded=answers.degraded(changed.shown.degraded),
        )

    async def MoveSong(
        self,
        request: ppb.MoveSongRequest,
        context: Context[ppb.MoveSongRequest, ppb.MoveSongResponse],
    ) -> ppb.MoveSongResponse:
        """Move a song of a playlist."""
        asked = playlist_requests.move_request(self._identity.owner(context), request)
        shown = await self._keeper.move(*asked, deadline())
        return ppb.MoveSongResponse(
            playlist=shown_message(shown, View.BASIC), degraded=answers.degraded(shown.degraded)
        )

    def _outcome(
        self, changed: ChangedPlaylist, wanted: RecommendRequest | None
    ) -> rpb.RecommendSongsOutcome | None:
        outcome = changed.recommendations
        if outcome is None:
            return None
        if isinstance(outcome, SegueError):
            return rpb.RecommendSongsOutcome(error=status_of(outcome))
        token = self._tokens.of(outcome)
        response = answers.recommend_response(outcome, _view(wanted), token)
        return rpb.RecommendSongsOutcome(response=response)


def _view(wanted: RecommendRequest | None) -> View:
    return wanted.view if wanted else View.BASIC
