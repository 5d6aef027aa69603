"""`segue-model check` as whoever trained a model meets it: what it prints, and how it ends."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gate_toy
from segue_model.data.dataset import read_dataset, write_dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.gate import batch_checks, speed_checks, subject
from segue_model.gate.command import check


def run(*arguments: object) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "FEW", 0)
    monkeypatch.setattr(batch_checks, "REPEATS", 3)
    monkeypatch.setattr(speed_checks, "ROUNDS", 5)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "dataset"
    write_dataset(folder, synthetic_dataset(80, 12, 5))
    return folder


@pytest.fixture(scope="module")
def sound(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gate_toy.export(
        gate_toy.Toy(read_dataset(dataset)), tmp_path_factory.mktemp("models") / "toy" / "3"
    )


@pytest.fixture(scope="module")
def broken(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    toy = gate_toy.Toy(read_dataset(dataset), "contributions")
    return gate_toy.export(toy, tmp_path_factory.mktemp("models") / "1")


def test_a_sound_model_ends_with_0_and_every_check_is_told(
    sound: Path, dataset: Path, tmp_path: Path
) -> None:
    target = tmp_path / "results.json"
    done = run(sound, "--dataset", dataset, "--json", target)
    assert done.exit_code == 0, done.output
    assert "0 failed, 0 skipped" in done.stdout
    told = json.loads(target.read_text())
    assert told["passed"] is True
    assert told["counts"]["passed"] == len(told["checks"])
    for row in told["checks"]:
        assert row["id"] in done.stdout
    figures = {name for row in told["checks"] for name in row["figures"]}
    assert figures >= {"load_s", "first_call_ms", "p50_ms_1", "p99_ms_32", "variables_mb"}


def test_a_broken_model_ends_with_1_and_the_failure_comes_last_with_what_to_do(
    broken: Path, dataset: Path, tmp_path: Path
) -> None:
    target = tmp_path / "results.json"
    done = run(broken, "--dataset", dataset, "--json", target)
    assert done.exit_code == 1
    last = done.stdout[done.stdout.index("Speed") :]
    for part in ("contributions: ", "found ", "input ", "output ", "to do ", "1 failed"):
        assert part in last
    [failure] = [row for row in json.loads(target.read_text())["checks"] if row["example"]]
    assert failure["id"] == "contributions"
    # As small as it gets: one song listened to, one song recommended.
    assert failure["example"]["input"]["no_recom_songs"] == 1
    assert len(failure["example"]["input"]["listened_songs"]) == 1
    assert len(failure["example"]["output"]["songs"]) == 1


def test_a_limit_that_is_passed_ends_with_1(sound: Path) -> None:
    done = run(sound, "--limit-ms", "0.0001")
    assert done.exit_code == 1
    assert "the limit is 0.0001" in done.stdout


def test_what_needs_the_dataset_is_skipped_without_it_and_that_is_no_failure(sound: Path) -> None:
    done = run(sound)
    assert done.exit_code == 0, done.output
    assert "needs --dataset" in done.stdout
    assert "0 failed, 10 skipped" in done.stdout


def test_where_there_is_no_model_it_ends_with_2_and_a_line(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "saved_model.pb").write_bytes(b"\xff\xff")
    halved = shutil.copytree(sound, tmp_path / "halved")
    shutil.rmtree(halved / "variables")
    expected = {
        tmp_path / "none": "no such folder",
        tmp_path / "empty": "the folder is empty",
        tmp_path / "other": "no saved_model.pb in it",
        tmp_path / "damaged": "no SavedModel",
        halved: "cannot be loaded",
        sound.parent: f"holds versions; name one of them, such as {sound}",
    }
    for folder, reason in expected.items():
        done = run(folder)
        assert done.exit_code == 2, done.output
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1


def test_an_operation_of_a_custom_library_is_named(sound: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sound, tmp_path / "custom")
    content = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(content.replace(b"\x06Einsum", b"\x06Scann1"))
    done = run(folder)
    assert done.exit_code == 2
    assert "needs operations that TensorFlow has not: Scann1" in done.stderr


@pytest.mark.parametrize("arguments", [("--limit-ms", "-1"), ("--limit-ms", "x"), ("--nothing",)])
def test_wrong_usage_ends_with_2(sound: Path, arguments: tuple[str, ...]) -> None:
    assert run(sound, *arguments).exit_code == 2


def test_a_model_that_writes_files_ends_with_1_and_is_not_run(sound: Path, tmp_path: Path) -> None:
    folder, target = shutil.copytree(sound, tmp_path / "writing"), tmp_path / "results.json"
    content = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(content.replace(b"\x06Einsum", b"\x06SaveV2"))
    done = run(folder, "--json", target)
    assert done.exit_code == 1, done.output
    assert "reads, writes or sends beyond the model: SaveV2" in done.stdout
    told = json.loads(target.read_text())
    assert told["counts"] == {"passed": 0, "failed": 1, "skipped": len(told["checks"]) - 1}


def test_a_dataset_that_is_none_ends_with_2(sound: Path, tmp_path: Path) -> None:
    done = run(sound, "--dataset", tmp_path / "none")
    assert done.exit_code == 2
    assert "no such folder" in done.stderr


def test_results_that_cannot_be_written_end_with_2_before_anything_is_checked(
    sound: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path / "none" / "results.json", tmp_path / "file" / "x.json", tmp_path):
        done = run(sound, "--json", target)
        assert done.exit_code == 2, done.output
        assert str(target) in "".join(done.stderr.split())
        assert done.stdout == ""
    assert not (tmp_path / "none").exists()


def test_a_model_of_another_dataset_fails(sound: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "other", synthetic_dataset(90, 12, 5))
    done = run(sound, "--dataset", tmp_path / "other")
    assert done.exit_code == 1
    assert "its songs are not those of the dataset" in done.stdout


def test_the_command_is_one_of_segue_model_and_loads_no_tensorflow_to_say_what_is_missing(
    tmp_path: Path,
) -> None:
    program = (
        "import sys; from segue_model.__main__ import main\n"
        f"try: main(['check', {str(tmp_path / 'none')!r}])\n"
        "except SystemExit as end: print(end.code, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "False"]
    assert "no such folder" in done.stderr
