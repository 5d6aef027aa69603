"""What was set aside when a dataset was made, and why."""

import enum
from dataclasses import dataclass
from typing import Final

import pyarrow as pa


class Reason(enum.StrEnum):
    """Why something was set aside."""

    UNREADABLE = "unreadable"  # cut off, of another kind, or gone
    SCHEMA = "schema"  # a part or column is missing or of another shape
    MALFORMED = "malformed"  # a field is not what its column holds
    ENCODING = "encoding"  # not UTF-8
    EMPTY = "empty"  # nothing where something must be
    NOT_FINITE = "not_finite"  # NaN or infinite
    OUT_OF_RANGE = "out_of_range"
    DUPLICATE_TRACK = "duplicate_track"  # the same track again
    DUPLICATE_SONG = "duplicate_song"  # another track of a song that is there


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something set aside: path within the input, row (from 1; `None` for a whole file), why."""

    path: str
    row: int | None
    reason: Reason
    detail: str


REJECTED: Final = pa.schema(
    [
        pa.field("path", pa.string()),
        pa.field("row", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("detail", pa.string()),
    ]
)
