"""Bad datasets: every fault is told with the file, the line and the reason."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segue_model.data.dataset import DatasetError, read_dataset, write_dataset
from segue_model.data.layout import FILES
from segue_model.data.synthetic import synthetic_dataset

SONGS = (
    "id,title,artist_id,album_id,year,genre_ids,duration,tempo,popularity,msd_track_id,msd_song_id"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound dataset of 12 songs by 1 artist, features of 2 columns."""
    made = synthetic_dataset(12, 4, 1)
    features = replace(made.features, columns=("a", "b"), values=made.features.values[:, :2])
    write_dataset(tmp_path / "made", replace(made, features=features))
    return tmp_path / "made"


def put(folder: Path, file: str, line: int, text: str | None) -> None:
    """Replace a line, counted from 1; `None` takes it out."""
    lines = (folder / file).read_bytes().split(b"\n")
    lines[line - 1 : line] = [] if text is None else [text.encode("utf-8", "surrogateescape")]
    (folder / file).write_bytes(b"\n".join(lines))


@pytest.mark.parametrize(
    ("file", "line", "text", "reason"),
    [
        ("songs.csv", 7, "6,T,1,1,abc,,,,,,", "songs.csv:7: year: not an integer: 'abc'"),
        ("songs.csv", 7, "6,T,1,1,19_99,,,,,,", "songs.csv:7: year: not an integer: '19_99'"),
        ("songs.csv", 7, "6,T,1,1,10000,,,,,,", "songs.csv:7: year: out of range: 10000"),
        ("songs.csv", 7, "6,T,1,1,,,x,,,,", "songs.csv:7: duration: not a number: 'x'"),
        ("songs.csv", 7, "6,T,1,1,,,-1,,,,", "songs.csv:7: duration: out of range: -1.0"),
        ("songs.csv", 7, "6,T,1,1,,,,0,,,", "songs.csv:7: tempo: out of range: 0.0"),
        ("songs.csv", 7, "6,T,1,1,,,,inf,,,", "songs.csv:7: tempo: out of range: inf"),
        ("songs.csv", 7, "6,T,1,1,,,,,1.5,,", "songs.csv:7: popularity: out of range: 1.5"),
        ("songs.csv", 7, "6,T,1,1,,,,,", "songs.csv:7: 9 columns instead of 11"),
        ("songs.csv", 7, "6,T,1,1,,,,,,,,", "songs.csv:7: 12 columns instead of 11"),
        ("songs.csv", 7, "6,T,2,1,,,,,,,", "songs.csv:7: artist_id: 2 does not exist"),
        ("songs.csv", 7, "6,T,,1,,,,,,,", "songs.csv:7: artist_id: empty"),
        ("songs.csv", 7, "6,T,1,99,,,,,,,", "songs.csv:7: album_id: 99 does not exist"),
        ("songs.csv", 7, "6,T,1,1,,3|99,,,,,", "songs.csv:7: genre_ids: 99 does not exist"),
        ("songs.csv", 7, "6,T,1,1,,3|x,,,,,", "songs.csv:7: genre_ids: not an integer: 'x'"),
        ("songs.csv", 7, "6,T,1,1,,3|4|3,,,,,", "songs.csv:7: genre_ids: 3 is there twice"),
        ("songs.csv", 7, "5,T,1,1,,,,,,,", "songs.csv:7: id: 5 is there twice"),
        ("songs.csv", 7, "4,T,1,1,,,,,,,", "songs.csv:7: id: 4 is there twice"),
        ("songs.csv", 7, "9,T,1,1,,,,,,,", "songs.csv:8: id: 7 after 9; rows must be in the order"),
        ("songs.csv", 7, "0,T,1,1,,,,,,,", "songs.csv:7: id: out of range: 0"),
        ("songs.csv", 7, "-6,T,1,1,,,,,,,", "songs.csv:7: id: out of range: -6"),
        ("songs.csv", 7, "2147483648,T,1,1,,,,,,,", "songs.csv:7: id: more than 32 bits"),
        ("songs.csv", 7, '6,"T,1,1,,,,,,,', "songs.csv:7: "),
        ("songs.csv", 7, '6,"T\nU",1,1,,,,,,,', "songs.csv:7: title: a line break"),
        ("songs.csv", 7, "6,\udcff,1,1,,,,,,,", "songs.csv:7: not UTF-8 at byte 3"),
        ("songs.csv", 7, f"6,{'T' * 501},1,1,,,,,,,", "songs.csv:7: title: longer than 500"),
        ("songs.csv", 1, SONGS.replace("year", "jahr"), "songs.csv:1: no column year"),
        ("songs.csv", 1, f"{SONGS},mood", "songs.csv:1: unknown column mood"),
        ("songs.csv", 1, SONGS.replace("year", "id"), "songs.csv:1: columns twice: id"),
        ("features.csv", 7, "6,1,nan", "features.csv:7: b: not a finite number: nan"),
        ("features.csv", 7, "6,-inf,1", "features.csv:7: a: not a finite number: -inf"),
        ("features.csv", 7, "6,1e99,1", "features.csv:7: a: not a finite number: inf"),
        ("features.csv", 7, "6,,1", "features.csv:7: a: empty"),
        ("features.csv", 7, "6,one,1", "features.csv:7: a: not a number: 'one'"),
        ("features.csv", 7, "6,1", "features.csv:7: 2 columns instead of 3"),
        ("features.csv", 7, None, "songs.csv:7: song 6 has no row in features.csv"),
        ("features.csv", 13, None, "songs.csv:13: song 12 has no row in features.csv"),
        ("features.csv", 14, "13,1,1", "features.csv:14: song_id: 13 does not exist"),
        ("features.csv", 8, "6,1,1", "songs.csv:8: song 7 has no row in features.csv"),
        ("features.csv", 7, "6,1,1\n6,1,1", "features.csv:8: song_id: 6 is there twice"),
        ("features.csv", 1, "song_id,a,a", "features.csv:1: columns twice: a"),
        ("features.csv", 1, "song,a,b", "features.csv:1: no column song_id"),
        ("listens.csv", 2, "1,99,1", "listens.csv:2: song_id: 99 does not exist"),
        ("listens.csv", 2, "0,1,1", "listens.csv:2: listener_id: out of range: 0"),
        ("listens.csv", 2, "1,1,0", "listens.csv:2: plays: out of range: 0"),
        ("listens.csv", 2, "1,1,1.5", "listens.csv:2: plays: not an integer: '1.5'"),
        ("listens.csv", 2, "1,1,1\n1,1,2", "listens.csv:3: listener_id, song_id: "),
        ("listens.csv", 2, "9,1,1", "listens.csv:3: listener_id, song_id: "),
        ("artists.csv", 2, "1,,", "artists.csv:2: name: empty"),
        ("artists.csv", 2, f"1,Me,{'A' * 33}", "artists.csv:2: msd_artist_id: longer than 32"),
        ("albums.csv", 2, "1,T,7", "albums.csv:2: artist_id: 7 does not exist"),
        ("genres.csv", 3, "2,AMBIENT", "genres.csv:3: name: 'AMBIENT' is there twice"),
        ("genres.csv", 3, "2, blues", "genres.csv:3: name: spaces around ' blues'"),
    ],
)
def test_a_fault_is_told_with_file_line_and_reason(
    folder: Path, file: str, line: int, text: str | None, reason: str
) -> None:
    put(folder, file, line, text)
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder)
    assert str(caught.value).startswith(reason)


