"""Tables of songs, CSV or Parquet: columns by any name, rows with faults set aside."""

import csv
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.sound import SOUND_COLUMNS
from segue_model.ingest.sources.table import TableSource
from segue_model.ingest.sources.table_columns import parse_columns, read_columns
from segue_model.ingest.tracks import TRACKS, Track, to_table

KINDS = ["csv", "parquet"]
FULL: dict[str, Any] = {
    "song_key": "S1",
    "title": "Träumerei",
    "artist_key": "A1",
    "artist": "Zoë",
    "album_key": "B1",
    "album": "Débuts",
    "msd_track_id": "TR1",
    "msd_song_id": "SO1",
    "year": 1999,
    "duration": 200.5,
    "tempo": 120.25,
    "loudness": -9.5,
    "key": 11,
    "key_confidence": 0.25,
    "mode": 1,
    "time_signature": 4,
    "popularity": 0.5,
    "terms": "folk|new wave",
    "genres": "rock",
}


def write(path: Path, *rows: dict[str, Any], groups: int | None = None) -> Path:
    """Write rows as CSV or Parquet, whichever the name says."""
    if path.suffix == ".parquet":
        names = list(rows[0])
        pq.write_table(
            pa.table({name: [row.get(name) for row in rows] for name in names}),
            path,
            row_group_size=groups,
        )
        return path
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(source: TableSource) -> list[Track | Rejected]:
    return [found for unit in source.units() for found in source.read(unit)]


def tracks(path: Path | str, *columns: tuple[str, str]) -> list[Track]:
    return [each for each in read(TableSource(str(path), columns)) if isinstance(each, Track)]


def rejected(path: Path, *columns: tuple[str, str]) -> list[tuple[int | None, Reason, str]]:
    found = read(TableSource(str(path), columns))
    return [(e.row, e.reason, e.detail) for e in found if isinstance(e, Rejected)]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_named_like_fields_need_no_mapping(tmp_path: Path, kind: str) -> None:
    (track,) = tracks(write(tmp_path / f"songs.{kind}", FULL))
    found = {name: getattr(track, name) for name in FULL}
    assert found == FULL | {"terms": ("folk", "new wave"), "genres": ("rock",)}
    assert (track.path, track.sound, track.stands_in) == (f"songs.{kind}", None, False)
    assert track.row == (2 if kind == "csv" else 1)
    assert to_table([track], TRACKS).num_rows == 1


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_any_name_are_found_by_the_mapping(tmp_path: Path, kind: str) -> None:
    row = {"Track Name": "One", "Who": "Zoë", "ms": 201_000, "title": "not this", "rank": 40}
    given = (("title", "Track Name"), ("artist", "Who"), ("duration", "ms/1000"))
    path = write(tmp_path / f"songs.{kind}", row)
    (track,) = tracks(path, *given, ("popularity", "rank/100"))
    assert (track.title, track.artist, track.duration) == ("One", "Zoë", 201.0)
    assert track.popularity == 0.4
    assert (track.song_key, track.artist_key, track.album_key) == ("Zoë\tOne", "", "Zoë")


def test_a_column_whose_name_looks_divided_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "One", "artist": "Zoë", "bpm/2": "60"})
    assert tracks(path, ("tempo", "bpm/2"))[0].tempo == 60


