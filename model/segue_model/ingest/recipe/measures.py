"""What must be known of the songs to fit the recipe: a part tells it, and parts are added up."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Self

import numpy as np

from segue_model.ingest.recipe import columns
from segue_model.ingest.recipe.columns import Ids
from segue_model.ingest.recipe.moments import Counts, Moments, Sums
from segue_model.ingest.tracks import Arrow


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """How many songs each artist has in each first genre (0: none), by artist, then genre; [p]."""

    artists: Ids
    genres: Ids
    songs: Counts

    @classmethod
    def of(cls, artists: Ids, genres: Ids, songs: Counts) -> Self:
        """Return the pairs, those that are the same added up."""
        both = artists.astype(np.int64) << 32 | genres
        pairs, at = np.unique(both, return_inverse=True)
        added = np.bincount(at, songs, len(pairs)).astype(np.int64)
        return cls((pairs >> 32).astype(np.int32), pairs.astype(np.int32), added)


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """The measures of some songs: the moments of all, the sums by artist and by first genre."""

    songs: int
    scalars: Moments
    sound: Moments
    by_artist: Sums
    by_genre: Sums
    sound_by_genre: Sums
    pairs: Pairs

    def to_bytes(self) -> bytes:
        """Return the measures as a file; the same measures make the same bytes."""
        file = io.BytesIO()
        np.savez(file, **_flat(self))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the measures that a file holds."""
        with np.load(io.BytesIO(content)) as file:
            arrays = dict(file)
        return cls(
            songs=int(arrays["songs"]),
            scalars=_moments(arrays, "scalars"),
            sound=_moments(arrays, "sound"),
            by_artist=_sums(arrays, "by_artist"),
            by_genre=_sums(arrays, "by_genre"),
            sound_by_genre=_sums(arrays, "sound_by_genre"),
            pairs=Pairs(arrays["pairs.artists"], arrays["pairs.genres"], arrays["pairs.songs"]),
        )


def measure(part: Arrow) -> Measures:
    """Return the measures of a part: a table of `TRACKS` with `artist_id` and `genre_ids`."""
    artists, genres = columns.artists(part), columns.first_genres(part)
    scalars, sound = columns.scalars(part), columns.sound(part)
    return Measures(
        songs=len(artists),
        scalars=Moments.of(scalars),
        sound=Moments.of(sound),
        by_artist=Sums.of(artists, scalars),
        by_genre=Sums.of(genres, scalars),
        sound_by_genre=Sums.of(genres, sound),
        pairs=Pairs.of(artists, genres, np.ones(len(artists), np.int64)),
    )


def merged(measures: Iterable[Measures]) -> Measures:
    """Return the measures of all songs; sums are added in the order of `measures`, at least one."""
    parts = list(measures)
    pairs = [part.pairs for part in parts]
    return Measures(
        songs=sum(part.songs for part in parts),
        scalars=_total([part.scalars for part in parts]),
        sound=_total([part.sound for part in parts]),
        by_artist=Sums.merged([part.by_artist for part in parts]),
        by_genre=Sums.merged([part.by_genre for part in parts]),
        sound_by_genre=Sums.merged([part.sound_by_genre for part in parts]),
        pairs=Pairs.of(
            np.concatenate([part.artists for part in pairs]),
            np.concatenate([part.genres for part in pairs]),
            np.concatenate([part.songs for part in pairs]),
        ),
    )


def _total(moments: Sequence[Moments]) -> Moments:
    total = moments[0]
    for part in moments[1:]:
        total = total.plus(part)
    return total


def _flat(measures: Any) -> dict[str, Any]:  # noqa: ANN401 - measures, or what they are made of
    """Return the arrays in the measures by where they stand: `by_artist.moments.means`."""
    arrays: dict[str, Any] = {}
    for field in fields(measures):
        value = getattr(measures, field.name)
        inner = _flat(value) if is_dataclass(value) else {"": np.asarray(value)}
        arrays |= {f"{field.name}.{name}".rstrip("."): array for name, array in inner.items()}
    return arrays


def _moments(arrays: Mapping[str, Any], name: str) -> Moments:
    return Moments(*(arrays[f"{name}.{field.name}"] for field in fields(Moments)))


def _sums(arrays: Mapping[str, Any], name: str) -> Sums:
    return Sums(
        arrays[f"{name}.ids"],
        arrays[f"{name}.counts"],
        arrays[f"{name}.sums"],
        _moments(arrays, f"{name}.moments"),
    )
