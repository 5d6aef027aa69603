"""The features that the recipe makes, whole and in parts, now and from its files."""

import json
from pathlib import Path

import numpy as np
import pytest

from recipe_songs import fitted, part_of, random_songs, random_terms, song, terms_of
from segue_model.data.errors import DatasetError
from segue_model.ingest.recipe import Recipe, featurize, fit, measure
from segue_model.ingest.recipe.columns import SCALARS, TERMS
from segue_model.ingest.sound import SOUND_COLUMNS
from segue_model.ingest.storage import Folder

SONGS = random_songs(600, 80)
LISTS = random_terms(80)
PART = part_of(SONGS)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return fitted(SONGS, LISTS)


@pytest.fixture
def folder(tmp_path: Path, recipe: Recipe) -> Folder:
    recipe.save(Folder(str(tmp_path)), "")
    return Folder(str(tmp_path))


@pytest.mark.parametrize(("with_sound", "width"), [(100, 212), (50, 212), (49, 32), (0, 32)])
def test_sound_is_there_where_half_of_the_songs_have_it(with_sound: int, width: int) -> None:
    sound = np.ones(180, np.float32)
    songs = [song(sound=sound if at < with_sound else None) for at in range(100)]
    made = fitted(songs, [[]])
    assert made.columns == (*SCALARS, *TERMS, *SOUND_COLUMNS)[:width]
    assert featurize(part_of(songs), made).shape == (100, width)


def test_features_are_finite_float32_of_five_decimals_without_negative_zeros(
    recipe: Recipe,
) -> None:
    values = featurize(PART, recipe)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert (values == np.round(values.astype(np.float64), 5).astype(np.float32)).all()
    assert not np.signbit(values[values == 0]).any()


def test_each_block_has_its_weight(recipe: Recipe) -> None:
    values = featurize(PART, recipe).astype(np.float64)
    for at, name in enumerate(("tempo", "loudness", "mode", "duration", "year")):
        known = [row for row, each in enumerate(SONGS) if each[name] is not None]
        assert values[known, at].std() == pytest.approx(0.25 / np.sqrt(8), rel=1e-3), name
    lengths = np.linalg.norm(values[:, 8:32], axis=1)
    with_terms = np.array([bool(LISTS[each["artist_id"] - 1]) for each in SONGS])
    np.testing.assert_allclose(lengths[with_terms], 1, atol=1e-4)
    assert (lengths[~with_terms] < 0.9).all()
    assert np.abs(values[:, 32:]).max() == np.float32(round(4 * 0.4 / np.sqrt(180), 5))


def test_known_values_are_standardized_and_far_ones_clipped() -> None:
    rng = np.random.default_rng(1)
    songs = [song(loudness=float(value)) for value in [*rng.normal(-10, 2, 400), -500.0]]
    column = featurize(part_of(songs), fitted(songs, [[]]))[:, SCALARS.index("loudness")]
    loudness = np.array([each["loudness"] for each in songs])
    wanted = np.clip((loudness - loudness.mean()) / loudness.std(), -4, 4) * 0.25 / np.sqrt(8)
    np.testing.assert_allclose(column, wanted, atol=6e-6)
    assert column[-1] == np.float32(-0.35355)


def test_a_column_that_is_constant_or_known_of_no_song_is_0_throughout() -> None:
    songs = [song(tempo=123.4, year=None, loudness=float(at)) for at in range(9)]
    values = featurize(part_of(songs), fitted(songs, [[]]))
    for name in ("tempo", "year", "mode", "duration", "triple_meter"):
        assert (values[:, SCALARS.index(name)] == 0).all(), name
    assert values[:, SCALARS.index("loudness")].any()


def test_a_part_of_the_songs_has_the_features_that_the_whole_has(recipe: Recipe) -> None:
    whole = featurize(PART, recipe)
    for cut in (1, 37, 200):
        parts = [featurize(PART.slice(start, cut), recipe) for start in range(0, 600, cut)]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_the_files_make_the_same_features_as_what_was_fitted(
    folder: Folder, recipe: Recipe
) -> None:
    loaded = Recipe.load(folder, "")
    assert featurize(PART, loaded).tobytes() == featurize(PART, recipe).tobytes()
    assert loaded.columns == recipe.columns
    assert loaded.known == recipe.known
    new = part_of(
        [song(81, [2], terms=("term 3", "term 4"), tempo=None), song(500, terms=("?",)), song(0)]
    )
    assert featurize(new, loaded).tobytes() == featurize(new, recipe).tobytes()


