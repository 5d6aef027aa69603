"""The contract's EventService: check, call, convert."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from segue.v1 import event_service_pb2 as epb
from segue.v1 import event_service_pb2_grpc as egrpc
from segue_server.domain.attribution import AttributionTokens
from segue_server.domain.ports import Events
from segue_server.transport.call import Context, deadline
from segue_server.transport.event_requests import events_of
from segue_server.transport.identity import Identity


class EventServicer(egrpc.EventServiceServicer):
    """Learns what listeners do with songs."""

    def __init__(
        self,
        events: Events,
        identity: Identity,
        tokens: AttributionTokens,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._events = events
        self._identity = identity
        self._tokens = tokens
        self._now = now

    async def RecordEvents(
        self,
        request: epb.RecordEventsRequest,
        context: Context[epb.RecordEventsRequest, epb.RecordEventsResponse],
    ) -> epb.RecordEventsResponse:
        """Record events."""
        owner = self._identity.owner(context)
        events = await events_of(request, self._tokens, self._now())
        done = await self._events.record(owner, events, deadline())
        structlog.contextvars.bind_contextvars(recorded=done.recorded, duplicates=done.duplicates)
        return epb.RecordEventsResponse(recorded=done.recorded, duplicates=done.duplicates)
