"""Times and lengths of time as the contract carries them."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


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
