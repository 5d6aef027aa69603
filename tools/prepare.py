"""From a dataset folder to models and a catalog, doing again only what has changed."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from stack import ENGINES, ROOT, Stack

SAMPLE = ROOT / ".segue" / "sample"
SAMPLE_SONGS, SAMPLE_LISTENERS, SAMPLE_SEED = 10_000, 5_000, 7


class PreparationFailed(Exception):
    """A command failed; it has said why."""


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
    stack.home.mkdir(parents=True, exist_ok=True)
    folder = dataset or _sample()
    _catalog(folder, stack)
    _models(folder, stack)


def _sample() -> Path:
    folder = SAMPLE / "dataset"
    if not (folder / "dataset.json").exists():
        _run(
            f"Making a sample of {SAMPLE_SONGS:,} invented songs",
            *("segue_model", "dataset", "synthetic", "--output", str(folder)),
            *("--songs", str(SAMPLE_SONGS), "--listeners", str(SAMPLE_LISTENERS)),
            *("--seed", str(SAMPLE_SEED)),
        )
    return folder


def _catalog(dataset: Path, stack: Stack) -> None:
    load = ("segue_server.catalog", "load", "--url", stack.catalog, "--if-changed", str(dataset))
    _run("Setting up the catalog", "segue_server.catalog", "migrate", "--url", stack.catalog)
    _run("Loading the catalog", *load)


def _models(dataset: Path, stack: Stack) -> None:
    """Train every engine, unless the models are of the dataset as it is now."""
    made_of = stack.models / "made-of"
    now = _state(dataset)
    if made_of.exists() and made_of.read_text() == now:
        print("The models are up to date.", flush=True)
        return
    if not shutil.which("tensorflow_model_server"):
        print("(TensorFlow takes some seconds to load.)", flush=True)
    engines = [part for name in ENGINES for part in ("--engine", name)]
    output = ("--output", str(stack.models))
    _run("Training the engines", "segue_model", "train", *engines, *output, str(dataset))
    made_of.write_text(now)


def _state(dataset: Path) -> str:
    """Return what tells whether the files of a dataset were written since."""
    stats = sorted((path.name, path.stat()) for path in dataset.iterdir() if path.is_file())
    return "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats) + "\n"


def _run(what: str, module: str, *arguments: str) -> None:
    print(f"{what} …", flush=True)
    done = subprocess.run((sys.executable, "-m", module, *arguments), check=False)
    if done.returncode != 0:
        raise PreparationFailed(f"{what} failed")
