"""Seconds as the contract carries them."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration


def duration(seconds: float) -> Duration:
    """Return the message, to the microsecond."""
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message
