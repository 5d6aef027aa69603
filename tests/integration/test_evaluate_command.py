"""The command line of evaluations writes the figures, and tells in a line what cannot be done."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation_toys import TOYS
from evaluation_use import run, without_times, written_sample
from segue_model.data.dataset import read_dataset
from segue_model.data.progress import silent
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.competing import compete
from segue_model.evaluation.json_files import read_evaluation
from segue_model.evaluation.material import Material, material_of
from segue_model.evaluation.results import Evaluation
from segue_model.evaluation.split import Plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_sample(tmp_path_factory.mktemp("data") / "sample")


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    return material_of(read_dataset(folder), Plan())


@pytest.fixture(scope="module")
def evaluation(material: Material) -> Evaluation:
    return compete(material, Asked(trials=4), TOYS, silent)


@pytest.fixture
def toys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands know the toy engines alone: they train in no time."""
    monkeypatch.setattr("segue_model.evaluation.commands.ENGINES", TOYS)


def test_the_figures_of_the_command_are_those_read_back(
    folder: Path, evaluation: Evaluation, tmp_path: Path, toys_only: None
) -> None:
    file, page = tmp_path / "e.json", tmp_path / "pages" / "e.html"
    done = run(folder, "--search", "--trials", 4, "--json", file, "--page", page)
    assert done.exit_code == 0, done.output
    assert without_times(evaluation)["engines"] == {
        name: {**found, "trials": [drop(trial) for trial in found["trials"]]}
        for name, found in json.loads(file.read_text("utf-8"))["engines"].items()
        if found.pop("times")
    }
    read = read_evaluation(file)
    assert read.fingerprint == read_dataset(folder).fingerprint
    assert read.engines["toy"].options == evaluation.results[1].options
    assert "learned from" in done.stdout
    assert "Recall@20 with" in done.stdout
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def drop(trial: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in trial.items() if name != "fit_seconds"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "deep"), "no engine deep; there are toy, popular"),
        (("--set", "shrink"), "shrink: not OPTION=VALUE"),
        (("--set", "depth=3"), "have no option 'depth'"),
        (("--set", "deep.shrink=3"), "deep is not evaluated"),
        (("--set", "popular.shrink=3"), "popular have no option 'shrink'"),
        (("--set", "shrink=-1"), "toy: shrink: below 0"),
        (("--set", "shrink=much"), "toy: shrink: 'much' is not of type float"),
        (("--min-songs", "99"), "listeners with 99 songs or more are too few"),
        (("--model", "nowhere"), "nowhere: no saved_model.pb there"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    folder: Path, toys_only: None, arguments: tuple[str, ...], message: str
) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 1
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_options_out_of_range_are_usage_errors(folder: Path) -> None:
    for name, value in (("--held-out", "0.7"), ("--cold", "2"), ("--min-songs", "1")):
        done = run(folder, name, value)
        assert done.exit_code == 2
        assert f"Error: {name}: " in done.output


def test_a_setting_reaches_the_engines_that_have_it(
    folder: Path, toys_only: None, tmp_path: Path
) -> None:
    for setting in ("shrink=2.5", "toy.shrink=2.5"):
        done = run("run", folder, "--cold", 0, "--set", setting, "--json", tmp_path / "e.json")
        assert done.exit_code == 0, done.output
        assert read_evaluation(tmp_path / "e.json").engines["toy"].options == {"shrink": 2.5}


def test_a_dataset_that_is_none_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "nowhere: no such folder" in done.output
    assert "TensorFlow" not in done.output


def test_help_tells_of_both_commands() -> None:
    assert "split" in run("--help").output
    assert "--search" in run("run", "--help").output