def test_an_album_without_a_key_is_told_apart_by_its_artist(tmp_path: Path) -> None:
    rows = [
        {"title": "1", "artist": "Zoë", "artist_key": "A1", "album": "X", "album_key": ""},
        {"title": "2", "artist": "Zoë", "artist_key": "", "album": "X", "album_key": ""},
        {"title": "3", "artist": "Zoë", "artist_key": "", "album": "X", "album_key": "B"},
    ]
    found = tracks(write(tmp_path / "songs.csv", *rows))
    assert [track.album_key for track in found] == ["A1", "Zoë", "B"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_empty_is_unknown_and_so_are_what_tables_write_for_it(
    tmp_path: Path, kind: str
) -> None:
    named = {"song_key": "S1", "artist": "Zoë", "title": None}
    empty = dict.fromkeys(("year", "tempo", "key", "mode", "duration", "genres", "album"))
    zeros = {"year": 0, "tempo": 0.0, "key": -1}
    first, second = tracks(
        write(tmp_path / f"songs.{kind}", {**named, **empty}, {**named, **empty, **zeros})
    )
    for track in (first, second):
        assert (track.year, track.tempo, track.key, track.mode, track.duration) == (None,) * 5
        assert (track.genres, track.album, track.title) == ((), "", "")


def test_tags_are_divided_by_the_separator_and_each_counts_once(tmp_path: Path) -> None:
    row = {"title": "1", "artist": "Zoë", "genres": " rock; pop ;;rock"}
    source = TableSource(str(write(tmp_path / "songs.csv", row)), separator=";")
    (track,) = read(source)
    assert isinstance(track, Track)
    assert track.genres == ("rock", "pop")


def test_parquet_may_hold_lists_and_numbers_as_keys(tmp_path: Path) -> None:
    row = {"song_key": 17, "artist": "Zoë", "terms": ["b", "a"], "genres": []}
    (track,) = tracks(write(tmp_path / "songs.parquet", row))
    assert (track.song_key, track.terms, track.genres) == ("17", ("b", "a"), ())


@pytest.mark.parametrize("kind", KINDS)
def test_sound_is_read_when_all_its_columns_are_there(tmp_path: Path, kind: str) -> None:
    sound = dict(zip(SOUND_COLUMNS, np.arange(180) / 7, strict=True))
    named = {"title": "1", "artist": "Zoë"}
    none, part = dict.fromkeys(SOUND_COLUMNS), {**sound, SOUND_COLUMNS[3]: None}
    path = write(tmp_path / f"songs.{kind}", *({**named, **each} for each in (sound, none, part)))
    first, second = tracks(path)
    np.testing.assert_array_equal(first.sound, (np.arange(180) / 7).astype(np.float32))
    assert second.sound is None
    ((row, reason, detail),) = rejected(path)
    assert (row, reason) == (4 if kind == "csv" else 3, Reason.EMPTY)
    assert detail == "sound: 1 columns of 180"
    del sound[SOUND_COLUMNS[0]]
    assert tracks(write(path, {**named, **sound}))[0].sound is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"tempo": "fast"}, Reason.MALFORMED, "tempo: no number: 'fast'"),
        ({"year": "1999.5"}, Reason.MALFORMED, "year: no integer: '1999.5'"),
        ({"duration": "nan"}, Reason.NOT_FINITE, "duration: 'nan'"),
        ({"loudness": "-inf"}, Reason.NOT_FINITE, "loudness: '-inf'"),
        ({"year": "1e300"}, Reason.OUT_OF_RANGE, "year: '1e300'"),
        ({"year": "10000"}, Reason.OUT_OF_RANGE, "year: 10000"),
        ({"mode": "2"}, Reason.OUT_OF_RANGE, "mode: 2"),
        ({"popularity": "50"}, Reason.OUT_OF_RANGE, "popularity: 50.0"),
        ({"song_key": ""}, Reason.EMPTY, "song_key"),
        ({"artist": ""}, Reason.EMPTY, "artist"),
        ({"artist": " \u00a0 "}, Reason.EMPTY, "artist"),
        ({"song_key": "  "}, Reason.EMPTY, "song_key"),
        ({"duration": "1e39"}, Reason.OUT_OF_RANGE, "duration: 1e+39"),
        ({"duration": "0.009"}, Reason.OUT_OF_RANGE, "duration: 0.009"),
        ({"tempo": "1e-300"}, Reason.OUT_OF_RANGE, "tempo: 1e-300"),
        ({"tempo": "10001"}, Reason.OUT_OF_RANGE, "tempo: 10001.0"),
        ({"loudness": "-1001"}, Reason.OUT_OF_RANGE, "loudness: -1001.0"),
        ({"loudness": "1e9"}, Reason.OUT_OF_RANGE, "loudness: 1000000000.0"),
        ({"time_signature": "1001"}, Reason.OUT_OF_RANGE, "time_signature: 1001"),
        ({"album": "\0"}, Reason.MALFORMED, "album: a line break or NUL in '\\x00'"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_kept(
    tmp_path: Path, kind: str, change: dict[str, str], reason: Reason, detail: str
) -> None:
    good = {name: str(value) for name, value in FULL.items()}
    path = write(tmp_path / f"songs.{kind}", good, good | change, good)
    assert [track.row for track in tracks(path)] == ([2, 4] if kind == "csv" else [1, 3])
    assert rejected(path) == [(3 if kind == "csv" else 2, reason, detail)]


def test_integers_written_as_floats_are_integers(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "1", "artist": "Zoë", "year": "1999.0"})
    assert tracks(path)[0].year == 1999


