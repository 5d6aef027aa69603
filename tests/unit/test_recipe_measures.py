"""What parts tell of their songs adds up to what the whole tells, in the same bytes each time."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recipe_songs import part_of, random_songs, song
from segue_model.ingest.recipe import Measures, columns, measure
from segue_model.ingest.recipe.measures import merged
from segue_model.ingest.recipe.moments import Moments, Sums

SONGS = random_songs(500, 40)


def arrays(measures: object, name: str = "") -> dict[str, np.ndarray]:
    assert is_dataclass(measures)
    found: dict[str, np.ndarray] = {}
    for field in fields(measures):
        value, path = getattr(measures, field.name), f"{name}{field.name}"
        found |= arrays(value, f"{path}.") if is_dataclass(value) else {path: np.asarray(value)}
    return found


def same(one: Measures, other: Measures, *, exactly: bool) -> None:
    for name, array in arrays(one).items():
        found = arrays(other)[name]
        assert array.dtype == found.dtype, name
        assert array.shape == found.shape, name
        tolerance = 0 if exactly else 1e-9
        np.testing.assert_allclose(found, array, rtol=tolerance, atol=tolerance, err_msg=name)


def test_parts_add_up_to_the_whole() -> None:
    part = part_of(SONGS)
    cut = [measure(part.slice(start, 130)) for start in range(0, 500, 130)]
    same(measure(part), merged(cut), exactly=False)


def test_measures_survive_a_file_and_make_the_same_bytes_each_time() -> None:
    made = measure(part_of(SONGS))
    content = made.to_bytes()
    same(made, Measures.from_bytes(content), exactly=True)
    assert Measures.from_bytes(content).to_bytes() == content == measure(part_of(SONGS)).to_bytes()


def test_a_part_of_many_chunks_is_measured_like_one_of_one() -> None:
    part = part_of(SONGS)
    chunked = pa.concat_tables([part.slice(0, 77), part.slice(77)])
    same(measure(part), measure(chunked), exactly=True)


def test_sums_by_group_are_those_of_the_known_values_of_its_songs() -> None:
    part = part_of(SONGS)
    made = measure(part)
    artists = np.array([each["artist_id"] for each in SONGS])
    years = np.array([np.nan if each["year"] is None else each["year"] for each in SONGS])
    at = columns.SCALARS.index("year")
    for row, artist in enumerate(made.by_artist.ids):
        known = years[(artists == artist) & ~np.isnan(years)]
        assert made.by_artist.counts[row, at] == len(known)
        assert made.by_artist.sums[row, at] == known.sum()
    genres = np.array([(each["genre_ids"] or [0])[0] for each in SONGS])
    assert made.by_genre.ids.tolist() == sorted(set(genres.tolist()) - {0})
    assert made.by_genre.moments.counts[at] == (~np.isnan(years[genres > 0])).sum()
    pairs = made.pairs
    for artist, genre, number in zip(pairs.artists, pairs.genres, pairs.songs, strict=True):
        assert number == ((artists == artist) & (genres == genre)).sum()
    assert pairs.songs.sum() == 500


def test_a_million_values_far_from_zero_keep_their_small_deviation() -> None:
    rng = np.random.default_rng(3)
    values = 1e6 + rng.normal(0, 1e-3, (100_000, 1))
    total = Moments.of(values[:1000])
    for start in range(1000, 100_000, 1000):
        total = total.plus(Moments.of(values[start : start + 1000]))
    assert np.sqrt(total.squares[0] / 100_000) == pytest.approx(values.std(), rel=1e-6)


def test_merging_nothing_known_with_something_is_that() -> None:
    nothing = Moments.of(np.full((3, 2), np.nan))
    some = Moments.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    for total in (nothing.plus(some), some.plus(nothing)):
        assert total.counts.tolist() == [2, 2]
        assert total.means.tolist() == [2, 5]
        assert total.squares.tolist() == [2, 0]


def test_a_group_of_0_is_none() -> None:
    sums = Sums.of(np.array([0, 3, 0], np.int32), np.array([[1.0], [2.0], [np.nan]]))
    assert sums.ids.tolist() == [3]
    assert sums.moments.counts.tolist() == [1]


def test_the_scalars_are_what_the_documents_say() -> None:
    told: dict[str, Any] = {"tempo": 100.0, "loudness": -7.5, "duration": np.e**5, "year": 1969}
    in_a_minor: dict[str, Any] = {"mode": 0, "key": 9, "key_confidence": 0.5}
    unknown: dict[str, Any] = dict.fromkeys(told)
    part = part_of(
        [
            song(**told, **in_a_minor, time_signature=3),
            song(**unknown, mode=None, time_signature=5, key=4),
            song(key=7, key_confidence=None),
            song(key=None),
        ]
    )
    values = columns.scalars(part)
    np.testing.assert_allclose(values[0, :6], [np.log(100), -7.5, 0, 5, 1969, 1])
    # A minor is C major's relative: the top of the circle; half sure, half the radius.
    np.testing.assert_allclose(values[0, 6:], [np.sqrt(0.5), 0], atol=1e-7)
    assert np.isnan(values[1]).all()
    # G is a twelfth of the circle from C, and nothing says that it is unsure.
    of_g = np.sqrt(2) * np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    np.testing.assert_allclose(values[2, 6:], of_g, rtol=1e-6)
    assert values[2, 5] == 0
    assert np.isnan(values[3, 6:]).all()


def test_of_the_genres_the_first_counts_and_of_the_sound_what_is_there() -> None:
    sound = np.arange(180, dtype=np.float32)
    part = part_of([song(genres=[4, 2]), song(genres=[], sound=sound), song(artist=9, genres=[1])])
    assert columns.first_genres(part).tolist() == [4, 0, 1]
    assert columns.artists(part).tolist() == [1, 1, 9]
    values = columns.sound(part)
    assert np.isnan(values[[0, 2]]).all()
    assert values[1].tolist() == sound.tolist()
    # The same in a table cut out of a larger one.
    assert columns.sound(part.slice(1, 1))[0].tolist() == sound.tolist()
    assert columns.first_genres(part.slice(1)).tolist() == [0, 1]
