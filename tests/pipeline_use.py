"""Runs the data pipeline as its users do, in its own environment, and compares what it makes."""

import hashlib
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SEGUE_MODEL: Final = ROOT / ".venv-pipeline/bin/segue-model"


def is_installed() -> bool:
    """Whether the environment is there."""
    return SEGUE_MODEL.exists()


def start(
    source: str, output: Path | str, *options: str, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `segue-model ingest`, in a group of processes of its own."""
    return subprocess.Popen(
        (str(SEGUE_MODEL), "ingest", "--source", source, "--output", str(output), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )


def ingest(
    source: str, output: Path | str, *options: str, env: dict[str, str] | None = None
) -> str:
    """Run `segue-model ingest` and return what it printed."""
    process = start(source, output, *options, env=env)
    printed, errors = process.communicate(timeout=110)
    assert process.returncode == 0, errors
    return printed


def failure(source: str, output: Path | str, *options: str) -> str:
    """Run `segue-model ingest`, which must fail, and return what it said of that."""
    process = start(source, output, *options)
    _, errors = process.communicate(timeout=110)
    assert process.returncode != 0
    assert "Traceback" not in errors
    return errors


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder, by its path within."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
