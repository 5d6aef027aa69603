"""Times as the tables keep them: microseconds since 1970, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(time: datetime) -> int:
    """Return the time as the tables keep it."""
    return (time - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the time that the tables keep."""
    return EPOCH + micros * MICROSECOND
