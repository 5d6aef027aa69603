"""From the contract's events to the domain's, with all checks, once."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final

from segue.v1 import event_service_pb2 as epb
from segue_server.domain.attribution import Attribution, AttributionTokens
from segue_server.domain.errors import InvalidRequest
from segue_server.domain.event import (
    AHEAD,
    EARLIEST,
    LONGEST_PLAY,
    MAX_EVENTS,
    TIMED,
    Event,
    EventType,
    is_time_of_event,
)
from segue_server.transport.checks import Checks
from segue_server.transport.times import length_of, time_of

TYPES: Final = {
    epb.EVENT_TYPE_IMPRESSION: EventType.IMPRESSION,
    epb.EVENT_TYPE_PLAY: EventType.PLAY,
    epb.EVENT_TYPE_SKIP: EventType.SKIP,
    epb.EVENT_TYPE_LIKE: EventType.LIKE,
    epb.EVENT_TYPE_DISLIKE: EventType.DISLIKE,
    epb.EVENT_TYPE_CLEAR: EventType.CLEAR,
    epb.EVENT_TYPE_ADD: EventType.ADD,
    epb.EVENT_TYPE_REMOVE: EventType.REMOVE,
}
# The same bytes in every database: none of these letters is equal to another in any.
ID_FORM: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
ID_RULE: Final = "letters, digits, `-` and `_`"
# Events that are read between two looks at what else there is to do.
AT_ONCE: Final = 50


async def events_of(
    request: epb.RecordEventsRequest, tokens: AttributionTokens, now: datetime
) -> list[Event]:
    """Return the events of a request that came `now`; raise InvalidRequest."""
    checks = Checks()
    if not 1 <= len(request.events) <= MAX_EVENTS:
        checks.fail("events", f"{len(request.events)} events; 1 to {MAX_EVENTS} are allowed")
        checks.done()
    reading = _Reading(checks, tokens, now)
    events = list[Event]()
    for at, told in enumerate(request.events):
        if at % AT_ONCE == 0:
            await asyncio.sleep(0)
        events.append(reading.event(f"events[{at}]", told))
    checks.done()
    return events


class _Reading:
    """Reads the events of one request; many of them tell the same token."""

    def __init__(self, checks: Checks, tokens: AttributionTokens, now: datetime) -> None:
        self._checks = checks
        self._tokens = tokens
        self._now = now
        self._read: dict[str, Attribution | InvalidRequest] = {}

    def event(self, path: str, told: epb.Event) -> Event:
        """Return the event; what of it is at fault is noted, and no event to be kept."""
        type_ = self._type(path, told.type)
        song_id = self._checks.id(f"{path}.song_id", told.song_id)
        return Event(
            id=self._id(f"{path}.event_id", told.event_id),
            type=type_,
            song_id=song_id,
            occurred=self._occurred(f"{path}.event_time", told),
            shown=self._shown(f"{path}.attribution_token", told, type_),
            playlist_id=self._id(f"{path}.playlist_id", told.playlist_id, may_be_empty=True),
            play_duration=self._duration(f"{path}.play_duration", told, type_),
        )

    def _type(self, path: str, told: epb.EventType.ValueType) -> EventType:
        if told not in TYPES:
            self._checks.fail(f"{path}.type", f"{told} is not a type of event")
        return TYPES.get(told, EventType.PLAY)

    def _id(self, field: str, told: str, *, may_be_empty: bool = False) -> str:
        if not ID_FORM.fullmatch(told) and not (may_be_empty and not told):
            least = 0 if may_be_empty else 1
            self._checks.fail(field, f"it is not of {least} to 64 {ID_RULE}")
        return told

    def _occurred(self, field: str, told: epb.Event) -> datetime:
        if not told.HasField("event_time"):
            return self._now
        time = time_of(told.event_time)
        if time is None or not is_time_of_event(time, self._now):
            allowed = f"from {EARLIEST.year} to {AHEAD.days} day ahead of now"
            self._checks.fail(field, f"it is not a time {allowed}")
            return self._now
        return time

    def _shown(self, field: str, told: epb.Event, type_: EventType) -> Attribution | None:
        token = told.attribution_token
        if not token:
            if type_ is EventType.IMPRESSION:
                self._checks.fail(field, "it is empty; an impression is of an answer")
            return None
        shown = self._attribution(token)
        if isinstance(shown, InvalidRequest):
            self._checks.fail(field, shown.violations[0].description)
            return None
        if told.song_id not in shown.songs:
            self._checks.fail(field, f"its answer does not hold the song {told.song_id}")
            return None
        return shown

    def _attribution(self, token: str) -> Attribution | InvalidRequest:
        if token not in self._read:
            try:
                self._read[token] = self._tokens.read(token)
            except InvalidRequest as error:
                self._read[token] = error
        return self._read[token]

    def _duration(self, field: str, told: epb.Event, type_: EventType) -> timedelta | None:
        if not told.HasField("play_duration"):
            return None
        length = length_of(told.play_duration)
        if type_ not in TIMED:
            self._checks.fail(field, "only PLAY and SKIP have one")
        elif length is None or not timedelta(0) <= length <= LONGEST_PLAY:
            self._checks.fail(field, "it is not from 0 to 24 hours")
        return length