def test_without_keys_a_song_needs_a_title(tmp_path: Path) -> None:
    path = write(
        tmp_path / "songs.csv", {"title": "", "artist": "Zoë"}, {"title": "1", "artist": ""}
    )
    assert rejected(path) == [(2, Reason.EMPTY, "title"), (3, Reason.EMPTY, "song_key")]


def test_the_longest_names_there_can_be_make_a_key(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "T" * 500, "artist": "A" * 500})
    assert len(tracks(path)[0].song_key) == 1_001


def test_csv_may_have_a_byte_order_mark_blank_lines_and_quoted_line_breaks(tmp_path: Path) -> None:
    content = '\ufeffnote,title,artist\r\n\r\n"two\r\nlines",One,Zoë\r\n\r\n,"Two, too","R""ay"\r\n'
    (tmp_path / "songs.csv").write_bytes(content.encode())
    found = tracks(tmp_path / "songs.csv")
    assert [(t.row, t.title, t.artist) for t in found] == [
        (3, "One", "Zoë"),
        (6, "Two, too", 'R"ay'),
    ]


def test_csv_rows_that_are_no_utf_8_or_of_another_length_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_bytes(
        b"note,title,artist\nZo\xeb,One,Ray\n,Two,Zo\xeb\n,Three\n,Four,Ray,more\n,Five,Ray\n"
    )
    assert [track.title for track in tracks(tmp_path / "songs.csv")] == ["One", "Five"]
    assert rejected(tmp_path / "songs.csv") == [
        (3, Reason.ENCODING, "artist: 'Zo\\udceb'"),
        (4, Reason.MALFORMED, "2 fields instead of 3"),
        (5, Reason.MALFORMED, "4 fields instead of 3"),
    ]


def test_a_field_beyond_all_bounds_costs_its_row_only(tmp_path: Path) -> None:
    content = f"title,artist\nOne,Zoë\n{'T' * 200_000},Zoë\nThree,Zoë\n"
    (tmp_path / "songs.csv").write_text(content, "utf-8")
    assert [track.row for track in tracks(tmp_path / "songs.csv")] == [2, 4]
    ((row, reason, _),) = rejected(tmp_path / "songs.csv")
    assert (row, reason) == (3, Reason.MALFORMED)


def test_parquet_text_that_is_no_utf_8_costs_its_row_only(tmp_path: Path) -> None:
    raw = pa.array([b"One", b"Zo\xeb", None, b"Tr\xc3\xa4ume"], pa.binary())
    titles = pa.StringArray.from_buffers(4, *raw.buffers()[1:], raw.buffers()[0], raw.null_count)
    table = pa.table({"song_key": ["1", "2", "3", "4"], "title": titles, "artist": ["Ray"] * 4})
    pq.write_table(table, tmp_path / "songs.parquet")
    assert [track.title for track in tracks(tmp_path / "songs.parquet")] == ["One", "", "Träume"]
    assert rejected(tmp_path / "songs.parquet") == [(2, Reason.ENCODING, "title: b'Zo\\xeb'")]


