"""Times and lengths of time as the contract carries them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NANOS: Final = range(10**9)


def duration(seconds: float) -> Duration:
    """Return the message, to the microsecond."""
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message


def timestamp(time: datetime) -> Timestamp:
    """Return the message, to the microsecond."""
    message = Timestamp()
    message.FromDatetime(time)
    return message


def time_of(message: Timestamp) -> datetime | None:
    """Return the time in UTC, to the microsecond; `None` for one beyond the years 1 to 9999."""
    since_1970 = length_of(message)
    try:
        return None if since_1970 is None else EPOCH + since_1970
    except OverflowError:
        return None


def length_of(message: Duration | Timestamp) -> timedelta | None:
    """Return the length of time, a time's since 1970, to the microsecond.

    `None` for what is none: nanoseconds below 0 or beyond a second, more than timedelta holds.
    """
    if message.nanos not in NANOS:
        return None
    try:
        return timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)
    except OverflowError:
        return None
