"""Makes a track of a table's row, whether its values are text or have types of their own."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue_model.data.rejected import Reason
from segue_model.ingest.sources.table_columns import Columns, Kind
from segue_model.ingest.tracks import BadSong, Track, check_track

# What tables write where they know nothing; no song has these.
UNKNOWN: Final = {"year": 0, "tempo": 0.0, "key": -1}


def track_of(path: str, number: int, row: Sequence[Any], columns: Columns, separator: str) -> Track:
    """Return the track that a row tells of.

    A song without a key of its own is told apart by artist and title, an album without one by the
    artist's key or name. Raises: BadSong.
    """
    fields = _fields(row, columns, separator)
    for field, unknown in UNKNOWN.items():
        if fields.get(field) == unknown:
            fields[field] = None
    _fill_in(fields)
    sound = _sound([row[at] for at in columns.sound]) if columns.sound else None
    track = Track(path=path, row=number, sound=sound, **fields)
    check_track(track)
    return track


def _fields(row: Sequence[Any], columns: Columns, separator: str) -> dict[str, Any]:
    """Return the values of the fields that have a column."""
    kinds, fields = columns.kinds, dict[str, Any]()
    for field, at, _ in kinds[Kind.TEXT]:
        fields[field] = _text(field, row[at])
    for field, at, divisor in kinds[Kind.NUMBER]:
        found = _number(field, row[at])
        fields[field] = None if found is None else found / divisor
    for field, at, _ in kinds[Kind.INTEGER]:
        fields[field] = _integer(field, row[at])
    for field, at, _ in kinds[Kind.TAGS]:
        fields[field] = _tags(field, row[at], separator)
    return fields


def _fill_in(fields: dict[str, Any]) -> None:
    """Fill in what makes a track and has no column."""
    if "song_key" not in fields:
        if not fields["title"]:
            raise BadSong(Reason.EMPTY, "title")
        fields["song_key"] = f"{fields['artist']}\t{fields['title']}" if fields["artist"] else ""
    for field in ("title", "artist_key", "album"):
        fields.setdefault(field, "")
    if not fields.get("album_key"):
        fields["album_key"] = fields["artist_key"] or fields["artist"]


def _text(field: str, value: Any) -> str:  # noqa: ANN401 - of any type
    """Return the text of a value, without blanks around it; numbers are keys in many a table."""
    if type(value) is str and value.isascii():
        return value.strip()
    try:
        match value:
            case str():
                # What was not UTF-8 has been read as lone surrogates, which cannot be written.
                return value.encode().decode().strip()
            case None:
                return ""
            case bytes():
                return value.decode().strip()
            case bool() | float():
                pass
            case int():
                return str(value)
    except UnicodeError as error:
        raise BadSong(Reason.ENCODING, f"{field}: {value!r}") from error
    raise BadSong(Reason.MALFORMED, f"{field}: not text: {value!r}")


def _number(field: str, value: Any) -> float | None:  # noqa: ANN401 - of any type
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadSong(Reason.MALFORMED, f"{field}: no number: {value!r}") from error
    if not math.isfinite(number):
        raise BadSong(Reason.NOT_FINITE, f"{field}: {value!r}")
    return number


def _integer(field: str, value: Any) -> int | None:  # noqa: ANN401 - of any type
    """Return an integer, which tables with unknown ones often write as `1999.0`."""
    number = _number(field, value)
    if number is None:
        return None
    if not number.is_integer():
        raise BadSong(Reason.MALFORMED, f"{field}: no integer: {value!r}")
    if abs(number) > np.iinfo(np.int32).max:
        raise BadSong(Reason.OUT_OF_RANGE, f"{field}: {value!r}")
    return int(number)


def _tags(field: str, value: Any, separator: str) -> tuple[str, ...]:  # noqa: ANN401 - of any type
    """Return the tags of a list, or of a text with a separator; empty ones left out."""
    listed = isinstance(value, list)
    parts = (
        [_text(field, each) for each in value] if listed else _text(field, value).split(separator)
    )
    return tuple(dict.fromkeys(filter(None, map(str.strip, parts))))


def _sound(values: Sequence[Any]) -> npt.NDArray[np.float32] | None:
    """Return the statistics, `None` when none is known."""
    numbers = [_number("sound", value) for value in values]
    unknown = sum(number is None for number in numbers)
    if unknown == len(numbers):
        return None
    if unknown:
        raise BadSong(Reason.EMPTY, f"sound: {unknown} columns of {len(numbers)}")
    with np.errstate(over="ignore"):
        return np.array(numbers, np.float64).astype(np.float32)
