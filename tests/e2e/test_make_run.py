"""`make run` as a user sees it: on real songs, twice, with a taken port, stopped by Ctrl-C."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipeline_use
import real_songs
from conftest import not_installed
from prepare import home_of
from running_stack import wait_for
from stack import Ports

ROOT = Path(__file__).resolve().parents[2]
RUN = (sys.executable, str(ROOT / "tools/run.py"))


class Run:
    """One `make run`, its output read as it comes."""

    def __init__(self, dataset: Path, ports: Ports) -> None:
        self.ports = ports
        self.output = ""
        self.process = subprocess.Popen(
            RUN,
            env=environment(dataset, ports),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait_until_ready(self) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.output
            return "Segue is ready" in self.output

        wait_for("make run", look, patience=220)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports.http}{path}") as answer:
            return json.load(answer)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self._reader.join(5)
        return code

    def close(self) -> None:
        """Stop what still runs, as Ctrl-C does: a killed supervisor would leave its children."""
        if self.process.poll() is None:
            self.interrupt()
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(dataset: Path, ports: Ports) -> dict[str, str]:
    return {
        **os.environ,  # noqa: TID251 - passed on
        "SEGUE_DATASET": str(dataset),
        "SEGUE_HTTP_PORT": str(ports.http),
        "SEGUE_GRPC_PORT": str(ports.grpc),
        "SEGUE_MODEL_PORT": str(ports.model),
        "SEGUE_MODEL_REST_PORT": str(ports.model_rest),
        "SEGUE_ADMIN_PORT": str(ports.admin),
    }


@pytest.fixture(scope="module")
def real_dataset(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real songs as a dataset folder, made by the command that the README names."""
    folder = tmp_path_factory.mktemp("real") / "dataset"
    if not pipeline_use.is_installed():
        not_installed("the data pipeline")
    pipeline_use.ingest("msd", folder, "--input", str(real_data))
    return folder


@pytest.fixture(scope="module")
def songs(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A dataset folder of a user's own: real songs where they are, else invented ones."""
    name = "real_dataset" if real_songs.folder().is_dir() else "dataset"
    folder: Path = request.getfixturevalue(name)
    yield folder
    shutil.rmtree(home_of(folder), ignore_errors=True)


@pytest.fixture(scope="module")
def first_run(songs: Path) -> Iterator[Run]:
    run = Run(songs, Ports.free())
    try:
        run.wait_until_ready()
        yield run
    finally:
        run.close()


def titles(answer: dict[str, Any]) -> list[str]:
    return [item["song"]["title"] for item in answer["recommendations"]]


def test_real_songs_are_recommended_within_their_music(real_dataset: Path, first_run: Run) -> None:
    found = first_run.get("/v1/songs:search?query=metallica")["songs"]
    ids = "|".join(str(song["id"]) for song in found[:3])
    answer = first_run.get(f"/recommend?songs={ids}&k=10")
    assert "degraded" not in answer
    genres = [genre for item in answer["recommendations"] for genre in item["song"]["genres"]]
    assert sum("metal" in genre or "rock" in genre.lower() for genre in genres) > len(genres) / 3
    assert len(set(titles(answer))) == 10


def test_a_second_start_says_which_port_is_taken(first_run: Run, songs: Path) -> None:
    second = subprocess.run(
        RUN,
        env=environment(songs, first_run.ports),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"{first_run.ports.http} (http)" in second.stdout
    assert "SEGUE_HTTP_PORT" in second.stdout


def test_a_bad_row_stops_the_start_and_is_named(songs: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(songs, broken)
    lines = (broken / "songs.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    lines[6] = lines[6].replace(",", ",,", 1)
    (broken / "songs.csv").write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        RUN,
        env=environment(broken, Ports.free()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    shutil.rmtree(home_of(broken), ignore_errors=True)
    assert done.returncode == 1
    assert "songs.csv:7" in done.stderr
    assert "failed: see above" in done.stdout


def test_output_has_the_name_of_its_process_in_front(first_run: Run) -> None:
    first_run.get("/recommend?songs=5&k=1")
    wait_for("log lines", lambda: "RecommendSongs" in first_run.output, patience=10)
    after = first_run.output.split("Segue is ready")[1]
    assert any(line.startswith("server       | {") for line in after.splitlines())


def test_a_process_that_dies_is_started_again(first_run: Run) -> None:
    children = subprocess.run(
        ("pgrep", "-P", str(first_run.process.pid), "-f", "segue_server"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    os.kill(int(children[0]), signal.SIGKILL)
    wait_for("the word of it", lambda: "starting it again" in first_run.output, patience=10)

    def answers() -> bool:
        try:
            return bool(first_run.get("/recommend?songs=5&k=1"))
        except OSError:
            return False

    wait_for("the server", answers, patience=30)


def test_ctrl_c_stops_everything_and_the_next_start_takes_seconds(
    first_run: Run, songs: Path
) -> None:
    assert first_run.interrupt() == 0
    assert first_run.output.rstrip().endswith("Stopped.")
    for port in (first_run.ports.http, first_run.ports.grpc, first_run.ports.model):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    started = time.monotonic()
    again = Run(songs, Ports.free())
    try:
        again.wait_until_ready()
        took = time.monotonic() - started
        assert "The models are up to date." in again.output
        assert again.interrupt() == 0
    finally:
        again.close()
    assert took < 60, "nothing was to be made again"