def test_blank_lines_do_not_shift_the_line_that_is_told(folder: Path) -> None:
    put(folder, "songs.csv", 3, "\n\n2,T,1,1,,,,,,,")
    put(folder, "songs.csv", 9, "6,T,1,99,,,,,,,")
    with pytest.raises(DatasetError, match=r"^songs\.csv:9: album_id: 99 does not exist$"):
        read_dataset(folder)


def test_a_quoted_line_break_does_not_shift_the_line_that_is_told(folder: Path) -> None:
    """The form of every field is checked before any meaning, so the break is not told first."""
    put(folder, "songs.csv", 3, '2,"T\nU",1,1,,,,,,,')
    put(folder, "songs.csv", 8, "6,T,1,1,abc,,,,,,")
    with pytest.raises(DatasetError, match=r"^songs\.csv:8: year: not an integer: 'abc'$"):
        read_dataset(folder)


def test_a_fault_far_behind_the_first_block_of_the_reader_is_told_by_line(folder: Path) -> None:
    rows = "".join(f"{listener},1,1\n" for listener in range(1, 200_001))
    listens = f"listener_id,song_id,plays\n{rows}200001,x,1\n"
    (folder / "listens.csv").write_text(listens, "utf-8")
    with pytest.raises(DatasetError, match=r"^listens\.csv:200002: song_id: not an integer: 'x'$"):
        read_dataset(folder)


