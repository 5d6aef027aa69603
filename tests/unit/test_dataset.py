"""The dataset folder: what is written is read back, and the same bytes come out."""

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segue_model.data.columns import (
    Albums,
    Artists,
    Features,
    Genres,
    Listens,
    Ragged,
    Songs,
    texts,
)
from segue_model.data.dataset import Dataset, DatasetError, read_dataset, write_dataset
from segue_model.data.layout import FEATURES_PARQUET, FILES, MANIFEST


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.fixture
def dataset() -> Dataset:
    """Three songs with every kind of field known and unknown, and text that needs quoting."""
    return Dataset(
        name="hand-made",
        artists=Artists(ids(2, 7), texts(['Zoë, the "Owl"', "Ray"]), texts(["AR1", ""])),
        albums=Albums(ids(3), texts(["One\tTwo"]), ids(7)),
        genres=Genres(ids(1, 4), texts(["r&b", "rock"])),
        songs=Songs(
            ids=ids(5, 15, 1249),
            titles=texts([" ¿Dónde?  ", "", "I\x19m"]),
            artists=ids(7, 2, 2),
            albums=ids(3, 0, 3),
            years=ids(1999, 0, 2024),
            genres=Ragged.of([[4, 1], [], [1]]),
            durations=np.array([189.646, np.nan, 0.1], np.float32),
            tempos=np.array([np.nan, 120.25, 1 / 3], np.float32),
            popularity=np.array([1 / 3, 0, 1.0]),
            msd_track_ids=texts(["TR1", "", ""]),
            msd_song_ids=texts(["", "SO2", ""]),
        ),
        features=Features(
            ("tempo", "odd, name"),
            np.array([[0.1, -2], [1e-7, 3.5], [0, 1e9]], np.float32),
            "custom",
        ),
        listens=Listens(ids(1, 1, 9), ids(5, 1249, 5), ids(2, 1, 2**31 - 1)),
        source={"kind": "custom", "by": "Ünal"},
    )


@pytest.fixture
def folder(dataset: Dataset, tmp_path: Path) -> Path:
    write_dataset(tmp_path / "made", dataset)
    return tmp_path / "made"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_written_is_read_back_exactly(dataset: Dataset, folder: Path) -> None:
    read = read_dataset(folder)
    for part in ("artists", "albums", "genres", "songs", "listens"):
        for name in getattr(dataset, part).__slots__:
            wanted, found = (getattr(getattr(d, part), name) for d in (dataset, read))
            if name == "genres":
                assert [list(row) for row in found] == [list(row) for row in wanted]
            else:
                assert found.dtype == wanted.dtype, name
                np.testing.assert_array_equal(found, wanted, name)
    assert read.features.columns == dataset.features.columns
    np.testing.assert_array_equal(read.features.values, dataset.features.values)
    assert (read.name, read.source, read.features.recipe) == (
        "hand-made",
        {"kind": "custom", "by": "Ünal"},
        "custom",
    )


def test_writing_what_was_read_makes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "again", read_dataset(folder))
    assert files(tmp_path / "again") == files(folder)


def test_unknown_is_an_empty_field_and_only_what_needs_quotes_has_them(folder: Path) -> None:
    assert (folder / "songs.csv").read_text("utf-8").splitlines()[1:3] == [
        "5, ¿Dónde?  ,7,3,1999,4|1,189.646,,0.3333333333333333,TR1,",
        "15,,2,,,,,120.25,0,,SO2",
    ]
    assert (folder / "artists.csv").read_text("utf-8").splitlines()[1] == '2,"Zoë, the ""Owl""",AR1'


def test_the_fingerprint_is_the_hash_of_the_files_in_their_order(folder: Path) -> None:
    digest = hashlib.sha256(b"".join((folder / file).read_bytes() for file in FILES)).hexdigest()
    assert read_dataset(folder).fingerprint == digest
    assert json.loads((folder / MANIFEST).read_bytes())["fingerprint"] == digest


