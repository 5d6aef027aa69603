"""The Million Song Dataset source on the slice of the real one: what it says is what comes out."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from segue_model.data.rejected import Rejected
from segue_model.ingest.sound import SOUND_COLUMNS
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.tracks import Track

MISMATCHES = "catalogue/sid_mismatches.txt"


@pytest.fixture(scope="module")
def source(real_data: Path) -> MsdSource:
    return MsdSource(str(real_data))


@pytest.fixture(scope="module")
def found(source: MsdSource) -> list[Track | Rejected]:
    return [each for unit in source.units() for each in source.read(unit)]


@pytest.fixture(scope="module")
def of_files(found: list[Track | Rejected]) -> dict[str, Track]:
    tracks = (each for each in found if isinstance(each, Track) and not each.stands_in)
    return {track.msd_track_id: track for track in tracks}


@pytest.fixture(scope="module")
def of_tables(found: list[Track | Rejected]) -> dict[str, Track]:
    tracks = (each for each in found if isinstance(each, Track) and each.stands_in)
    return {track.msd_track_id: track for track in tracks}


def song_files(real_data: Path) -> Iterator[tuple[str, h5py.File]]:
    for path in sorted((real_data / "h5").rglob("*.h5")):
        with h5py.File(path) as file:
            yield path.stem, file


def test_nothing_real_is_set_aside(found: list[Track | Rejected]) -> None:
    assert [each for each in found if isinstance(each, Rejected)] == []


def test_every_song_file_is_read_as_it_is_to_the_last_digit(
    real_data: Path, of_files: dict[str, Track]
) -> None:
    for name, file in song_files(real_data):
        track = of_files[name]
        metadata, analysis = file["metadata/songs"][0], file["analysis/songs"][0]
        assert track.msd_track_id.encode() == analysis["track_id"]
        assert track.song_key.encode() == track.msd_song_id.encode() == metadata["song_id"]
        assert track.title.encode() == metadata["title"]
        assert track.artist_key.encode() == metadata["artist_id"]
        assert track.artist.encode() == metadata["artist_name"]
        assert track.album_key == str(metadata["release_7digitalid"])
        assert track.album.encode() == metadata["release"]
        assert (track.year or 0) == file["musicbrainz/songs"][0]["year"]
        assert (track.tempo or 0) == analysis["tempo"]
        for field in ("duration", "loudness", "key", "key_confidence", "mode", "time_signature"):
            assert getattr(track, field) == analysis[field]
        terms = file["metadata/artist_terms"][:]
        order = np.argsort(-file["metadata/artist_terms_weight"][:], kind="stable")
        assert [term.encode() for term in track.terms] == list(terms[order])
        assert track.path.endswith(f"{name}.h5")
    assert len(of_files) == 113


def test_the_sound_of_every_song_file_is_that_of_its_segments(
    real_data: Path, of_files: dict[str, Track]
) -> None:
    above = np.triu_indices(12, 1)
    for name, file in song_files(real_data):
        track = of_files[name]
        assert track.key is not None
        pitches = np.roll(file["analysis/segments_pitches"][:], -track.key, axis=1)
        expected = [
            statistic
            for segments in (file["analysis/segments_timbre"][:], pitches)
            for statistic in (
                *segments.mean(axis=0),
                *segments.std(axis=0),
                *np.cov(segments.T, bias=True)[above],
            )
        ]
        assert track.sound is not None
        np.testing.assert_allclose(track.sound, expected, rtol=1e-5, atol=1e-9)
        assert len(track.sound) == len(SOUND_COLUMNS)


def test_the_table_has_every_song_with_its_listed_title_and_artist(
    real_data: Path, of_tables: dict[str, Track]
) -> None:
    number = 0
    with (real_data / "catalogue" / "subset_unique_tracks.txt").open("rb") as stream:
        for line in stream:
            track, song, artist, title = line.decode().rstrip("\n").split("<SEP>")
            found = of_tables[track]
            assert (found.song_key, found.artist, found.title) == (song, artist, title)
            number += 1
    assert number == len(of_tables) == 8045


def test_the_table_says_what_the_song_files_do(
    of_files: dict[str, Track], of_tables: dict[str, Track]
) -> None:
    both = of_files.keys() & of_tables.keys()
    assert len(both) == 62
    for name in both:
        file, table = of_files[name], of_tables[name]
        for field in ("song_key", "title", "artist_key", "artist", "album_key", "album", "year"):
            assert getattr(file, field) == getattr(table, field)
        for field in ("tempo", "loudness", "duration", "key_confidence"):
            assert getattr(file, field) == pytest.approx(getattr(table, field))
        for field in ("key", "mode", "time_signature"):
            assert getattr(file, field) == getattr(table, field)


def test_unknown_is_never_zero(of_tables: dict[str, Track]) -> None:
    years = [track.year for track in of_tables.values()]
    assert 0.3 < years.count(None) / len(years) < 0.6
    assert min(year for year in years if year is not None) > 1900
    assert 20 <= [track.tempo for track in of_tables.values()].count(None) <= 40


def spelled(label: str) -> str:
    return {"RnB": "r&b", "International": "world"}.get(label, label.replace("_", " ").lower())


def test_annotations_are_what_their_files_say(
    real_data: Path, source: MsdSource, of_files: dict[str, Track]
) -> None:
    annotations = source.annotations()
    assert list(annotations.rejected) == []
    text = (real_data / "genre" / "msd_tagtraum_cd1.cls").read_text("utf-8")
    labels = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert annotations.labels == {track: tuple(map(spelled, given)) for track, *given in labels}
    mistaken = (real_data / MISMATCHES).read_text("utf-8").split("\n")
    pairs = {tuple(line.split(">")[0].split("<")[1].split(" ")) for line in mistaken if line}
    assert annotations.mismatches == pairs
    known = [track for track in of_files.values() if track.artist_key in annotations.terms]
    assert len(known) > 60
    same = [annotations.terms[track.artist_key] == track.terms for track in known]
    assert np.mean(same) > 0.9


def test_units_and_listens_are_found_and_described(source: MsdSource) -> None:
    units = source.units()
    assert len(units) == 114
    assert units[-1].path == "catalogue/MsdSongAddedFeatures.csv"
    assert 7_000 < units[-1].songs < 20_000
    listens = source.listens()
    assert listens is not None
    assert listens[1] == "triplets/taste_profile_msd10k_songs.tsv"
    assert source.described() == {
        "kind": "msd",
        "hdf5_files": 113,
        "tables": [
            "MsdSongAddedFeatures.csv",
            "subset_unique_tracks.txt",
            "subset_artist_term.csv",
            "msd_tagtraum_cd1.cls",
            "sid_mismatches.txt",
        ],
        "triplets": "taste_profile_msd10k_songs.tsv",
    }
