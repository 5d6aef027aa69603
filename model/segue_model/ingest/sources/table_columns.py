"""Which column of a table holds which field of a track, as its owner says or by its name."""

import enum
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.ingest.sound import SOUND_COLUMNS


class Kind(enum.Enum):
    """What a field holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TAGS = "tags"


FIELDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("song_key", "title", "artist_key", "artist", "album_key"), Kind.TEXT),
    **dict.fromkeys(("album", "msd_track_id", "msd_song_id"), Kind.TEXT),
    **dict.fromkeys(("year", "key", "mode", "time_signature"), Kind.INTEGER),
    **dict.fromkeys(("duration", "tempo", "loudness"), Kind.NUMBER),
    **dict.fromkeys(("key_confidence", "popularity"), Kind.NUMBER),
    **dict.fromkeys(("terms", "genres"), Kind.TAGS),
}
DIVIDED: Final = re.compile(r"(?P<column>.+)/(?P<divisor>[0-9]+(\.[0-9]+)?)")


class Column(NamedTuple):
    """A field, at which place in a row it is, and what its number is divided by."""

    field: str
    at: int
    divisor: float = 1


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table that tell of songs, out of `width`, by the kinds of their fields.

    `sound` are the places of `SOUND_COLUMNS`, none where they are not all there.
    """

    width: int
    kinds: Mapping[Kind, tuple[Column, ...]]
    sound: tuple[int, ...]

    @property
    def has_keys(self) -> bool:
        """Whether songs have keys of their own, by which others can name them."""
        return any(column.field == "song_key" for column in self.kinds[Kind.TEXT])

    @property
    def places(self) -> list[int]:
        """All the places that are read, in order."""
        return sorted(
            {*(column.at for each in self.kinds.values() for column in each), *self.sound}
        )


def parse_columns(options: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the fields with their columns of options like `title=Track Name`.

    Raises: DatasetError for one of another form, and for a field that is there twice.
    """
    columns: dict[str, str] = {}
    for option in options:
        field, equals, column = option.partition("=")
        if not (field and equals and column):
            raise DatasetError(option, None, "not a field and its column, as title=Name")
        if field in columns:
            raise DatasetError(option, None, f"{field} is {columns[field]} already")
        columns[field] = column
    return tuple(columns.items())


def read_columns(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the fields with their columns of a TOML file: `title = "Track Name"`.

    Raises: DatasetError.
    """
    try:
        columns = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(str(path), None, str(error)) from error
    for field, column in columns.items():
        if not isinstance(column, str):
            raise DatasetError(str(path), None, f"{field}: not the name of a column: {column!r}")
    return tuple(columns.items())


def locate(file: str, names: Sequence[str], given: Iterable[tuple[str, str]]) -> Columns:
    """Return where the columns of a table are that has these `names`.

    `given` are fields with the names of their columns; a number's may be divided, as `ms/1000`. A
    column named as a field is needs none. Raises: DatasetError for an unknown field, a column that
    is missing or there twice, and a table without an artist, or with neither titles nor keys.
    """
    wanted = {field: field for field in FIELDS if field in names} | dict(given)
    located = [_located(file, names, field, name) for field, name in wanted.items()]
    for needed in (("artist",), ("title", "song_key")):
        if not set(needed) & wanted.keys():
            raise DatasetError(file, None, f"no column for {' or '.join(needed)}; {_there(names)}")
    has_sound = set(SOUND_COLUMNS) <= set(names)
    sound = tuple(_place(file, names, name) for name in SOUND_COLUMNS) if has_sound else ()
    kinds = {kind: tuple(each for each in located if FIELDS[each.field] is kind) for kind in Kind}
    return Columns(len(names), kinds, sound)


def _located(file: str, names: Sequence[str], field: str, name: str) -> Column:
    if field not in FIELDS:
        raise DatasetError(file, None, f"no field {field}; there are {', '.join(FIELDS)}")
    kind = FIELDS[field]
    divided = None if name in names else DIVIDED.fullmatch(name)
    if divided is None:
        return Column(field, _place(file, names, name))
    divisor = float(divided["divisor"])
    if kind is not Kind.NUMBER or not divisor:
        raise DatasetError(file, None, f"{field}: cannot be divided: {name}")
    return Column(field, _place(file, names, divided["column"]), divisor)


def _place(file: str, names: Sequence[str], name: str) -> int:
    match Counter(names)[name]:
        case 0:
            raise DatasetError(file, None, f"no column {name!r}; {_there(names)}")
        case 1:
            return names.index(name)
        case many:
            raise DatasetError(file, None, f"{many} columns {name!r}")


def _there(names: Sequence[str]) -> str:
    return f"there are {', '.join(map(repr, names))}"
