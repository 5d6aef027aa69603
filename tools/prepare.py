"""From a dataset folder to models and a catalog, doing again only what has changed."""

import hashlib
import subprocess
import sys
from pathlib import Path

from stack import ROOT, Stack

SAMPLE = ROOT / ".segue" / "sample"
SAMPLE_FLAGS = ("--songs", "10000", "--listeners", "5000", "--seed", "7")
SAMPLE_SIZE = " ".join(SAMPLE_FLAGS)


class PreparationFailed(Exception):
    """A command failed, which has said why, or there is nothing to prepare."""


def home_of(dataset: Path | None) -> Path:
    """Return the folder for what is made of a dataset, the sample when there is none."""
    if dataset is None:
        return SAMPLE
    path = dataset.resolve()
    return SAMPLE.parent / f"{path.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def prepare(dataset: Path | None, stack: Stack) -> None:
    """Make models and catalog of the dataset, or of a sample made first.

    Raises: PreparationFailed.
    """
    folder = stack.home / "dataset"
    made_of = stack.home / "made-of"
    # The files for the model server name the folder, which may have been moved or copied.
    now = f"{stack.home}\n" + (_state(dataset) if dataset else SAMPLE_SIZE) + _code()
    stack.home.mkdir(parents=True, exist_ok=True)
    new = not stack.engines or not made_of.exists() or made_of.read_text() != now
    if new:
        made_of.unlink(missing_ok=True)
        _dataset(dataset, folder)
    _catalog(folder, stack)
    if new:
        _models(folder, stack)
        for kept in stack.reset():
            print(f"{kept.stem} is made anew; what it said is in {kept}.", flush=True)
        made_of.write_text(now)
    else:
        print("The models are up to date.", flush=True)


def _dataset(dataset: Path | None, folder: Path) -> None:
    """Check a user's dataset and complete what may be left out of it, or invent the sample."""
    output = ("--output", str(folder))
    if dataset:
        command = ("segue_model", "dataset", "complete", *output, str(dataset))
        _run(f"Reading {dataset}", *command)
    else:
        _run("Inventing a sample", "segue_model", "dataset", "synthetic", *SAMPLE_FLAGS, *output)


def _catalog(dataset: Path, stack: Stack) -> None:
    load = ("segue_server.catalog", "load", "--url", stack.catalog, "--if-changed", str(dataset))
    _run("Setting up the catalog", "segue_server.catalog", "migrate", "--url", stack.catalog)
    _run("Loading the catalog", *load)
    migrate = ("segue_server.activity", "migrate", "--url", stack.activity)
    _run("Setting up the playlists", *migrate)


def _models(dataset: Path, stack: Stack) -> None:
    train = ("segue_model", "train", "--output", str(stack.models), str(dataset))
    _run("Training the engines", *train)


def _state(dataset: Path) -> str:
    """Return what tells whether the files of a dataset were written since."""
    if not dataset.is_dir():
        raise PreparationFailed(f"SEGUE_DATASET: there is no folder {dataset}")
    stats = sorted((path.name, path.stat()) for path in dataset.iterdir() if path.is_file())
    return "".join(f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in stats)


def _code() -> str:
    """Return what tells whether the code that makes models is another one since."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "model").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(what: str, module: str, *arguments: str) -> None:
    print(f"{what} …", flush=True)
    done = subprocess.run((sys.executable, "-m", module, *arguments), check=False)
    if done.returncode != 0:
        raise PreparationFailed(f"{what} failed: see above")