def test_parquet_is_read_a_group_of_rows_at_a_time(tmp_path: Path) -> None:
    rows = [{"song_key": f"S{at}", "artist": "Zoë"} for at in range(10)]
    rows[7]["artist"] = ""
    path = write(tmp_path / "songs.parquet", *rows, groups=4)
    source = TableSource(str(path))
    units = source.units()
    assert [(unit.start, unit.stop, unit.songs) for unit in units] == [
        (0, 4, 4),
        (4, 8, 4),
        (8, 10, 2),
    ]
    assert [each.row for each in source.read(units[1])] == [5, 6, 7, 8]
    assert rejected(path) == [(8, Reason.EMPTY, "artist")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([("title", "Name")], r"songs\.csv: no column 'Name'; there are 'a', 'artist', 'b', 'b'"),
        ([("title", "b")], r"songs\.csv: 2 columns 'b'"),
        ([("name", "a")], r"songs\.csv: no field name; there are song_key, title, artist_key"),
        ([("year", "a/10"), ("title", "a")], r"songs\.csv: year: cannot be divided: a/10"),
        ([("tempo", "a/0"), ("title", "a")], r"songs\.csv: tempo: cannot be divided: a/0"),
        ([("tempo", "c/10"), ("title", "a")], r"songs\.csv: no column 'c'; there are"),
        ([], r"songs\.csv: no column for title or song_key; there are 'a', 'artist', 'b', 'b'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_an_error(
    tmp_path: Path, given: Sequence[tuple[str, str]], message: str
) -> None:
    (tmp_path / "songs.csv").write_text("a,artist,b,b\n1,2,3,4\n", "utf-8")
    with pytest.raises(DatasetError, match=f"^{message}"):
        TableSource(str(tmp_path), tuple(given)).units()


def test_a_table_without_artists_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "songs.parquet", {"title": "One"})
    with pytest.raises(DatasetError, match=r"^songs\.parquet: no column for artist; there are 't"):
        TableSource(str(tmp_path)).units()


def test_the_mapping_is_told_by_options_or_in_a_file(tmp_path: Path) -> None:
    expected = (("title", "Track = Name"), ("duration", "ms/1000"))
    assert parse_columns(["title=Track = Name", "duration=ms/1000"]) == expected
    path = tmp_path / "columns.toml"
    path.write_text('title = "Track = Name"\nduration = "ms/1000"\n', "utf-8")
    assert read_columns(path) == expected
    for option in ("title", "title=", "=Name"):
        with pytest.raises(DatasetError, match="not a field and its column"):
            parse_columns([option])
    with pytest.raises(DatasetError, match="title=B: title is A already"):
        parse_columns(["title=A", "title=B"])
    path.write_text("title = 3\n", "utf-8")
    with pytest.raises(DatasetError, match=r"columns\.toml: title: not the name of a column: 3"):
        read_columns(path)
    path.write_text("title: A\n", "utf-8")
    with pytest.raises(DatasetError, match=r"columns\.toml: "):
        read_columns(path)


def test_tables_in_a_folder_are_found_at_any_depth_in_the_order_of_their_paths(
    tmp_path: Path,
) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "z.csv", {"title": "1", "artist": "Zoë"})
    write(tmp_path / "deep" / "a.parquet", {"title": "2", "artist": "Zoë"})
    (tmp_path / "notes.txt").write_text("no table", "utf-8")
    assert [track.path for track in tracks(tmp_path)] == ["deep/a.parquet", "z.csv"]
    assert [track.path for track in tracks(tmp_path / "z.csv")] == ["z.csv"]
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "gone.csv"):
        with pytest.raises(DatasetError, match=r"no \.csv or \.parquet file"):
            TableSource(str(nothing)).units()


def test_a_folder_may_be_called_like_a_table(tmp_path: Path) -> None:
    (tmp_path / "all.csv").mkdir()
    write(tmp_path / "all.csv" / "part.csv", {"title": "1", "artist": "Zoë"})
    assert [track.path for track in tracks(tmp_path / "all.csv")] == ["part.csv"]


