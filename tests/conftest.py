"""What every test may ask for."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import real_songs
from commands import command
from mariadb import MariaDB, is_installed
from running_stack import RunningStack
from stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent
SONGS, LISTENERS, SEED = 2_000, 500, 3
IN_CI = "CI" in os.environ  # noqa: TID251 - tests read where they run, not settings


def not_installed(what: str) -> None:
    """Skip with the reason; where everything must be there, fail."""
    reason = f"{what} is not installed: `make system` says how"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real songs; tests that use it are required where it exists."""
    folder = real_songs.folder()
    if not folder.is_dir():
        pytest.skip("no real songs here: SEGUE_REAL_DATA names their folder")
    return folder


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A running MariaDB server; a test that stops or pauses it starts or resumes it again."""
    if not is_installed():
        not_installed("MariaDB")
    server = MariaDB()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def grpcurl() -> str:
    """The path of grpcurl."""
    found = shutil.which("grpcurl", path=f"{ROOT}/.tools/bin:{os.environ['PATH']}")  # noqa: TID251
    if found is None:
        not_installed("grpcurl")
    return str(found)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of a dataset and its models, made once for all processes that run tests."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine if worker_id == "master" else mine.parent) / "trained"
    with folder.with_suffix(".lock").open("w") as lock:
        # Only one process makes it; it takes the others no longer to wait than to make their own.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            size = ("--songs", str(SONGS), "--listeners", str(LISTENERS), "--seed", str(SEED))
            made, models = str(partial / "dataset"), str(partial / "models")
            command("segue_model", "dataset", "synthetic", *size, "--output", made)
            command("segue_model", "train", "--output", models, made)
            partial.rename(folder)
    return folder


@pytest.fixture(scope="session")
def dataset(trained: Path) -> Path:
    """The dataset of the running stack; not to be written to."""
    return trained / "dataset"


@pytest.fixture(scope="session")
def running(
    trained: Path,
    dataset: Path,
    mariadb: MariaDB,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningStack]:
    """One running stack for all tests: embedded model server, MariaDB, server, Envoy."""
    home = tmp_path_factory.mktemp("e2e")
    shutil.copytree(trained / "models", home / "models")
    stack = Stack(home, Ports.free(), mariadb.create_database("e2e"))
    command("segue_server.catalog", "migrate", "--url", stack.catalog)
    command("segue_server.catalog", "load", "--url", stack.catalog, str(dataset))
    command("segue_server.activity", "migrate", "--url", stack.activity)
    running = RunningStack(stack)
    try:
        running.start_all()
        yield running
    finally:
        running.stop_all()
