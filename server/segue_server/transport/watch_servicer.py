"""WatchPlaylistRecommendations: check, follow, convert."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain.errors import SegueError
from segue_server.domain.model import View
from segue_server.domain.playlist_stream import PlaylistStream, Update
from segue_server.transport import answers
from segue_server.transport.attribution import AnswerTokens
from segue_server.transport.call import Context
from segue_server.transport.errors import status_of
from segue_server.transport.identity import Identity
from segue_server.transport.playlist_answers import shown_message
from segue_server.transport.playlist_requests import watch_request

Messages = AsyncGenerator[rpb.WatchPlaylistRecommendationsResponse]


class Watchers:
    """Follows playlists for callers."""

    def __init__(self, stream: PlaylistStream, identity: Identity, tokens: AnswerTokens) -> None:
        self._stream = stream
        self._identity = identity
        self._tokens = tokens

    async def follow(
        self,
        request: rpb.WatchPlaylistRecommendationsRequest,
        context: Context[
            rpb.WatchPlaylistRecommendationsRequest, rpb.WatchPlaylistRecommendationsResponse
        ],
    ) -> Messages:
        """Yield a message for all that there is to tell, as long as the call lasts."""
        key, wanted, known = watch_request(self._identity.owner(context), request)
        async with aclosing(self._stream.updates(key, wanted, known)) as updates:
            async for item in updates:
                yield self._message(item, wanted.view)

    def _message(
        self, item: Update | SegueError | None, view: View
    ) -> rpb.WatchPlaylistRecommendationsResponse:
        if item is None:
            return rpb.WatchPlaylistRecommendationsResponse(heartbeat=rpb.Heartbeat())
        if isinstance(item, SegueError):
            return rpb.WatchPlaylistRecommendationsResponse(error=status_of(item))
        found = item.recommendations
        return rpb.WatchPlaylistRecommendationsResponse(
            update=rpb.PlaylistUpdate(
                playlist=shown_message(item.shown, view),
                recommendations=answers.recommend_response(found, view, self._tokens.of(found)),
                degraded=answers.degraded(item.shown.degraded),
                resume_token=item.token,
            )
        )
