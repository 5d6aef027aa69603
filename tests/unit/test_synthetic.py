"""The synthetic source: the same numbers make the same music, and it is built as music is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segue_model.data.columns import Ragged
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.normalizing import standardized, weighed
from segue_model.data.synthetic import synthetic_dataset
from segue_model.data.synthetic_genres import GENRES, affinity

SONGS = 10_000
LISTENERS = 5_000


@pytest.fixture(scope="module")
def music() -> Dataset:
    return synthetic_dataset(SONGS, LISTENERS, 7)


def first_genres(genres: Ragged) -> np.ndarray:
    return genres.values[genres.offsets[:-1]]


def nearest(music: Dataset, rows: np.ndarray, number: int) -> np.ndarray:
    """The rows of the songs of the largest cosine, the song itself left out."""
    unit = music.features.values / np.linalg.norm(music.features.values, axis=1, keepdims=True)
    cosines = unit[rows] @ unit.T
    cosines[np.arange(len(rows)), rows] = -2
    return np.argsort(-cosines, axis=1)[:, :number]


def fingerprint(folder: Path, seed: int) -> str:
    write_dataset(folder, synthetic_dataset(1300, 200, seed))
    return read_dataset(folder).fingerprint


def test_the_same_numbers_make_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    here = fingerprint(tmp_path / "here", 7)
    program = (
        "from pathlib import Path; from segue_model.data.dataset import write_dataset;"
        "from segue_model.data.synthetic import synthetic_dataset;"
        f"write_dataset(Path({str(tmp_path / 'there')!r}), synthetic_dataset(1300, 200, 7))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}  # noqa: TID251 - handed on to a child
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert read_dataset(tmp_path / "there").fingerprint == here
    assert fingerprint(tmp_path / "other", 8) != here


def test_more_listeners_do_not_change_the_songs(music: Dataset) -> None:
    fewer = synthetic_dataset(SONGS, 10, 7)
    assert list(fewer.songs.titles) == list(music.songs.titles)
    assert list(fewer.artists.names) == list(music.artists.names)
    np.testing.assert_array_equal(fewer.features.values, music.features.values)


@pytest.mark.parametrize(
    ("songs", "listeners"), [(1, 0), (1, 1), (2, 3), (13, 5), (100, 1), (1249, 20)]
)
def test_any_size_is_a_sound_dataset_that_is_read_back(
    songs: int, listeners: int, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "made", synthetic_dataset(songs, listeners, 3))
    read = read_dataset(tmp_path / "made")
    assert list(read.songs.ids) == list(range(1, songs + 1))
    assert list(np.unique(read.listens.listeners)) == list(range(1, listeners + 1))
    assert len(read.features.columns) == 32
    assert read.source == {
        "kind": "synthetic",
        "songs": songs,
        "listeners": listeners,
        "seed": 3,
    }


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_numbers_that_make_no_sense_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 song"):
        synthetic_dataset(*numbers)


def test_names_can_be_told_apart(music: Dataset) -> None:
    names = list(music.artists.names)
    assert len(set(names)) == len(names)
    songs = list(zip(music.songs.artists, music.songs.titles, strict=True))
    assert len(set(songs)) == len(songs)
    assert len(set(music.songs.titles)) > 0.8 * SONGS
    assert all(music.songs.titles[song - 1] for song in (5, 15, 1249))
    assert all(name == name.strip() and name[0].upper() == name[0] for name in names)
    accented = [title for title in music.songs.titles if not title.isascii()]
    assert 0.01 < len(accented) / SONGS < 0.3


def test_popularity_falls_off_as_zipf_found(music: Dataset) -> None:
    counts = np.sort(np.bincount(music.listens.songs, minlength=SONGS + 1)[1:])[::-1]
    ranks = np.arange(1, SONGS + 1)
    body = slice(10, SONGS // 5)
    slope = np.polyfit(np.log(ranks[body]), np.log(counts[body]), 1)[0]
    assert -1.2 < slope < -0.5
    assert counts[: SONGS // 10].sum() > 0.4 * counts.sum()
    np.testing.assert_allclose(np.sort(music.songs.popularity)[::-1], counts / LISTENERS)


def test_few_artists_have_many_songs_and_they_have_several_albums(music: Dataset) -> None:
    sizes = np.bincount(music.songs.artists)[1:]
    assert sizes.min() >= 1
    assert sizes.max() > 8 * np.median(sizes)
    assert sizes.max() < 0.05 * SONGS
    albums = np.bincount(music.albums.artists)[1:]
    assert (albums[sizes > 30] > 1).all()
    np.testing.assert_array_equal(music.albums.artists[music.songs.albums - 1], music.songs.artists)


def test_the_songs_of_an_album_have_its_year_and_albums_follow_one_another(
    music: Dataset,
) -> None:
    years = music.songs.years
    known = years > 0
    assert 0.04 < 1 - known.mean() < 0.12
    assert years[known].min() >= 1925
    assert years.max() <= 2024
    by_album = np.zeros(len(music.albums.ids), np.int64)
    by_album[music.songs.albums[known] - 1] = years[known]
    np.testing.assert_array_equal(by_album[music.songs.albums[known] - 1], years[known])
    spread = [
        np.ptp(by_album[(music.albums.artists == artist) & (by_album > 0)])
        for artist in range(1, 200)
        if ((music.albums.artists == artist) & (by_album > 0)).sum() > 2
    ]
    assert np.median(spread) >= 3


def test_unknown_tempos_are_unknown_and_the_others_are_music(music: Dataset) -> None:
    unknown = np.isnan(music.songs.tempos)
    assert 0.005 < unknown.mean() < 0.05
    assert 50 <= np.nanmin(music.songs.tempos) < np.nanmax(music.songs.tempos) <= 215
    assert (music.features.values[unknown, 0] == 0).all()
    assert abs(music.features.values[:, 0].mean()) < 0.01


def test_songs_of_an_artist_are_more_alike_than_songs_of_a_genre_than_any(
    music: Dataset,
) -> None:
    unit = music.features.values / np.linalg.norm(music.features.values, axis=1, keepdims=True)
    rows = np.random.default_rng(0).integers(SONGS, size=(60_000, 2))
    cosines = (unit[rows[:, 0]] * unit[rows[:, 1]]).sum(axis=1)
    genres = first_genres(music.songs.genres)[rows]
    artists = music.songs.artists[rows]
    same_artist = (artists[:, 0] == artists[:, 1]) & (rows[:, 0] != rows[:, 1])
    same_genre = (genres[:, 0] == genres[:, 1]) & ~same_artist
    other = ~same_genre & ~same_artist
    means = [cosines[which].mean() for which in (same_artist, same_genre, other)]
    assert means[0] > means[1] + 0.1 > means[2] + 0.4


def test_the_nearest_songs_share_the_genre_far_above_chance(music: Dataset) -> None:
    genres = first_genres(music.songs.genres)
    rows = np.random.default_rng(1).choice(SONGS, 400, replace=False)
    near = nearest(music, rows, 30)
    others = music.songs.artists[near] != music.songs.artists[rows][:, None]
    alike = genres[near] == genres[rows][:, None]
    chance = sum((genres == genre).mean() ** 2 for genre in range(1, len(GENRES) + 1))
    assert alike.mean() > 8 * chance
    assert alike[others].mean() > 6 * chance


def test_related_genres_are_near_each_other() -> None:
    names = [genre.name for genre in GENRES]
    turned = affinity()
    np.testing.assert_allclose(turned.sum(axis=1), 1)
    assert turned[names.index("rock"), names.index("indie rock")] > (
        10 * turned[names.index("rock"), names.index("classical")]
    )
    assert turned[names.index("house"), names.index("electronic")] > (
        10 * turned[names.index("house"), names.index("folk")]
    )


def test_a_listener_keeps_to_few_genres(music: Dataset) -> None:
    genres = first_genres(music.songs.genres)[music.listens.songs - 1]
    table = np.zeros((LISTENERS, len(GENRES)))
    np.add.at(table, (music.listens.listeners - 1, genres - 1), 1)
    busy = table[table.sum(axis=1) >= 20]
    shares = -np.sort(-busy / busy.sum(axis=1, keepdims=True), axis=1)
    everyone = -np.sort(-table.sum(axis=0) / table.sum())
    assert np.median(shares[:, :2].sum(axis=1)) > 0.7
    assert everyone[:2].sum() < 0.4


def test_plays_have_a_long_tail(music: Dataset) -> None:
    plays = music.listens.plays
    assert plays.min() == 1
    assert np.median(plays) <= 3
    assert np.percentile(plays, 99) > 10 * np.median(plays)
    assert plays.max() > 200


def test_standardizing_takes_the_unknown_for_the_mean_and_spares_constants() -> None:
    nan = np.nan
    columns = np.array([[1.0, 5, nan, 0.1], [3.0, 5, nan, 0.1], [nan, 5, nan, 0.1]])
    wanted = [[-1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(standardized(columns), wanted)
    block = weighed(np.full((2, 4), 1.0, np.float32), 0.5)
    np.testing.assert_allclose(np.linalg.norm(block, axis=1), 0.5)