def test_the_same_songs_make_the_same_files_and_so_does_a_recipe_that_was_read(
    folder: Folder, tmp_path: Path
) -> None:
    fitted(SONGS, LISTS).save(folder, "again")
    Recipe.load(folder, "").save(folder, "read")
    for name in ("recipe.json", "recipe_artists.parquet"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()
        assert (tmp_path / "read" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert Recipe.saved_as("again") == "again/recipe.json"


def test_a_new_song_of_a_known_artist_lies_with_its_songs_and_an_unknown_artist_by_its_terms(
    recipe: Recipe,
) -> None:
    known = featurize(PART, recipe)
    at = next(at for at, each in enumerate(SONGS) if LISTS[each["artist_id"] - 1])
    artist = SONGS[at]["artist_id"]
    told = part_of([song(artist), song(5000, terms=tuple(LISTS[artist - 1])), song(5000)])
    terms = featurize(told, recipe)[:, 8:32]
    assert terms[0].tobytes() == terms[1].tobytes() == known[at, 8:32].tobytes()
    assert (terms[2] == 0).all()


def test_measures_of_parts_make_nearly_the_features_of_the_whole(recipe: Recipe) -> None:
    parts = [measure(PART.slice(start, 100)) for start in range(0, 600, 100)]
    values = featurize(PART, fit(iter(parts), terms_of(LISTS), 600))
    np.testing.assert_allclose(values, featurize(PART, recipe), atol=1.1e-5)


def test_the_file_counts_what_is_known_and_says_what_was_done(
    tmp_path: Path, folder: Folder
) -> None:
    fields = json.loads((tmp_path / "recipe.json").read_bytes())
    assert (fields["name"], fields["songs"]) == ("msd-2", 600)
    assert fields["columns"][:9] == [*SCALARS, "term_0"]
    for name in ("tempo", "loudness", "year", "duration", "mode", "sound"):
        assert fields["known"][name] == sum(each[name] is not None for each in SONGS), name
    assert fields["known"]["triple_meter"] == sum(
        each["time_signature"] in (3, 4) for each in SONGS
    )
    assert fields["known"]["key_cos"] == sum(
        None not in (each["key"], each["mode"]) for each in SONGS
    )
    assert fields["known"]["terms"] == sum(bool(LISTS[each["artist_id"] - 1]) for each in SONGS)
    assert fields["weights"] == {"scalars": 0.25, "terms": 1.0, "sound": 0.4}
    assert "doubt" in fields["unknown"]
    table = folder.read_table("recipe_artists.parquet")
    assert table["artist_id"].to_pylist() == list(range(1, 81))
    years = [each["year"] for each in SONGS if each["artist_id"] == 7 and each["year"]]
    assert table["year"][6].as_py() == pytest.approx(np.mean(years))
    assert table["year_songs"][6].as_py() == len(years)
    assert table["term_0"][0].as_py() is None


def test_a_recipe_is_followed_with_the_weights_it_was_fitted_with(
    tmp_path: Path, folder: Folder, recipe: Recipe
) -> None:
    text = (tmp_path / "recipe.json").read_text("utf-8")
    heavier = text.replace('"sound": 0.4', '"sound": 0.8').replace('"clip": 4.0', '"clip": 0.5')
    (tmp_path / "recipe.json").write_text(heavier, "utf-8")
    values = featurize(PART, Recipe.load(folder, ""))
    assert np.abs(values[:, 32:]).max() == np.float32(round(0.5 * 0.8 / np.sqrt(180), 5))
    assert values[:, 8:32].tobytes() == featurize(PART, recipe)[:, 8:32].tobytes()


@pytest.mark.parametrize(
    "change", [('"name": "msd-2"', '"name": "mine"'), ('"version": 2', '"version": 3')]
)
def test_another_recipe_is_refused(tmp_path: Path, folder: Folder, change: tuple[str, str]) -> None:
    text = (tmp_path / "recipe.json").read_text("utf-8")
    (tmp_path / "recipe.json").write_text(text.replace(*change), "utf-8")
    with pytest.raises(
        DatasetError, match=r"recipe\.json: (mine|msd-2), version [23], not msd-2, version 2"
    ):
        Recipe.load(folder, "")


def test_measures_that_are_not_those_of_the_songs_are_refused() -> None:
    with pytest.raises(DatasetError, match="measures of 600 songs, not of 601"):
        fit([measure(PART)], terms_of(LISTS), 601)
    with pytest.raises(DatasetError, match="artist 80 of a song is not among the artists"):
        fit([measure(PART)], terms_of(LISTS[:79]), 600)


def test_a_single_song_and_songs_without_any_terms_have_features() -> None:
    alone = featurize(part_of([song()]), fitted([song()], [[]]))
    assert np.isfinite(alone).all()
    assert (alone[:, 8:] == 0).all()


def test_keys_are_not_standardized_so_that_the_circle_stays_one() -> None:
    songs = [song(key=key, key_confidence=0.5) for key in (0, 0, 0, 2, 7)]
    keys = featurize(part_of(songs), fitted(songs, [[]]))[:, 6:8]
    radius = 0.5 * np.sqrt(2) * 0.25 / np.sqrt(8)
    np.testing.assert_allclose(np.linalg.norm(keys, axis=1), radius, atol=1e-5)
    np.testing.assert_allclose(keys[0], [radius, 0], atol=1e-5)


def test_an_artist_that_the_recipe_does_not_know_is_guessed_by_genre_and_all_songs() -> None:
    songs = [song(artist, loudness=-5.0 * artist + at) for artist in (1, 2, 3) for at in range(5)]
    made = fitted(songs, [[]] * 3)
    told = part_of([song(3, loudness=None), song(77, loudness=None)])
    known, unknown = featurize(told, made)[:, SCALARS.index("loudness")]
    assert known < -0.05
    assert unknown == 0
