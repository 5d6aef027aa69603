"""models.config changes while requests run: models come and go, labels move, nothing fails."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from integration.model_server_fixtures import ModelServer, config, eventually
from integration.model_server_toy import SLOW, export, flat_request, outputs, request
from segue_model.serving.untyped import Message

WAIT = 0.1


class Configured:
    """A model server that reads its configuration anew ten times a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "models.config"
        export(folder / "toy", 1, warmups=1)
        shutil.copytree(folder / "toy" / "1", folder / "toy" / "2")
        shutil.copytree(folder / "toy" / "1", folder / "other" / "1")
        self.write(toy=self.toy(stable=1))
        self.server = ModelServer(
            folder / "log",
            (
                f"--model_config_file={self.file}",
                f"--model_config_file_poll_wait_seconds={WAIT}",
                f"--file_system_poll_wait_seconds={WAIT}",
            ),
        ).ready()

    def toy(self, count: int = 2, **labels: int) -> str:
        named = "".join(f"version_labels {{ key: '{k}' value: {v} }}" for k, v in labels.items())
        policy = f"model_version_policy {{ latest {{ num_versions: {count} }} }}"
        return f"base_path: '{self.folder / 'toy'}' {policy} {named}"

    def other(self) -> str:
        return f"base_path: '{self.folder / 'other'}'"

    def write(self, **models: str) -> None:
        self.file.write_text(config(**models))

    def ask(self, model: str, label: str = "") -> Message:
        message = flat_request([1], 1, model)
        if label:
            message.model_spec.version_label = label
        return self.server.predict(message)

    def version(self, label: str, model: str = "toy") -> int:
        return int(self.ask(model, label).model_spec.version.value)

    def refuses(self, model: str, label: str = "") -> str:
        """Return the status code of a refusal; empty when it answers."""
        try:
            self.ask(model, label)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code.name
        return ""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configured]:
    at = Configured(tmp_path_factory.mktemp("configured"))
    yield at
    at.server.stop()


@pytest.fixture
def asking(at: Configured) -> Iterator[list[int]]:
    """Ask for the label `stable` all the time; yields the versions that answered so far."""
    eventually(lambda: at.server.serves("toy", 1, 2))
    at.write(toy=at.toy(stable=1))
    eventually(lambda: not at.refuses("toy", "stable") and at.version("stable") == 1)
    seen: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.01):
            seen.append(at.version("stable"))

    with ThreadPoolExecutor(2) as pool:
        askers = [pool.submit(ask) for _ in range(2)]
        yield seen
        done.set()
        for asker in askers:
            asker.result()


def test_a_label_moves_and_moves_back_under_load(at: Configured, asking: list[int]) -> None:
    for version in (2, 1, 2, 1):
        at.write(toy=at.toy(stable=version))
        eventually(lambda version=version: asking[-1:] == [version])  # type: ignore[misc]
    assert len(asking) > 50


def test_a_label_stays_until_the_version_that_it_moves_to_serves(
    at: Configured, asking: list[int]
) -> None:
    used = at.server.text().count("is in use")
    at.write(toy=at.toy(count=3, stable=3))
    eventually(lambda: at.server.text().count("is in use") > used)
    before = len(asking)
    eventually(lambda: len(asking) > before + 30)
    assert asking[-1] == 1
    export(at.folder / "toy", 3, warmups=0)
    eventually(lambda: asking[-1] == 3)
    at.write(toy=at.toy(count=3, stable=1))
    eventually(lambda: asking[-1] == 1)
    shutil.rmtree(at.folder / "toy" / "3")
    eventually(lambda: at.server.serves("toy", 1, 2))


def test_a_version_that_a_label_leaves_may_go_at_once(at: Configured, asking: list[int]) -> None:
    at.write(toy=at.toy(count=1, stable=2))
    eventually(lambda: at.server.serves("toy", 2))
    eventually(lambda: asking[-1] == 2)
    at.write(toy=at.toy(stable=2))
    eventually(lambda: at.server.serves("toy", 1, 2))


def test_a_model_that_is_added_serves_and_one_that_is_removed_does_not(
    at: Configured, asking: list[int]
) -> None:
    assert at.refuses("other") == "NOT_FOUND"
    at.write(toy=at.toy(stable=1), other=at.other())
    eventually(lambda: at.server.serves("other", 1))
    assert outputs(at.ask("other"))["recom_songs_ids"] == [1001]
    at.write(toy=at.toy(stable=1))
    eventually(lambda: at.refuses("other") == "NOT_FOUND")
    eventually(lambda: at.server.says("model other version 1: retired"))
    at.write(toy=at.toy(stable=1), other=at.other())
    eventually(lambda: at.server.serves("other", 1))
    at.write(toy=at.toy(stable=1))
    eventually(lambda: at.refuses("other") == "NOT_FOUND")


def test_a_request_in_flight_ends_on_the_model_that_is_removed(
    at: Configured, asking: list[int]
) -> None:
    at.write(toy=at.toy(stable=1), other=at.other())
    eventually(lambda: at.server.serves("other", 1))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(at.server.predict, request(SLOW, "other", loops=[300_000]), 60)
        at.write(toy=at.toy(stable=1))
        eventually(lambda: at.refuses("other") == "NOT_FOUND")
        assert not slow.done()
        assert slow.result().model_spec.version.value == 1


def test_a_label_that_is_taken_away_is_refused(at: Configured, asking: list[int]) -> None:
    at.write(toy=at.toy(stable=1, canary=2))
    eventually(lambda: not at.refuses("toy", "canary"))
    assert at.version("canary") == 2
    at.write(toy=at.toy(stable=1))
    eventually(lambda: at.refuses("toy", "canary") == "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model_config_list {", "models.config:1:"),
        ("", "names no model"),
        (config(toy="base_path: 'relative'"), "config[0] (toy).base_path"),
    ],
    ids=["no text format", "empty", "a wrong field"],
)
def test_a_configuration_at_fault_is_told_once_and_changes_nothing(
    at: Configured, asking: list[int], text: str, told: str
) -> None:
    at.file.write_text(text)
    eventually(lambda: at.server.says(told))
    before = len(asking)
    eventually(lambda: len(asking) > before + 50)
    assert at.server.text().count(told) == 1
    assert asking[-1] == 1


def test_a_configuration_that_vanishes_is_told_and_changes_nothing(
    at: Configured, asking: list[int]
) -> None:
    at.file.unlink()
    eventually(lambda: at.server.says("No such file or directory"))
    assert at.version("stable") == 1
