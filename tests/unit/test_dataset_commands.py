"""The commands that make and check datasets, as a person at a terminal meets them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from segue_model.data.commands import dataset
from segue_model.data.dataset import read_dataset


def run(*arguments: object) -> Result:
    return CliRunner().invoke(dataset, [str(argument) for argument in arguments])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    sizes = ("--songs", 1300, "--listeners", 20, "--seed", 5)
    assert run("synthetic", *sizes, "--output", tmp_path / "made").exit_code == 0
    return tmp_path / "made"


def test_synthetic_makes_a_dataset_of_the_size_asked_for(made: Path) -> None:
    found = read_dataset(made)
    assert len(found.songs.ids) == 1300
    wanted = {"kind": "synthetic", "songs": 1300, "listeners": 20, "seed": 5}
    assert found.source == wanted


def test_check_tells_what_is_there(made: Path) -> None:
    result = run("check", made)
    assert result.exit_code == 0
    for text in ("1,300", "32 (synthetic-1)", read_dataset(made).fingerprint):
        assert text in result.stdout


def test_check_fails_with_file_line_and_reason(made: Path) -> None:
    songs = (made / "songs.csv").read_text("utf-8").split("\n")
    songs[16] = songs[16].replace(",", ",x", 2)
    (made / "songs.csv").write_text("\n".join(songs), "utf-8")
    result = run("check", made)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: songs.csv:17: artist_id: not an integer: 'x")


def test_check_fails_where_there_is_nothing(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "nowhere: no such folder" in result.stderr


def test_complete_fills_in_what_may_be_left_out(made: Path, tmp_path: Path) -> None:
    whole = {path.name: path.read_bytes() for path in made.iterdir()}
    manifest = json.loads(whole["dataset.json"])
    manifest["counts"], manifest["fingerprint"] = {}, ""
    (made / "dataset.json").write_text(json.dumps(manifest), "utf-8")
    assert run("complete", made, "--output", tmp_path / "whole").exit_code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()} == whole


def test_a_folder_of_other_things_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious", "utf-8")
    result = run("synthetic", "--songs", 1, "--listeners", 0, "--output", tmp_path)
    assert result.exit_code == 1
    assert "not empty, and without a dataset.json: not a folder to replace" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
