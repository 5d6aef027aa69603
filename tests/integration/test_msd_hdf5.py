"""Song files of the Million Song Dataset: good ones become songs, bad ones are set aside."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from msd_files import track_path, write_song
from segue_model.data.dataset import Dataset, DatasetError, read_dataset, write_dataset
from segue_model.data.msd import Msd, msd_dataset
from segue_model.data.msd_hdf5 import read_song_files
from segue_model.data.msd_sources import find_sources
from segue_model.data.msd_tracks import rejected_csv

FIRST, SECOND, THIRD = "TRAAAAA1", "TRAABBB2", "TRZZZZZ3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "msd"


def made(folder: Path, workers: int = 1) -> Msd:
    return msd_dataset(find_sources(folder), workers)


def column(dataset: Dataset, name: str) -> list[float]:
    values: list[float] = dataset.features.values[:, dataset.features.columns.index(name)].tolist()
    return values


def test_a_file_becomes_a_song(folder: Path) -> None:
    write_song(folder, SECOND, title="¿Dos?", key=11, time_signature=3)
    write_song(folder, FIRST)
    dataset, rejected, _ = made(folder)
    assert rejected == []
    songs = dataset.songs
    assert list(songs.msd_track_ids) == [FIRST, SECOND]
    assert list(songs.msd_song_ids) == ["SOAAAAA1", "SOAABBB2"]
    assert list(songs.titles) == ["One", "¿Dos?"]
    assert list(songs.years) == [1999, 1999]
    assert list(songs.tempos) == [120.5, 120.5]
    assert list(songs.durations) == [200.5, 200.5]
    assert list(dataset.artists.names) == ["Zoë"]
    assert list(dataset.artists.msd_artist_ids) == ["AR1"]
    assert list(dataset.albums.titles) == ["Débuts"]
    assert [dataset.genres.names[genre - 1] for genre in songs.genres[0]] == ["folk", "rock"]
    assert dataset.counts()["listens"] == 0


def test_terms_rank_by_weight_and_only_five_that_name_genres_count(folder: Path) -> None:
    terms = ["rock", "80s", "germany", "pop", "jazz", "ska", "soul", "folk"]
    write_song(folder, FIRST, terms=terms, weights=[0.1, 1, 1, 0.9, 0.8, 0.7, 0.6, 0.5])
    dataset = made(folder).dataset
    names = [dataset.genres.names[genre - 1] for genre in dataset.songs.genres[0]]
    assert names == ["pop", "jazz", "ska", "soul", "folk"]


def test_unknown_year_and_tempo_are_unknown_and_their_features_the_mean(folder: Path) -> None:
    write_song(folder, FIRST, year=0, tempo=0.0)
    write_song(folder, SECOND, year=1990, tempo=90.0)
    write_song(folder, THIRD, year=2000, tempo=150.0)
    dataset = made(folder).dataset
    assert list(dataset.songs.years) == [0, 1990, 2000]
    assert np.isnan(dataset.songs.tempos[0])
    for name in ("tempo", "year"):
        unknown, low, high = column(dataset, name)
        assert (unknown, low) == (0, -high)
        assert high > 0


def test_a_key_lies_on_the_circle_of_fifths_as_far_out_as_it_is_sure(folder: Path) -> None:
    """C major, its relative A minor, G major a fifth on, and a key that is a guess."""
    for track, key, mode, confidence in (
        ("TRAAAAA1", 0, 1, 1.0),
        ("TRAAAAA2", 9, 0, 1.0),
        ("TRAAAAA3", 7, 1, 1.0),
        ("TRAAAAA4", 6, 1, 1.0),
        ("TRAAAAA5", 0, 1, 0.0),
    ):
        write_song(folder, track, key=key, mode=mode, key_confidence=confidence)
    dataset = made(folder).dataset
    keys = np.stack([column(dataset, "key_cos"), column(dataset, "key_sin")], axis=1)
    c, a_minor, g, f_sharp, unsure = keys
    np.testing.assert_allclose(c, a_minor)
    away = [np.linalg.norm(c - other) for other in (g, unsure, f_sharp)]
    assert away == sorted(away)


def test_sound_is_part_of_the_features_when_all_songs_have_files(folder: Path) -> None:
    write_song(folder, FIRST, key=0)
    write_song(folder, SECOND, key=0, timbre=np.full((2, 12), 5.0))
    write_song(folder, THIRD, timbre=np.empty((0, 12)), pitches=np.empty((0, 12)))
    dataset = made(folder).dataset
    assert dataset.features.recipe == "msd-1-sound"
    assert len(dataset.features.columns) == 8 + 24 + 48
    assert column(dataset, "timbre_deviation_0")[0] == -column(dataset, "timbre_deviation_0")[1]
    assert column(dataset, "timbre_mean_3")[2] == 0


def test_pitches_are_counted_from_the_key(folder: Path) -> None:
    in_c, in_d = np.zeros((4, 12)), np.zeros((4, 12))
    in_c[:, [0, 7]] = 1
    in_d[:, [2, 9]] = 1
    write_song(folder, FIRST, key=0, pitches=in_c)
    write_song(folder, SECOND, key=2, pitches=in_d)
    paths = find_sources(folder).song_files
    one, two = (track.sound for track in read_song_files(folder, paths).tracks)
    assert one is not None
    np.testing.assert_array_equal(one, two)
    assert list(np.flatnonzero(one[24:36])) == [0, 7]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tempo": np.nan}, "tempo: out of range: nan"),
        ({"loudness": np.inf}, "loudness: out of range: inf"),
        ({"duration": 0.0}, "duration: out of range: 0.0"),
        ({"key": 12}, "key: out of range: 12"),
        ({"year": -1}, "year: out of range: -1"),
        ({"key_confidence": np.nan}, "key_confidence: out of range: nan"),
        ({"timbre": np.full((3, 12), np.nan)}, "analysis/segments_timbre: not finite"),
        ({"pitches": np.zeros((3, 11))}, "analysis/segments_pitches: shape (3, 11)"),
        ({"rows": 0}, "metadata/songs: 0 rows; a song's own file has 1"),
        ({"rows": 3}, "metadata/songs: 3 rows; a song's own file has 1"),
        ({"title": b"\xff"}, "not a readable HDF5 song file: 'utf-8' codec"),
        ({"title": "a\nb"}, "title: a line break or NUL"),
        ({"title": "T" * 501}, "title: longer than 500 characters"),
        ({"song_id": ""}, "song_id: empty"),
        ({"artist_name": ""}, "artist: empty"),
    ],
)
def test_a_bad_file_is_set_aside_with_its_reason_and_the_others_kept(
    folder: Path, fields: dict[str, Any], reason: str
) -> None:
    write_song(folder, FIRST)
    write_song(folder, SECOND, **fields)
    dataset, rejected, _ = made(folder)
    assert list(dataset.songs.msd_track_ids) == [FIRST]
    assert [entry.path for entry in rejected] == ["A/A/B/TRAABBB2.h5"]
    assert rejected[0].reason.startswith(reason)


def test_a_file_that_is_cut_off_empty_or_no_hdf5_is_set_aside(folder: Path) -> None:
    write_song(folder, FIRST)
    whole = write_song(folder, SECOND).read_bytes()
    for at, content in enumerate((whole[: len(whole) // 2], b"", b"not HDF5" * 999)):
        path = track_path(folder, f"TRZZZ{at}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with h5py.File(track_path(folder, SECOND), "a") as file:
        del file["analysis/segments_timbre"]
    dataset, rejected, _ = made(folder)
    assert list(dataset.songs.msd_track_ids) == [FIRST]
    assert len(rejected) == 4
    assert all(entry.reason.startswith("not a readable HDF5 song file: ") for entry in rejected)


def test_what_is_set_aside_stands_in_a_file_of_the_dataset(folder: Path, tmp_path: Path) -> None:
    write_song(folder, FIRST)
    write_song(folder, SECOND, tempo=np.nan)
    dataset, rejected, _ = made(folder)
    write_dataset(tmp_path / "made", dataset, {"rejected.csv": rejected_csv(rejected)})
    lines = (tmp_path / "made" / "rejected.csv").read_text("utf-8").splitlines()
    assert lines == ["path,reason", "A/A/B/TRAABBB2.h5,tempo: out of range: nan"]
    assert read_dataset(tmp_path / "made").source["rejected"] == 1


def test_it_is_an_error_when_everything_is_set_aside(folder: Path) -> None:
    write_song(folder, FIRST, tempo=np.nan)
    with pytest.raises(DatasetError, match=r"no song can be used; 1 set aside, the first: A/A/A"):
        made(folder)


def test_it_is_an_error_when_there_is_nothing(folder: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        find_sources(folder)
    folder.mkdir()
    with pytest.raises(DatasetError, match=r"neither \.h5 files nor MsdSongAddedFeatures\.csv"):
        find_sources(folder)


def test_a_song_of_several_tracks_is_there_once(folder: Path) -> None:
    """The first by track id stays, unless the list of mismatches says that it is another song."""
    for track in (FIRST, SECOND, THIRD):
        write_song(folder, track, song_id="SOSAME")
    (folder / "sid_mismatches.txt").write_text(f"ERROR: <SOSAME {FIRST}> A != B\n", "utf-8")
    dataset, rejected, _ = made(folder)
    assert list(dataset.songs.msd_track_ids) == [SECOND]
    reason = "the same song (SOSAME) as A/A/B/TRAABBB2.h5"
    assert sorted(entry.path for entry in rejected) == ["A/A/A/TRAAAAA1.h5", "Z/Z/Z/TRZZZZZ3.h5"]
    assert {entry.reason for entry in rejected} == {reason}


def test_a_track_in_two_files_is_there_once(folder: Path) -> None:
    write_song(folder, FIRST)
    write_song(folder / "copy", FIRST)
    dataset, rejected, _ = made(folder)
    assert len(dataset.songs.ids) == 1
    assert [entry.reason for entry in rejected] == ["the same track as A/A/A/TRAAAAA1.h5"]


def test_an_artist_is_an_msd_artist_under_one_of_its_names(folder: Path) -> None:
    write_song(folder, FIRST, artist_name="Zoë feat. Ray")
    write_song(folder, SECOND)
    write_song(folder, THIRD)
    dataset = made(folder).dataset
    assert list(dataset.artists.names) == ["Zoë", "Zoë feat. Ray"]
    assert list(dataset.songs.artists) == [2, 1, 1]
    assert list(dataset.albums.artists) == [1]


def test_a_song_without_release_has_no_album_and_one_without_title_an_empty_one(
    folder: Path,
) -> None:
    write_song(folder, FIRST, release="", title="")
    dataset = made(folder).dataset
    assert list(dataset.songs.albums) == [0]
    assert list(dataset.songs.titles) == [""]
    assert len(dataset.albums.ids) == 0


def test_songs_without_any_terms_still_have_features(folder: Path) -> None:
    write_song(folder, FIRST, terms=[], weights=[])
    write_song(folder, SECOND, terms=[], weights=[], tempo=99.0)
    dataset = made(folder).dataset
    assert column(dataset, "term_0") == [0, 0]
    assert column(dataset, "tempo")[0] == -column(dataset, "tempo")[1] != 0
    assert len(dataset.genres.ids) == 0


def test_the_same_files_make_the_same_dataset_by_any_number_of_processes(folder: Path) -> None:
    for at in range(6):
        terms = {"terms": ["rock", f"term {at % 3}"], "weights": [1, 0.5]}
        write_song(folder, f"TRAAA{at}", artist_id=f"AR{at}", tempo=80.0 + at, **terms)
    write_song(folder, THIRD, tempo=np.nan)
    one, two = made(folder), made(folder, workers=2)
    assert one.rejected == two.rejected
    assert list(one.dataset.songs.titles) == list(two.dataset.songs.titles)
    np.testing.assert_array_equal(one.dataset.features.values, two.dataset.features.values)
