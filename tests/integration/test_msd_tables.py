"""The tables beside the song files: their quirks, their bad rows, and the files of listens."""

import csv
from pathlib import Path

import numpy as np
import pytest

from msd_files import write_song
from segue_model.data.dataset import DatasetError
from segue_model.data.msd import Msd, msd_dataset
from segue_model.data.msd_sources import find_sources
from segue_model.data.msd_tables import COLUMNS
from segue_model.data.triplets import read_triplets

NAMES = (
    ("TRAAA1", "SO1", "Zoë", "I Didn't"),
    ("TRAAA2", "SO2", "Ray", " spaced "),
    ("TRAAA3", "SO3", "Ray", ""),
)


def write_tables(folder: Path, *changes: dict[str, str]) -> None:
    """Write three songs; `changes[i]` are other fields of the row of song i."""
    folder.mkdir(exist_ok=True)
    names = "".join("<SEP>".join(fields) + "\n" for fields in NAMES)
    (folder / "subset_unique_tracks.txt").write_text(names, "utf-8")
    with (folder / "MsdSongAddedFeatures.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["SongNumber", "Title", *COLUMNS])
        writer.writeheader()
        for at, (track, song, _, title) in enumerate(NAMES):
            row = {
                "SongNumber": str(at),
                "SongID": f"b'{song}'",
                "AlbumID": "7",
                "ArtistID": f"b'AR{at}'",
                "Duration": "200.5",
                "KeySignatureConfidence": "0.5",
                "Tempo": str(100 + at),
                "TimeSignature": "4",
                "TimeSignatureConfidence": "1",
                "Year": "0",
                "key": "2",
                "loudness": "-8.5",
                "mode": "0",
                "release": "b'D\\xc3\\xa9buts'",
                "track_id": f"b'{track}'",
                "Title": f'b{title}""',
            }
            writer.writerow(row | (changes[at] if at < len(changes) else {}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "msd"


def made(folder: Path, triplets: Path | None = None) -> Msd:
    return msd_dataset(find_sources(folder, triplets))


def test_titles_and_artists_come_from_the_list_of_tracks_as_they_are(folder: Path) -> None:
    write_tables(folder)
    dataset, rejected, _ = made(folder)
    assert rejected == []
    assert list(dataset.songs.titles) == ["I Didn't", " spaced ", ""]
    assert [dataset.artists.names[artist - 1] for artist in dataset.songs.artists] == [
        "Zoë",
        "Ray",
        "Ray",
    ]
    assert list(dataset.albums.titles) == ["Débuts"]
    assert list(dataset.songs.tempos) == [100, 101, 102]
    assert (dataset.features.recipe, len(dataset.features.columns)) == ("msd-1", 32)


def test_a_song_file_is_right_where_a_table_says_otherwise(folder: Path) -> None:
    write_tables(folder)
    write_song(folder / "data", "TRAAA2", song_id="SO2", title="From the file", tempo=77.0)
    dataset, rejected, _ = made(folder)
    assert rejected == []
    assert list(dataset.songs.titles) == ["I Didn't", "From the file", ""]
    assert list(dataset.songs.tempos) == [100, 77, 102]
    assert len(dataset.features.columns) == 32


def test_a_table_stands_in_for_a_song_file_that_is_bad(folder: Path) -> None:
    write_tables(folder)
    write_song(folder / "data", "TRAAA2", song_id="SO2", tempo=np.nan)
    dataset, rejected, _ = made(folder)
    assert list(dataset.songs.tempos) == [100, 101, 102]
    assert [entry.path for entry in rejected] == ["data/A/A/A/TRAAA2.h5"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Tempo": "nan"}, "tempo: out of range: nan"),
        ({"Tempo": "fast"}, "a field is malformed: could not convert string to float: 'fast'"),
        ({"key": "12"}, "key: out of range: 12"),
        ({"track_id": "b'TRXXX'"}, "track 'TRXXX' is not in the list of tracks"),
        ({"track_id": "TRAAA2"}, "a field is malformed: "),
        ({"SongID": "b'SO9'"}, "song SO9 is SO2 in the list of tracks"),
        ({"SongID": "bad'"}, "a field is malformed: "),
        ({"release": r"b'\xff'"}, "a field is malformed: 'utf-8' codec"),
        ({"ArtistID": "b''"}, "artist_id: empty"),
        ({"track_id": "b'TRAAA2',more"}, "a field is malformed: not bytes"),
    ],
)
def test_a_bad_row_is_set_aside_by_line_and_the_others_kept(
    folder: Path, change: dict[str, str], reason: str
) -> None:
    write_tables(folder, {}, change)
    dataset, rejected, _ = made(folder)
    assert list(dataset.songs.msd_song_ids) == ["SO1", "SO3"]
    assert [entry.path for entry in rejected] == ["MsdSongAddedFeatures.csv:3"]
    assert rejected[0].reason.startswith(reason)


def test_a_missing_column_or_list_of_tracks_is_an_error(folder: Path) -> None:
    write_tables(folder)
    table = folder / "MsdSongAddedFeatures.csv"
    table.write_text(table.read_text("utf-8").replace("Tempo", "Beat", 1), "utf-8")
    with pytest.raises(DatasetError, match=r"^MsdSongAddedFeatures\.csv:1: no column Tempo$"):
        made(folder)
    (folder / "subset_unique_tracks.txt").unlink()
    with pytest.raises(DatasetError, match=r"titles need \*unique_tracks\.txt"):
        made(folder)


def test_genres_are_the_labels_of_the_song_then_the_terms_of_its_artist(folder: Path) -> None:
    write_tables(folder)
    labels = "# comment\nTRAAA1\tRnB\tPop_Rock\nTRAAA2\n"
    (folder / "msd_tagtraum_cd1.cls").write_text(labels, "utf-8")
    terms = 'AR0,"hip hop"\nAR0,80s\nAR0,r&b\nAR1,jazz\nonly one field\n'
    (folder / "subset_artist_term.csv").write_text(terms, "utf-8")
    dataset, rejected, _ = made(folder)
    names = [
        [dataset.genres.names[g - 1] for g in row]
        for row in map(dataset.songs.genres.__getitem__, range(3))
    ]
    assert names == [["r&b", "pop rock", "hip hop"], ["jazz"], []]
    assert [(entry.path, entry.reason) for entry in rejected] == [
        ("subset_artist_term.csv:5", "1 fields instead of 2"),
        ("msd_tagtraum_cd1.cls:3", "no label"),
    ]


def test_listens_come_from_the_triplets_but_not_those_of_mistaken_songs(folder: Path) -> None:
    write_tables(folder)
    mismatch = "ERROR: <SO2 TRAAA2> Ray  -  x  !=  Someone  -  y\n"
    (folder / "sid_mismatches.txt").write_text(mismatch, "utf-8")
    rows = "bea\tSO1\t3\nbea\tSO2\t1\nabe\tSO3\t2\nabe\tSO1\t1\nabe\tSO8\t1\n"
    (folder / "taste_profile_msd10k_songs.tsv").write_text(rows, "utf-8")
    dataset, rejected, strangers = made(folder)
    assert (rejected, strangers) == ([], 2)
    assert list(dataset.listens.listeners) == [1, 1, 2]
    assert list(dataset.listens.songs) == [1, 3, 1]
    assert list(dataset.listens.plays) == [1, 2, 3]
    assert list(dataset.songs.popularity) == [1, 0, 0.5]


def test_listens_can_be_given(folder: Path, tmp_path: Path) -> None:
    write_tables(folder)
    (folder / "taste_profile_msd10k_songs.tsv").write_text("bea\tSO1\t3\n", "utf-8")
    other = tmp_path / "mine.tsv"
    other.write_text("bea\tSO3\t3\n", "utf-8")
    dataset = made(folder, other).dataset
    assert list(dataset.listens.songs) == [3]
    assert dataset.source["triplets"] == "mine.tsv"
    with pytest.raises(DatasetError, match=r"gone\.tsv: no such file"):
        made(folder, tmp_path / "gone.tsv")


def test_bad_triplets_are_named_by_line_and_repeated_ones_added_up(tmp_path: Path) -> None:
    path = tmp_path / "triplets.tsv"
    path.write_bytes(
        b"b\tSO1\t3\r\nno tabs\nb\tSO1\t4\na\tSO1\t0\na\tSO1\t1.5\n\na\tSO1\t\xff\na\tSO2\t9\t9\n"
        b"a\tSO2\t007\na\tSO2\t2147483648\n\xff\tSO2\t1"
    )
    found = read_triplets(path, "triplets.tsv", {"SO1": 5, "SO2": 6})
    lines = [int(entry.path.split(":")[1]) for entry in found.rejected]
    assert lines == [2, 4, 5, 6, 7, 8, 9, 10]
    assert found.rejected[0].reason == "not user, song, plays: 'no tabs'"
    assert found.rows == 11
    assert list(found.listens.listeners) == [1, 2]
    assert list(found.listens.songs) == [5, 6]
    assert list(found.listens.plays) == [7, 1]


def test_triplets_of_which_no_row_is_sound_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "triplets.tsv"
    path.write_text("user,song,plays\na,SO1,1\n", "utf-8")
    with pytest.raises(DatasetError, match=r"^mine: no row is a triplet; the first: not user"):
        read_triplets(path, "mine", {"SO1": 1})


def test_of_very_many_bad_triplets_a_thousand_are_named(tmp_path: Path) -> None:
    path = tmp_path / "triplets.tsv"
    path.write_text("a\tSO1\t1\n" + "bad\n" * 2_500, "utf-8")
    found = read_triplets(path, "mine", {"SO1": 1})
    assert len(found.rejected) == 1_001
    assert found.rejected[-1].reason == "1500 more rows are malformed"
    assert list(found.listens.plays) == [1]


def test_no_listens_at_all_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "triplets.tsv"
    path.write_bytes(b"")
    assert len(read_triplets(path, "mine", {"SO1": 1}).listens.songs) == 0
    path.write_text("a\tSO9\t1\n", "utf-8")
    found = read_triplets(path, "mine", {"SO1": 1})
    assert (len(found.listens.songs), found.strangers) == (0, 1)