@pytest.mark.parametrize("file", [*FILES, "dataset.json"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(DatasetError, match=rf"^{file}: missing in "):
        read_dataset(folder)


@pytest.mark.parametrize("file", FILES)
def test_an_empty_file_is_named(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"")
    with pytest.raises(DatasetError, match=rf"^{file}: empty; a header line is needed$"):
        read_dataset(folder)


def test_no_songs_is_a_fault(folder: Path) -> None:
    (folder / "songs.csv").write_text(SONGS + "\n", "utf-8")
    (folder / "features.csv").write_text("song_id,a\n", "utf-8")
    (folder / "listens.csv").write_text("listener_id,song_id,plays\n", "utf-8")
    with pytest.raises(DatasetError, match=r"^songs\.csv: no songs$"):
        read_dataset(folder)


def test_no_feature_columns_is_a_fault(folder: Path) -> None:
    rows = "".join(f"{song}\n" for song in range(1, 13))
    (folder / "features.csv").write_text(f"song_id\n{rows}", "utf-8")
    with pytest.raises(DatasetError, match=r"^features\.csv: no feature columns$"):
        read_dataset(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere: no such folder$"):
        read_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("{\n  'format': 1}", "dataset.json:2: not JSON"),
        ("[]", "dataset.json: not a JSON object"),
        ('{"name": "mine"}', "dataset.json: format: null is not known; 1 is"),
        ('{"format": 2, "name": "mine"}', "dataset.json: format: 2 is not known; 1 is"),
        ('{"format": true, "name": "mine"}', "dataset.json: format: true is not known; 1 is"),
        ('{"format": 1}', "dataset.json: name: not a text of 1 to 500 characters"),
        ('{"format": 1, "name": 7}', "dataset.json: name: not text"),
        ('{"format": 1, "name": "m", "source": []}', "dataset.json: source: not an object"),
        ('{"format": 1, "name": "m", "features": 1}', "dataset.json: features: not an object"),
        ('{"format": 1, "name": "\udcff"}', "dataset.json: not UTF-8"),
    ],
)
def test_a_bad_manifest_is_told(folder: Path, manifest: str, reason: str) -> None:
    (folder / "dataset.json").write_bytes(manifest.encode("utf-8", "surrogateescape"))
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder)
    assert str(caught.value).startswith(reason)


def test_a_dataset_made_in_memory_is_checked_too(folder: Path) -> None:
    sound = read_dataset(folder)
    values = sound.features.values.copy()
    values[3, 1] = np.nan
    with pytest.raises(DatasetError, match=r"^features\.csv:5: b: not a finite number: nan$"):
        replace(sound, features=replace(sound.features, values=values))
    with pytest.raises(DatasetError, match=r"^artists\.csv: columns of different lengths$"):
        replace(sound, artists=replace(sound.artists, names=sound.artists.names[:0]))


def test_the_manifest_need_not_repeat_what_the_files_say(folder: Path) -> None:
    manifest = json.loads((folder / "dataset.json").read_bytes())
    manifest["counts"]["songs"] = 1
    (folder / "dataset.json").write_text(json.dumps(manifest), "utf-8")
    assert len(read_dataset(folder).songs.ids) == 12
