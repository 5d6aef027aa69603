"""The tables beside the song files: their quirks, their bad rows, and the files of listens."""

import csv
import os
from pathlib import Path

import fsspec
import pytest

from msd_files import write_song
from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.genres import genres_of
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.sources.msd_tables import COLUMNS
from segue_model.ingest.tracks import TRACKS, Track, to_table

TABLE = "MsdSongAddedFeatures.csv"
NAMES = (
    ("TRAAA1", "SO1", "Zoë", "I Didn't"),
    ("TRAAA2", "SO2", "Ray", " spaced "),
    ("TRAAA3", "SO3", "Ray", "line\u2028separated\x85"),
)


def write_tables(folder: Path, *changes: dict[str, str]) -> None:
    """Write three songs; `changes[i]` are other fields of the row of song i."""
    folder.mkdir(exist_ok=True)
    names = "".join("<SEP>".join(fields) + "\n" for fields in NAMES)
    (folder / "subset_unique_tracks.txt").write_text(names, "utf-8")
    with (folder / TABLE).open("w", encoding="latin-1", newline="") as stream:
        writer = csv.DictWriter(stream, ["SongNumber", "Title", *COLUMNS])
        writer.writeheader()
        for at, (track, song, _, _) in enumerate(NAMES):
            row = {
                "SongNumber": str(at),
                "SongID": f"b'{song}'",
                "AlbumID": "7",
                "ArtistID": f"b'AR{at}'",
                "Duration": "200.5",
                "KeySignatureConfidence": "0.5",
                "Tempo": str(100 + at),
                "TimeSignature": "4",
                "Year": str(2000 + at),
                "key": "2",
                "loudness": "-8.5",
                "mode": "0",
                "release": "b'D\\xc3\\xa9buts'",
                "track_id": f"b'{track}'",
                "Title": 'bI Didn\'t, Zo\xeb""',
            }
            writer.writerow(row | (changes[at] if at < len(changes) else {}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "msd"


def read(folder: Path | str) -> tuple[list[Track], list[Rejected]]:
    source = MsdSource(str(folder))
    found = [each for unit in source.units() for each in source.read(unit)]
    tracks = [each for each in found if isinstance(each, Track)]
    return tracks, [each for each in found if isinstance(each, Rejected)]


def test_titles_and_artists_come_from_the_list_of_tracks_as_they_are(folder: Path) -> None:
    write_tables(folder, {"Year": "0", "Tempo": "0.0"})
    tracks, rejected = read(folder)
    assert rejected == []
    assert [(track.artist, track.title) for track in tracks] == [fields[2:] for fields in NAMES]
    first, second = tracks[:2]
    assert (first.path, first.row, second.row) == (TABLE, 2, 3)
    assert (first.year, first.tempo, second.year, second.tempo) == (None, None, 2001, 101)
    assert (first.song_key, first.msd_song_id, first.msd_track_id) == ("SO1", "SO1", "TRAAA1")
    assert (first.artist_key, first.album_key, first.album) == ("AR0", "7", "Débuts")
    assert (first.duration, first.loudness, first.key, first.mode) == (200.5, -8.5, 2, 0)
    assert (first.key_confidence, first.time_signature) == (0.5, 4)
    assert (first.terms, first.sound) == ((), None)


def test_a_table_stands_in_for_the_files_that_there_are_not(folder: Path) -> None:
    write_tables(folder)
    write_song(folder / "data", "TRAAA2", song_id="SO2")
    tracks, _ = read(folder)
    assert [track.stands_in for track in tracks] == [False, True, True, True]


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"Tempo": "nan"}, Reason.NOT_FINITE, "tempo: nan"),
        ({"loudness": "-inf"}, Reason.NOT_FINITE, "loudness: -inf"),
        ({"Tempo": "fast"}, Reason.MALFORMED, "Tempo: no number: 'fast'"),
        ({"key": "1.5"}, Reason.MALFORMED, "key: no integer: '1.5'"),
        ({"AlbumID": ""}, Reason.MALFORMED, "AlbumID: no integer: ''"),
        ({"key": "12"}, Reason.OUT_OF_RANGE, "key: 12"),
        ({"TimeSignature": "9" * 400}, Reason.OUT_OF_RANGE, "time_signature: 999"),
        ({"ArtistID": f"b'{'A' * 33}'"}, Reason.OUT_OF_RANGE, "artist_key: longer than 32"),
        ({"track_id": "b'TRXXX'"}, Reason.EMPTY, "track 'TRXXX' is not in the list of tracks"),
        ({"track_id": "TRAAA2"}, Reason.MALFORMED, "track_id: not bytes: 'TRAAA2'"),
        ({"track_id": "'TRAAA2'"}, Reason.MALFORMED, "track_id: not bytes: \"'TRAAA2'\""),
        ({"SongID": "b'SO9'"}, Reason.MALFORMED, "song SO9 is SO2 in the list of tracks"),
        ({"SongID": "bad'"}, Reason.MALFORMED, "SongID: not bytes"),
        ({"release": r"b'\xff'"}, Reason.ENCODING, "release: b'\\xff'"),
        ({"ArtistID": "b''"}, Reason.EMPTY, "artist_key"),
    ],
)
def test_a_bad_row_is_set_aside_by_line_and_the_others_kept(
    folder: Path, change: dict[str, str], reason: Reason, detail: str
) -> None:
    write_tables(folder, {}, change)
    tracks, rejected = read(folder)
    assert [track.song_key for track in tracks] == ["SO1", "SO3"]
    ((path, row, found, said),) = ((e.path, e.row, e.reason, e.detail) for e in rejected)
    assert (path, row, found) == (TABLE, 3, reason)
    assert said.startswith(detail)


