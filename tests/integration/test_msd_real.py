"""The Million Song Dataset source on the slice of the real one: what it says is what comes out."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.msd import Msd, msd_dataset
from segue_model.data.msd_hdf5 import read_song_files
from segue_model.data.msd_sources import find_sources
from segue_model.data.msd_tracks import rejected_csv

TRIPLETS = "triplets/taste_profile_msd10k_songs.tsv"


@pytest.fixture(scope="module")
def msd(real_data: Path) -> Msd:
    return msd_dataset(find_sources(real_data))


@pytest.fixture(scope="module")
def dataset(msd: Msd) -> Dataset:
    return msd.dataset


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> dict[str, int]:
    return {track: row for row, track in enumerate(dataset.songs.msd_track_ids)}


def song_files(real_data: Path) -> Iterator[tuple[str, h5py.File]]:
    for path in sorted((real_data / "h5").rglob("*.h5")):
        with h5py.File(path) as file:
            yield path.stem, file


def listed(real_data: Path) -> Iterator[list[str]]:
    with (real_data / "catalogue" / "subset_unique_tracks.txt").open("rb") as stream:
        for line in stream:
            yield line.decode().rstrip("\n").split("<SEP>")


def test_every_song_file_is_in_the_dataset_as_it_is(
    real_data: Path, dataset: Dataset, rows: dict[str, int]
) -> None:
    songs, found = dataset.songs, 0
    for track, file in song_files(real_data):
        metadata, analysis = file["metadata/songs"][0], file["analysis/songs"][0]
        row = rows[track]
        assert songs.titles[row] == metadata["title"].decode()
        assert dataset.artists.names[songs.artists[row] - 1] == metadata["artist_name"].decode()
        msd_artist_id = dataset.artists.msd_artist_ids[songs.artists[row] - 1]
        assert msd_artist_id == metadata["artist_id"].decode()
        assert dataset.albums.titles[songs.albums[row] - 1] == metadata["release"].decode()
        assert songs.msd_song_ids[row] == metadata["song_id"].decode()
        assert songs.years[row] == file["musicbrainz/songs"][0]["year"]
        assert songs.durations[row] == np.float32(analysis["duration"])
        tempo = np.float32(analysis["tempo"]) or np.nan
        np.testing.assert_equal(songs.tempos[row], tempo)
        found += 1
    assert found == 113


def test_every_song_file_is_read_to_the_last_digit(real_data: Path) -> None:
    sources = find_sources(real_data / "h5")
    tracks = {t.track_id: t for t in read_song_files(sources.folder, sources.song_files).tracks}
    for name, file in song_files(real_data):
        track, analysis = tracks[name], file["analysis/songs"][0]
        for field in ("tempo", "loudness", "duration", "key", "mode", "time_signature"):
            assert getattr(track, field) == analysis[field]
        timbre = file["analysis/segments_timbre"][:]
        assert track.sound is not None
        np.testing.assert_allclose(track.sound[:12], timbre.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(track.sound[12:24], timbre.std(axis=0), rtol=1e-5)


def test_every_listed_track_has_its_title_and_artist(
    real_data: Path, dataset: Dataset, rows: dict[str, int]
) -> None:
    number = 0
    for track, song, artist, title in listed(real_data):
        row = rows[track]
        assert dataset.songs.titles[row] == title
        assert dataset.songs.msd_song_ids[row] == song
        assert dataset.artists.names[dataset.songs.artists[row] - 1] == artist
        number += 1
    assert number == 8045
    assert len(rows) == 8045 + 51


def test_the_rows_are_in_the_order_of_track_ids(dataset: Dataset) -> None:
    tracks = list(dataset.songs.msd_track_ids)
    assert tracks == sorted(tracks)
    assert list(dataset.songs.ids) == list(range(1, len(tracks) + 1))


def test_nothing_real_is_set_aside(msd: Msd) -> None:
    assert msd.rejected == []


def test_unknown_is_never_zero(dataset: Dataset) -> None:
    songs = dataset.songs
    assert 0.3 < (songs.years == 0).mean() < 0.6
    assert songs.years[songs.years > 0].min() > 1900
    assert 20 <= np.isnan(songs.tempos).sum() <= 40
    assert np.nanmin(songs.tempos) > 0
    assert np.isfinite(songs.durations).all()


def test_listens_are_the_triplets_without_the_known_mismatches(
    real_data: Path, msd: Msd, dataset: Dataset
) -> None:
    mistaken = (real_data / "catalogue" / "sid_mismatches.txt").read_text("utf-8")
    pairs = {line.split(">")[0].split("<")[1] for line in mistaken.split("\n") if line}
    songs = dataset.songs
    ids = dict(zip(songs.msd_song_ids, songs.msd_track_ids, strict=True))
    triplets = [line.split("\t") for line in (real_data / TRIPLETS).read_text("utf-8").splitlines()]
    kept = [each for each in triplets if f"{each[1]} {ids[each[1]]}" not in pairs]
    assert 0 < len(kept) < len(triplets)
    assert msd.strangers == len(triplets) - len(kept)
    assert len(dataset.listens.songs) == len(kept)
    assert dataset.listens.plays.sum() == sum(int(plays) for _, _, plays in kept)
    users = sorted({user for user, _, _ in kept})
    found = {
        (users[listener - 1], songs.msd_song_ids[song - 1], str(plays))
        for listener, song, plays in zip(
            dataset.listens.listeners, dataset.listens.songs, dataset.listens.plays, strict=True
        )
    }
    assert found == {tuple(each) for each in kept}


def test_the_labels_of_a_song_are_its_first_genres(dataset: Dataset, real_data: Path) -> None:
    spelled = {"RnB": "r&b", "International": "world", "Pop_Rock": "pop rock", "Rap": "rap"}
    labels = {}
    for line in (real_data / "genre" / "msd_tagtraum_cd1.cls").read_text("utf-8").splitlines():
        track, *given = line.split("\t")
        labels[track] = [spelled.get(label, label.lower()) for label in given]
    checked = 0
    for row, track in enumerate(dataset.songs.msd_track_ids):
        names = [dataset.genres.names[genre - 1] for genre in dataset.songs.genres[row]]
        assert len(names) <= 5
        wanted = labels.get(track, [])
        assert names[: len(wanted)] == wanted
        checked += bool(wanted)
    assert checked > 1000
    assert np.mean(np.diff(dataset.songs.genres.offsets) > 0) > 0.97


def test_the_nearest_songs_of_other_artists_are_of_the_same_label(
    dataset: Dataset, real_data: Path
) -> None:
    """Labels are no part of the features, so they can judge them; chance is about a third."""
    labels = {
        line.split("\t")[0]: line.split("\t")[1]
        for line in (real_data / "genre" / "msd_tagtraum_cd1.cls").read_text("utf-8").splitlines()
        if "\t" in line
    }
    tracks = dataset.songs.msd_track_ids
    labeled = np.flatnonzero([track in labels for track in tracks])
    label = np.array([labels[track] for track in tracks[labeled]])
    artist = dataset.artists.msd_artist_ids[dataset.songs.artists[labeled] - 1]
    unit = dataset.features.values[labeled]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = unit @ unit.T
    cosines[artist[:, None] == artist[None]] = -2
    near = np.argsort(-cosines, axis=1)[:, :10]
    assert (label[near] == label[:, None]).mean() > 0.8


def test_the_nearest_songs_of_other_artists_are_by_similar_artists(
    dataset: Dataset, real_data: Path
) -> None:
    """Who is similar to whom is no part of the features either."""
    similar: set[tuple[str, ...]] = set()
    table = real_data / "catalogue" / "subset_artist_similarity.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        similar.update(tuple(row) for row in csv.reader(stream))
    artist = dataset.artists.msd_artist_ids[dataset.songs.artists - 1]
    values = dataset.features.values
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(unit), 300, replace=False)
    cosines = unit[chosen] @ unit.T
    cosines[artist[chosen][:, None] == artist[None]] = -2
    near = np.argsort(-cosines, axis=1)[:, :10]
    hits = np.mean(
        [
            (artist[song], artist[other]) in similar
            for song, others in zip(chosen, near, strict=True)
            for other in others
        ]
    )
    guesses = rng.integers(len(unit), size=(3000, 2))
    chance = np.mean([(artist[a], artist[b]) in similar for a, b in guesses])
    assert hits > 0.2
    assert hits > 10 * chance


def test_the_same_input_makes_the_same_bytes(
    real_data: Path, dataset: Dataset, tmp_path: Path
) -> None:
    for name, made in (("one", dataset), ("two", msd_dataset(find_sources(real_data)).dataset)):
        write_dataset(tmp_path / name, made, {"rejected.csv": rejected_csv([])})
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert len(read_dataset(tmp_path / "one").songs.ids) == 8096


def test_song_files_alone_are_a_dataset_with_sound(real_data: Path) -> None:
    dataset, rejected, _ = msd_dataset(find_sources(real_data / "h5"))
    assert rejected == []
    assert len(dataset.songs.ids) == 113
    assert dataset.features.recipe == "msd-1-sound"
    assert len(dataset.features.columns) == 80
    sound = dataset.features.values[:, 32:]
    np.testing.assert_allclose(sound.mean(axis=0), 0, atol=1e-5)
    assert (sound.std(axis=0) > 0).all()


def test_a_song_file_that_is_cut_off_is_set_aside_and_the_others_kept(
    real_data: Path, tmp_path: Path
) -> None:
    paths = sorted((real_data / "h5").rglob("*.h5"))[:6]
    for path in paths:
        shutil.copyfile(path, tmp_path / path.name)
    for path, part in zip(paths[:3], (0.1, 0.5, 0.99), strict=True):
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content[: int(len(content) * part)])
    dataset, rejected, _ = msd_dataset(find_sources(tmp_path))
    assert list(dataset.songs.msd_track_ids) == [path.stem for path in paths[3:]]
    assert [entry.path for entry in rejected] == [path.name for path in paths[:3]]
    assert all("not a readable HDF5 song file" in entry.reason for entry in rejected)