def test_the_manifest_counts_everything(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    counts = {"artists": 2, "albums": 1, "genres": 2, "songs": 3, "listeners": 2, "listens": 3}
    assert manifest["counts"] == counts
    assert manifest["features"] == {"recipe": "custom", "columns": ["tempo", "odd, name"]}


def test_an_edited_dataset_is_read_with_the_fingerprint_it_has_now(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = read_dataset(folder).fingerprint
    genres = folder / "genres.csv"
    genres.write_text(genres.read_text("utf-8").replace("rock", "stone"), "utf-8")
    with caplog.at_level(logging.WARNING):
        after = read_dataset(folder)
    assert list(after.genres.names) == ["r&b", "stone"]
    assert after.fingerprint != before
    assert "edited" in caplog.text


def test_a_minimal_dataset_written_by_hand_is_complete_when_read(tmp_path: Path) -> None:
    """A byte-order mark, CRLF, columns in another order, blank lines, no listens: all fine."""
    content = {
        "dataset.json": '{"format": 1, "name": "mine"}',
        "artists.csv": "\ufeffname,id,msd_artist_id\r\nMe,1,\r\n",
        "albums.csv": "id,title,artist_id\n",
        "genres.csv": "id,name\n",
        "songs.csv": "id,title,artist_id,album_id,year,genre_ids,duration,tempo,popularity,"
        "msd_track_id,msd_song_id\n\n1,One,1,,,,,,,,\n2,Two,1,,,,,,,,\n\n",
        "features.csv": "song_id,a\n1,0.5\n2,1\n",
        "listens.csv": "listener_id,song_id,plays\n",
    }
    for name, text in content.items():
        (tmp_path / name).write_bytes(text.encode())
    read = read_dataset(tmp_path)
    assert list(read.artists.names) == ["Me"]
    assert list(read.songs.titles) == ["One", "Two"]
    assert list(read.songs.popularity) == [0, 0]
    assert read.features.recipe == "custom"
    assert len(read.fingerprint) == 64
    listens = "listener_id,song_id,plays\n1,2,5\n3,1,1\n3,2,1\n"
    (tmp_path / "listens.csv").write_text(listens, "utf-8")
    assert list(read_dataset(tmp_path).songs.popularity) == [0.5, 1]


def test_given_popularity_is_kept_and_only_the_missing_one_is_computed(folder: Path) -> None:
    songs = folder / "songs.csv"
    songs.write_text(songs.read_text("utf-8").replace("0.3333333333333333", ""), "utf-8")
    assert list(read_dataset(folder).songs.popularity) == [1, 0, 1]


def test_an_older_dataset_is_replaced_whole(dataset: Dataset, folder: Path) -> None:
    (folder / "left-over.txt").write_text("old", "utf-8")
    write_dataset(folder, dataset)
    assert sorted(files(folder)) == sorted([*FILES, MANIFEST, FEATURES_PARQUET])
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


def test_a_failed_write_leaves_the_older_dataset_and_nothing_else(
    dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    before = files(folder)
    # The manifest is written last: all else is there by then.
    monkeypatch.setattr("segue_model.data.dataset.write_manifest", full)
    with pytest.raises(OSError, match="no space left"):
        write_dataset(folder, dataset)
    assert files(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


def test_what_is_no_dataset_is_never_overwritten(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious", "utf-8")
    with pytest.raises(DatasetError, match=r"not empty, and without a dataset\.json"):
        write_dataset(tmp_path, dataset)
    assert (tmp_path / "thesis.tex").read_text("utf-8") == "precious"


@pytest.mark.parametrize("seed", range(3))
def test_any_text_without_line_breaks_survives(
    dataset: Dataset, tmp_path: Path, seed: int, any_text: Callable[[int], str]
) -> None:
    dataset.songs.titles[:] = [any_text(seed), any_text(seed + 10), any_text(seed + 20)]
    write_dataset(tmp_path / "text", dataset)
    assert list(read_dataset(tmp_path / "text").songs.titles) == list(dataset.songs.titles)


@pytest.fixture
def any_text() -> Callable[[int], str]:
    def make(seed: int) -> str:
        points = np.random.default_rng(seed).integers(1, 0xD7FF, 200)
        return "".join(map(chr, points)).replace("\n", "").replace("\r", "") + '",|\t\x85\u2028'

    return make