def test_rows_with_fields_too_many_or_too_few_are_set_aside(folder: Path) -> None:
    write_tables(folder)
    lines = (folder / TABLE).read_bytes().splitlines()
    lines[1] += b",more"
    lines[2] = lines[2].rsplit(b",", 1)[0]
    (folder / TABLE).write_bytes(b"\n".join(lines))
    tracks, rejected = read(folder)
    assert [track.song_key for track in tracks] == ["SO3"]
    lengths = "not as many fields as the header has"
    assert [(entry.row, entry.reason, entry.detail) for entry in rejected] == [
        (2, Reason.MALFORMED, lengths),
        (3, Reason.MALFORMED, lengths),
    ]


def test_bad_lines_of_the_list_of_tracks_are_set_aside(folder: Path) -> None:
    write_tables(folder)
    with (folder / "subset_unique_tracks.txt").open("ab") as stream:
        stream.write(b"TRBBB1<SEP>SO7\n\nTRBBB2<SEP>SO8<SEP>Zo\xeb<SEP>x\n")
    tracks, rejected = read(folder)
    assert len(tracks) == 3
    assert [(entry.row, entry.reason, entry.detail) for entry in rejected] == [
        (4, Reason.MALFORMED, "2 fields instead of 4"),
        (6, Reason.ENCODING, "not UTF-8"),
    ]


def test_a_missing_column_or_list_of_tracks_is_an_error(folder: Path) -> None:
    write_tables(folder)
    table = folder / TABLE
    table.write_bytes(table.read_bytes().replace(b"Tempo", b"Beat", 1))
    with pytest.raises(DatasetError, match=r"^MsdSongAddedFeatures\.csv:1: no column Tempo$"):
        MsdSource(str(folder)).units()
    (folder / "subset_unique_tracks.txt").unlink()
    with pytest.raises(DatasetError, match=r"titles need \*unique_tracks\.txt"):
        MsdSource(str(folder)).units()


def test_the_unit_of_the_table_changes_with_either_of_its_files(folder: Path) -> None:
    write_tables(folder)
    (before,) = MsdSource(str(folder)).units()
    for name in (TABLE, "subset_unique_tracks.txt"):
        os.utime(folder / name, (1, 1))
        (after,) = MsdSource(str(folder)).units()
        assert after.stamp != before.stamp
        before = after


def test_terms_labels_and_mismatches_are_known_beside_the_songs(folder: Path) -> None:
    write_tables(folder)
    labels = b"# a\tcomment\nTRAAA1\tRnB\tPop_Rock\t\nTRAAA2\t \n\n\tRap\n"
    (folder / "msd_tagtraum_cd1.cls").write_bytes(labels)
    terms = b'AR0,"hip hop, old"\nAR0,80s\nAR1,jazz\nonly one field\nAR2,\xff\nAR0,r&b\n'
    (folder / "subset_artist_term.csv").write_bytes(terms)
    mismatch = "ERROR: <SO2 TRAAA2> Ray  -  x  !=  Zo\xeb  -  y\n"
    (folder / "sid_mismatches.txt").write_bytes(mismatch.encode("latin-1"))
    found = MsdSource(str(folder)).annotations()
    assert found.terms == {"AR0": ("hip hop, old", "80s", "r&b"), "AR1": ("jazz",)}
    assert found.labels == {"TRAAA1": ("r&b", "pop rock")}
    assert found.mismatches == {("SO2", "TRAAA2")}
    assert [(entry.path, entry.row, entry.reason) for entry in found.rejected] == [
        ("subset_artist_term.csv", 4, Reason.MALFORMED),
        ("subset_artist_term.csv", 5, Reason.ENCODING),
        ("msd_tagtraum_cd1.cls", 3, Reason.EMPTY),
        ("msd_tagtraum_cd1.cls", 5, Reason.EMPTY),
    ]