def test_files_that_cannot_be_read_are_set_aside_as_a_whole(tmp_path: Path) -> None:
    good = write(
        tmp_path / "good.parquet", *({"title": f"{at}", "artist": "Zoë"} for at in range(999))
    )
    (tmp_path / "cut.parquet").write_bytes(good.read_bytes()[:-100])
    (tmp_path / "empty.csv").write_bytes(b"\n\n")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    found = read(TableSource(str(tmp_path)))
    bad = [(e.path, e.row, e.reason) for e in found if isinstance(e, Rejected)]
    assert bad == [
        ("cut.parquet", None, Reason.UNREADABLE),
        ("empty.csv", None, Reason.EMPTY),
        ("gone.csv", None, Reason.UNREADABLE),
    ]
    assert len(found) == 999 + 3
    said = [each.detail for each in found if isinstance(each, Rejected)]
    assert said[1:] == ["no header", "No such file or directory"]


def test_a_group_of_rows_that_is_no_longer_there_is_set_aside(tmp_path: Path) -> None:
    rows = [{"song_key": f"S{at}", "artist": "Zoë"} for at in range(9)]
    source = TableSource(str(write(tmp_path / "songs.parquet", *rows, groups=4)))
    _, unit, _ = source.units()
    write(tmp_path / "songs.parquet", *rows, groups=9)
    gone = [each for each in source.read(unit) if isinstance(each, Rejected)]
    assert [each.row for each in gone] == [5, 6, 7, 8]
    assert {(each.reason, each.detail) for each in gone} == {
        (Reason.UNREADABLE, "no group of rows begins at row 5")
    }


def test_a_damaged_group_of_rows_costs_the_rows_of_that_group(tmp_path: Path) -> None:
    rows = [{"title": f"Title {at}", "artist": f"Artist {at}"} for at in range(3_000)]
    path = write(tmp_path / "songs.parquet", *rows, groups=1_000)
    at = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[at : at + 200] = b"\xff" * 200
    path.write_bytes(content)
    rows_read = [track.row for track in tracks(path)]
    assert rows_read == [*range(1, 1_001), *range(2_001, 3_001)]
    lost = [(row, Reason.UNREADABLE) for row in range(1_001, 2_001)]
    assert [(row, reason) for row, reason, _ in rejected(path)] == lost


def test_a_group_of_rows_that_is_damaged_behind_its_beginning_costs_the_rows_from_there(
    tmp_path: Path,
) -> None:
    keys = [f"S{at:05}" for at in range(12_000)]
    table = pa.table({"song_key": keys, "artist": ["Zoë"] * len(keys)})
    path = tmp_path / "songs.parquet"
    pq.write_table(table, path, compression="none", use_dictionary=False, data_page_size=8_192)
    content = path.read_bytes()
    at = content.index(b"S09000")
    start = content.rindex(b"S0", 0, content.rindex(b"\x15", 0, content.index(b"S08900"))) + 6
    path.write_bytes(content[:start] + b"\xff" * (at - start) + content[at:])
    found = read(TableSource(str(path)))
    assert [each.row for each in found] == list(range(1, 12_001))
    kinds = [type(each) for each in found]
    assert 0 < kinds.count(Track) < 12_000
    assert kinds == [Track] * kinds.count(Track) + [Rejected] * kinds.count(Rejected)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_far_away_are_read_like_those_here(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"songs.{kind}", FULL, FULL | {"song_key": "S2"})
    far = f"memory://far-tables/{kind}/songs.{kind}"
    with fsspec.open(far, "wb") as stream:
        stream.write(path.read_bytes())
    expected = to_table(tracks(path), TRACKS)
    assert to_table(tracks(far), TRACKS).equals(expected)
    assert to_table(tracks(far.rpartition("/")[0]), TRACKS).equals(expected)


def test_listens_are_those_given(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "1", "artist": "Zoë"})
    assert TableSource(str(path)).listens() is None
    (tmp_path / "plays.tsv").write_text("bea\tZoë\t3\n", "utf-8")
    given = (("title", "title"),)
    source = TableSource(str(path), given, triplets=str(tmp_path / "plays.tsv"))
    assert source.listens() == (str(tmp_path), "plays.tsv")
    assert source.described() == {
        "kind": "table",
        "tables": ["songs.csv"],
        "columns": {"title": "title"},
        "triplets": "plays.tsv",
    }
    assert pickle.loads(pickle.dumps(source)) == source
    assert source.annotations().terms == {}


