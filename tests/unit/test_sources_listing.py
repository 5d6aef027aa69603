"""The files of a folder: links are followed, and every file is another one once it has changed."""

import os
from pathlib import Path

import fsspec
import pytest

from segue_model.data.errors import DatasetError
from segue_model.ingest.listing import stored_entry
from segue_model.ingest.storage import Folder


def paths(folder: Path, below: str = "") -> list[str]:
    return [file.path for file in Folder(str(folder)).files(below)]


def test_links_to_folders_are_followed_and_each_folder_is_listed_once(tmp_path: Path) -> None:
    inside, outside = tmp_path / "songs", tmp_path / "disk"
    for folder in (inside / "real", outside / "deep"):
        folder.mkdir(parents=True)
        (folder / "x.h5").write_bytes(b"")
    (inside / "a_link").symlink_to(inside / "real")
    (inside / "loop").symlink_to(inside)
    (inside / "real" / "up").symlink_to(tmp_path)
    (inside / "disk").symlink_to(outside)
    (outside / "loop").symlink_to(outside / "deep")
    assert paths(inside) == ["disk/deep/x.h5", "real/x.h5"]
    assert paths(inside, "real")[-1] == "real/x.h5"


def test_a_file_a_link_to_one_and_a_link_to_nothing_are_listed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    assert paths(tmp_path) == ["file", "link", "nowhere"]
    assert [file.size for file in Folder(str(tmp_path)).files()][:2] == [2, 2]
    assert paths(tmp_path / "file") == ["."]
    assert paths(tmp_path, "file") == ["file"]
    assert paths(tmp_path, "gone") == paths(tmp_path / "gone") == []


def test_a_link_is_another_file_once_what_it_leads_to_has_changed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "file")
    folder = Folder(str(tmp_path / "folder"))
    before = folder.files()
    assert folder.files() == before
    os.utime(tmp_path / "file", (1, 1))
    assert folder.files() != before


def test_a_name_that_is_no_utf_8_is_written_with_escapes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/Zo\xeb")).write_bytes(b"1")
    (tmp_path / "Zoë").write_bytes(b"1")
    found = Folder(str(tmp_path)).files()
    assert [(file.path, file.illegible) for file in found] == [("Zo\\xeb", True), ("Zoë", False)]


def test_a_file_far_away_is_another_one_once_it_has_changed() -> None:
    folder = Folder("memory://listed")
    for _ in range(2):
        with fsspec.open("memory://listed/x.csv", "wb") as stream:
            stream.write(b"12")
        (found,) = folder.files()
        assert folder.files() == [found]
        assert found.stamp
    with fsspec.open("memory://listed/x.csv", "wb") as stream:
        stream.write(b"34")
    assert folder.files() != [found]


def test_a_store_that_tells_no_versions_is_an_error() -> None:
    assert stored_entry("x", {"size": 3, "timeCreated": 7}) == ("x", 3, "7")
    with pytest.raises(DatasetError, match=r"^x: its store tells none of generation, etag"):
        stored_entry("x", {"size": 3, "created": None})
