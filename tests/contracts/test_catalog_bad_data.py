"""How a load names what is wrong with a dataset folder."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_dataset import write_dataset
from catalog_use import TWO_SONGS
from segue_server.catalog import song_records
from segue_server.catalog.dataset import Batch, DatasetError, Manifest
from segue_server.catalog.fields import FieldError
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.records import Dataset
from segue_server.sql.migrate import migrate

# A song in the order of the columns asked for, and fields that are plain, unusual or wrong.
PLAIN = ("1", "One (Live)", "1", "1", "1999", "2|1", "1.5", "100", "0.25", "TR1", "")
FIELDS = (
    *(
        "",
        "0",
        "1",
        "2",
        "3",
        "007",
        "-1",
        "1.",
        ".5",
        ".",
        "1.2.3",
        "1e3",
        "+1",
        "1_0",
        " 1",
        "1 ",
    ),
    *(
        "²",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "inf",
        "nan",
        "9" * 19,
        "9" * 400,
        "9999",
        "10000",
        "2147483647",
        "2147483648",
    ),
    *(
        "1|1",
        "1|2",
        "|",
        "1|",
        "3|1",
        "x" * 33,
        "x" * 501,
        "Ça __va",
        "Don't",
        "\n",
        "\x00",
        "ß" * 70,
    ),
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "two", TWO_SONGS)


BAD_ROWS = [
    ("songs.csv", "9,Newer", "9x,Newer", r"songs\.csv:3: id is '9x', not a whole number"),
    ("songs.csv", "9,Newer", "1_0,Newer", r"songs\.csv:3: id is '1_0', not a whole number"),
    ("songs.csv", "9,Newer", ",Newer", r"songs\.csv:3: id is '', not a whole number"),
    ("songs.csv", "9,Newer", "0,Newer", r"songs\.csv:3: id is 0, not from 1 to 2147483647"),
    ("songs.csv", "9,Newer", "2147483648,Newer", r"songs\.csv:3: id is 2147483648, not from 1"),
    ("songs.csv", "9,Newer", "2,Newer", r"songs\.csv:3: duplicate id 2"),
    ("songs.csv", "9,Newer", "1,Newer", r"songs\.csv:3: id 1 comes after 2"),
    ("songs.csv", "9,Newer", "9," + "x" * 501, r"songs\.csv:3: title is longer than 500"),
    ("songs.csv", "9,Newer,2", "9,Newer,7", r"songs\.csv:3: artist_id 7 does not exist"),
    ("songs.csv", "New,1,5", "New,1,6", r"songs\.csv:2: album_id 6 does not exist"),
    ("songs.csv", "2001", "12001", r"songs\.csv:2: year is 12001, after 9999"),
    ("songs.csv", "2001", "2001.0", r"songs\.csv:2: year is '2001\.0', not a whole number"),
    ("songs.csv", "2|1", "2|3", r"songs\.csv:2: genre_ids 3 does not exist"),
    ("songs.csv", "2|1", "2|", r"songs\.csv:2: genre_ids is '', not a whole number"),
    ("songs.csv", "2|1", "2|2", r"songs\.csv:2: genre_ids names a genre twice"),
    ("songs.csv", "2|1", "2,1", r"songs\.csv:2: 12 fields, but the header has 11"),
    ("songs.csv", "2|1,,,0.0", "2|1,nan,,0.0", r"songs\.csv:2: duration is 'nan', not a finite"),
    ("songs.csv", "2|1,,,0.0", "2|1,,1e999,0.0", r"songs\.csv:2: tempo is '1e999', not a finite"),
    ("songs.csv", "2|1,,,0.0", "2|1,,-1,0.0", r"songs\.csv:2: tempo is -1, less than 0"),
    ("songs.csv", "2|1,,,0.0", "2|1,,0,0.0", r"songs\.csv:2: tempo is 0, not more than 0"),
    (
        "songs.csv",
        "2|1,,,0.0",
        "2|1,0.00,,0.0",
        r"songs\.csv:2: duration is 0\.00, not more than 0",
    ),
    ("songs.csv", "2|1,,,0.0", "2|1,1e-999,,0.0", r"songs\.csv:2: duration is 1e-999, not more"),
    ("songs.csv", "9,Newer", '9,"New\ner"', r"songs\.csv:4: title has a line break"),
    ("songs.csv", "9,Newer", '9,"New\rer"', r"songs\.csv:3: title has a line break"),
    ("albums.csv", "First", '"First\n"', r"albums\.csv:3: title has a line break"),
    ("artists.csv", "Younger", '"Young\ner"', r"artists\.csv:4: name has a line break"),
    ("genres.csv", "Pop", '"P\nop"', r"genres\.csv:4: name has a line break"),
    ("songs.csv", "2|1,,,0.0", "2|1,,,", r"songs\.csv:2: popularity is '', not a finite"),
    ("songs.csv", "2|1,,,0.0", "2|1,,,1.5", r"songs\.csv:2: popularity is 1\.5, more than 1"),
    ("songs.csv", "2|1,,,0.0,", f"2|1,,,0.0,{'T' * 33}", r"songs\.csv:2: msd_track_id is longer"),
    ("songs.csv", "New,1", '"New,1', r"songs\.csv:3: not CSV"),
    ("songs.csv", "popularity", "fame", r"songs\.csv:1: the header has no column 'popularity'"),
    ("albums.csv", "First,1", "First,4", r"albums\.csv:2: artist_id 4 does not exist"),
    ("albums.csv", "5,First,1\n", "", r"albums\.csv: has 0 rows, but dataset\.json counts 1"),
    ("artists.csv", "Younger", "", r"artists\.csv:3: name is empty"),
    ("genres.csv", "Pop", "ROCK", r"genres\.csv:3: name 'ROCK' is that of another genre"),
    ("genres.csv", "Pop", " Pop", r"genres\.csv:3: name ' Pop' is too long or has spaces"),
    ("dataset.json", '"format": 1', '"format": 2', r"dataset\.json: format is 2, not 1"),
    ("dataset.json", '"format": 1,', "", r"dataset\.json: format is None, not 1"),
    ("dataset.json", '"format": 1,', '"format": 1', r"dataset\.json:1: not JSON"),
    ("dataset.json", '"songs": 2', '"songs": true', r"dataset\.json: counts\.songs is not"),
    ("dataset.json", '"fingerprint"', '"print"', r"dataset\.json: fingerprint is not a text"),
]


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_data_is_named_by_file_and_line(
    case: tuple[str, str, str, str], dataset: Path, tmp_path: Path
) -> None:
    file, old, new, reason = case
    good = (dataset / file).read_text()
    assert good.count(old) == 1 or file != "songs.csv"
    (dataset / file).write_text(good.replace(old, new), newline="")
    with pytest.raises(DatasetError, match=reason):
        _load_into_sqlite(tmp_path, dataset)


@pytest.mark.parametrize("file", ["artists", "albums", "genres", "songs"])
def test_a_missing_file_is_named(file: str, dataset: Path, tmp_path: Path) -> None:
    (dataset / f"{file}.csv").unlink()
    with pytest.raises(DatasetError, match=rf"{file}\.csv: No such file or directory"):
        _load_into_sqlite(tmp_path, dataset)


def test_a_folder_that_is_no_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere/dataset\.json: No such file or directory"):
        _load_into_sqlite(tmp_path, tmp_path / "nowhere")


@pytest.mark.parametrize(("file", "line"), [("songs.csv", 3), ("artists.csv", 2)])
def test_text_that_is_not_utf8_is_named_by_its_line(
    file: str, line: int, dataset: Path, tmp_path: Path
) -> None:
    lines = (dataset / file).read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].rstrip() + b"\xe9\n"
    (dataset / file).write_bytes(b"".join(lines))
    with pytest.raises(DatasetError, match=rf"{re.escape(file)}:{line}: not UTF-8"):
        _load_into_sqlite(tmp_path, dataset)


def test_the_line_of_an_error_counts_the_lines_within_fields(dataset: Path, tmp_path: Path) -> None:
    (dataset / "genres.csv").write_text('id,name,note\n1,Rock,"two\nlines"\n2x,Pop,\n')
    with pytest.raises(DatasetError, match=r"genres\.csv:4: id is '2x'"):
        _load_into_sqlite(tmp_path, dataset)


def test_columns_in_any_order_and_beyond_the_known_ones_are_let_be(
    dataset: Path, tmp_path: Path
) -> None:
    (dataset / "genres.csv").write_text("color,name,id\nred,Rock,1\nblue,Pop,2\n")
    _load_into_sqlite(tmp_path, dataset)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as database:
        names = database.execute("SELECT id, name FROM genre ORDER BY id").fetchall()
    assert names == [(1, "Rock"), (2, "Pop")]


@pytest.mark.parametrize("column", range(len(PLAIN)))
@given(data=st.data())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_songs_come_out_alike_whether_column_by_column_or_row_by_row(
    column: int, tmp_path: Path, data: st.DataObject
) -> None:
    """What is not read by column is read by row; what is read by column is so by row too."""
    for field in (*FIELDS, data.draw(st.text(max_size=6))):
        row = ["2", *PLAIN[1:]]
        row[column] = field
        _assert_alike(tmp_path, tuple(row))


def _assert_alike(tmp_path: Path, row: tuple[str, ...]) -> None:
    batch = Batch(tmp_path / "songs.csv", [PLAIN, row], [2, 3])
    dataset = Dataset(tmp_path, Manifest("", "", {}), 10)
    dataset.genre_ids = frozenset((1, 2))
    dataset.words_of_artist.update({1: frozenset({"ab"}), 2: frozenset({"x"})})
    dataset.words_of_album.update({1: frozenset({"c"})})
    by_row, reason = None, ""
    try:
        by_row = song_records._by_row(dataset, batch, (2, 1), 0)
    except DatasetError as error:
        reason = str(error)
    assert by_row or reason.startswith(f"{tmp_path}/songs.csv:3: ")
    try:
        by_column = song_records._by_column(dataset, batch, (2, 1), 0)
    except (FieldError, ValueError, KeyError):
        return
    assert by_column == by_row


def test_plain_songs_are_read_by_column_and_unusual_ones_by_row(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = dataset / "songs.csv"
    unusual = songs.read_text().replace("2|1,,,0.0", "2|1,+1.5e1,.5,1E-1").replace("9,N", "009,N")
    with monkeypatch.context() as patched:
        patched.setattr(song_records, "_by_row", None)
        _load_into_sqlite(tmp_path, dataset)
    songs.write_text(unusual)
    _load_into_sqlite(tmp_path, dataset)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as database:
        kept = database.execute("SELECT id, duration, tempo, popularity FROM song").fetchall()
    assert kept == [(2, 15.0, 0.5, 0.1), (9, None, None, 0.0)]


def _load_into_sqlite(tmp_path: Path, dataset: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    migrate(CATALOG, url)
    load(url, dataset)