def test_blanks_around_texts_do_not_count(tmp_path: Path) -> None:
    rows = [
        {"title": " One ", "artist": "Ray\u00a0", "tempo": " ", "year": " 1999 "},
        {"title": "   ", "artist": "Ray", "tempo": "", "year": ""},
    ]
    path = write(tmp_path / "songs.csv", *rows)
    (track,) = tracks(path)
    assert (track.song_key, track.title, track.artist) == ("Ray\tOne", "One", "Ray")
    assert (track.tempo, track.year) == (None, 1999)
    assert rejected(path) == [(3, Reason.EMPTY, "title")]


def test_a_quote_that_is_never_closed_costs_its_line_only(tmp_path: Path) -> None:
    lines = ["title,artist", 'One,"Zoë', *(f"T{at},Ray" for at in range(20_000)), 'Last,"Ray"']
    (tmp_path / "songs.csv").write_text("\n".join(lines), "utf-8")
    assert [t.row for t in tracks(tmp_path / "songs.csv")] == list(range(3, 20_004))
    assert rejected(tmp_path / "songs.csv") == [(2, Reason.MALFORMED, "a quote is left open")]


def test_a_quote_that_another_one_far_below_closes_costs_lines_that_are_all_told_of(
    tmp_path: Path,
) -> None:
    content = 'note,title,artist\n"x,One,Ray\n,Two,Ray\n,Three,Ray"\n,Four,"Ray\n,Five,Ray"\n'
    (tmp_path / "songs.csv").write_text(f"{content},Six,Ray\n", "utf-8")
    assert [(t.row, t.title) for t in tracks(tmp_path / "songs.csv")] == [
        *((3, "Two"), (4, "Three"), (7, "Six")),
    ]
    assert rejected(tmp_path / "songs.csv") == [
        (2, Reason.MALFORMED, "a quote is left open"),
        (5, Reason.MALFORMED, "a line break within a field"),
        (6, Reason.MALFORMED, "a line break within a field"),
    ]


def test_a_file_whose_columns_do_not_fit_is_set_aside_among_others_that_do(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", {"name": "One", "artist": "Zoë"})
    write(tmp_path / "b.parquet", {"title": "One", "artist": "Zoë"})
    write(tmp_path / "c.parquet", {"title": "One"})
    found = read(TableSource(str(tmp_path)))
    bad = [(e.path, e.row, e.reason) for e in found if isinstance(e, Rejected)]
    assert bad == [("a.csv", None, Reason.SCHEMA), ("c.parquet", None, Reason.SCHEMA)]
    assert [each.path for each in found if isinstance(each, Track)] == ["b.parquet"]
    assert [e.detail for e in found if isinstance(e, Rejected)][1].startswith(
        "no column for artist"
    )


def test_listens_need_keys_of_songs(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "1", "artist": "Zoë"})
    (tmp_path / "plays.tsv").write_text("bea\tZoë\t3\n", "utf-8")
    with pytest.raises(DatasetError, match="listens need keys of songs: no column for song_key"):
        TableSource(str(path), triplets=str(tmp_path / "plays.tsv")).units()
    keyed = TableSource(str(path), (("song_key", "artist"),), triplets=str(tmp_path / "plays.tsv"))
    assert len(keyed.units()) == 1


def test_a_table_whose_name_is_no_utf_8_is_set_aside(tmp_path: Path) -> None:
    path = write(tmp_path / "songs.csv", {"title": "1", "artist": "Zoë"})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).write_bytes(path.read_bytes())
    bad, good = read(TableSource(str(tmp_path)))
    assert bad == Rejected("\\xff.csv", None, Reason.ENCODING, "name: not UTF-8")
    assert isinstance(good, Track)


def test_text_behind_a_quote_that_closes_makes_no_row_of_several_lines(tmp_path: Path) -> None:
    content = 'note,title,artist\n"x,One,Ray\ny"z,Two,Ray\n'
    (tmp_path / "songs.csv").write_text(content, "utf-8")
    assert [(t.row, t.title) for t in tracks(tmp_path / "songs.csv")] == [(3, "Two")]
    assert rejected(tmp_path / "songs.csv") == [(2, Reason.MALFORMED, "a quote is left open")]
