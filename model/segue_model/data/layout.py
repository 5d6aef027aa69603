"""Which files a dataset folder has, which columns they have, and what each column holds."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from segue_model.data.columns import Albums, Artists, Genres, Listens, Songs

MANIFEST: Final = "dataset.json"
FEATURES: Final = "features.csv"
# The same in another form, and how they were made: no part of what the fingerprint covers.
FEATURES_PARQUET: Final = "features.parquet"
RECIPE_FILE: Final = "recipe.json"
RECIPE_ARTISTS: Final = "recipe_artists.parquet"
SONG_ID: Final = "song_id"
ID_SEPARATOR: Final = "|"

# In characters: what the catalog's tables hold.
NAME_LENGTH: Final = 500
GENRE_LENGTH: Final = 255
MSD_ID_LENGTH: Final = 32


class Kind(enum.Enum):
    """What the fields of a column hold."""

    INTEGER = "integer"  # int32; unknown is 0
    NUMBER = "number"  # float32; unknown is NaN
    SHARE = "share"  # float64; unknown is NaN
    TEXT = "text"  # unknown is empty
    IDS = "ids"  # Ragged


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its `name` there, and the attribute `field` that holds it here."""

    name: str
    field: str
    kind: Kind
    required: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A file and the dataclass of columns that it becomes."""

    file: str
    part: str
    make: Callable[..., Any]
    columns: tuple[Column, ...]


ARTISTS: Final = Table(
    "artists.csv",
    "artists",
    Artists,
    (
        Column("id", "ids", Kind.INTEGER),
        Column("name", "names", Kind.TEXT),
        Column("msd_artist_id", "msd_artist_ids", Kind.TEXT, required=False),
    ),
)
ALBUMS: Final = Table(
    "albums.csv",
    "albums",
    Albums,
    (
        Column("id", "ids", Kind.INTEGER),
        Column("title", "titles", Kind.TEXT),
        Column("artist_id", "artists", Kind.INTEGER),
    ),
)
GENRES: Final = Table(
    "genres.csv",
    "genres",
    Genres,
    (Column("id", "ids", Kind.INTEGER), Column("name", "names", Kind.TEXT)),
)
SONGS: Final = Table(
    "songs.csv",
    "songs",
    Songs,
    (
        Column("id", "ids", Kind.INTEGER),
        Column("title", "titles", Kind.TEXT, required=False),
        Column("artist_id", "artists", Kind.INTEGER),
        Column("album_id", "albums", Kind.INTEGER, required=False),
        Column("year", "years", Kind.INTEGER, required=False),
        Column("genre_ids", "genres", Kind.IDS, required=False),
        Column("duration", "durations", Kind.NUMBER, required=False),
        Column("tempo", "tempos", Kind.NUMBER, required=False),
        Column("popularity", "popularity", Kind.SHARE, required=False),
        Column("msd_track_id", "msd_track_ids", Kind.TEXT, required=False),
        Column("msd_song_id", "msd_song_ids", Kind.TEXT, required=False),
    ),
)
LISTENS: Final = Table(
    "listens.csv",
    "listens",
    Listens,
    (
        Column("listener_id", "listeners", Kind.INTEGER),
        Column("song_id", "songs", Kind.INTEGER),
        Column("plays", "plays", Kind.INTEGER),
    ),
)

# The order of the fingerprint.
FILES: Final = (ARTISTS.file, ALBUMS.file, GENRES.file, SONGS.file, FEATURES, LISTENS.file)
