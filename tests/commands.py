"""Runs the project's own commands as their users do."""

import subprocess
import sys


def command(module: str, *arguments: str) -> str:
    """Run one of the project's commands and return what it printed."""
    done = subprocess.run(
        (sys.executable, "-m", module, *arguments), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