def test_nothing_is_known_where_nothing_is_told(folder: Path) -> None:
    write_tables(folder)
    found = MsdSource(str(folder)).annotations()
    assert (found.terms, found.labels, found.mismatches, found.rejected) == ({}, {}, set(), [])


def test_terms_that_are_no_csv_cost_their_line_only(folder: Path) -> None:
    write_tables(folder)
    content = f"AR0,a\rb\nAR1,{'x' * 200_000}\nAR2,jazz\n"
    (folder / "subset_artist_term.csv").write_bytes(content.encode())
    found = MsdSource(str(folder)).annotations()
    assert found.terms == {"AR2": ("jazz",)}
    assert [(e.row, e.reason) for e in found.rejected] == [
        (1, Reason.MALFORMED),
        (2, Reason.MALFORMED),
    ]


@pytest.mark.parametrize("title", ["x" * 200_000, '"never closed'])
def test_a_field_that_is_no_csv_costs_its_row_only(folder: Path, title: str) -> None:
    write_tables(folder)
    lines = (folder / TABLE).read_bytes().splitlines()
    lines[2] = lines[2].replace(b"1,", f"1,{title}".encode(), 1)
    (folder / TABLE).write_bytes(b"\n".join(lines) + b"\n")
    tracks, rejected = read(folder)
    assert [track.song_key for track in tracks] == ["SO1", "SO3"]
    assert [(entry.row, entry.reason) for entry in rejected] == [(3, Reason.MALFORMED)]


def test_genres_are_those_given_then_the_terms_that_name_one_five_at_most() -> None:
    given, terms = ["R&B", " pop rock "], ["hip hop", "80s", "r&b", "jazz", "soul", "ska"]
    assert genres_of(given, terms) == ("R&B", "pop rock", "hip hop", "jazz", "soul")
    assert genres_of([], ["80s"]) == ()


def test_genres_that_are_given_are_spelled_as_they_are_given() -> None:
    assert genres_of(["_electro", "", "  ", "RnB", "rNb"], []) == ("_electro", "RnB")


def test_listens_are_those_in_the_folder_unless_others_are_given(
    folder: Path, tmp_path: Path
) -> None:
    write_tables(folder)
    assert MsdSource(str(folder)).listens() is None
    assert MsdSource(str(folder)).described()["triplets"] is None
    (folder / "deep").mkdir()
    (folder / "deep" / "taste_profile_msd10k_songs.tsv").write_text("bea\tSO1\t3\n", "utf-8")
    inside = (str(folder), "deep/taste_profile_msd10k_songs.tsv")
    assert MsdSource(str(folder)).listens() == inside
    (tmp_path / "mine.tsv").write_text("bea\tSO3\t3\n", "utf-8")
    given = MsdSource(str(folder), str(tmp_path / "mine.tsv"))
    assert given.listens() == (str(tmp_path), "mine.tsv")
    assert given.described()["triplets"] == "mine.tsv"
    with pytest.raises(DatasetError, match=r"gone\.tsv: no such file"):
        MsdSource(str(folder), str(tmp_path / "gone.tsv")).listens()


def test_listens_are_found_beside_where_one_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tables(folder)
    (folder / "mine.tsv").write_text("bea\tSO3\t3\n", "utf-8")
    monkeypatch.chdir(folder)
    assert MsdSource(".", "mine.tsv").listens() == (".", "mine.tsv")
    assert len(read(".")[0]) == 3


def test_tables_far_away_are_read_like_those_here(folder: Path) -> None:
    write_tables(folder, {}, {"key": "12"})
    (folder / "subset_artist_term.csv").write_text("AR0,jazz\n", "utf-8")
    for path in folder.iterdir():
        with fsspec.open(f"memory://tables/msd/{path.name}", "wb") as stream:
            stream.write(path.read_bytes())
    (far, far_rejected), (near, near_rejected) = read("memory://tables/msd"), read(folder)
    assert to_table(far, TRACKS).equals(to_table(near, TRACKS))
    assert far_rejected == near_rejected != []
    source = MsdSource("memory://tables/msd")
    assert source.annotations().terms == {"AR0": ("jazz",)}
