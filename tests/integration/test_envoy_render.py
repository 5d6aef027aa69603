"""Each place's configuration is whole, or there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from envoy_process import DESCRIPTORS, ENVOY, LOCAL, RENDER, ROOT, rendered

CLUSTER = LOCAL.with_name("cluster.env")


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(RENDER), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("values", [LOCAL, CLUSTER], ids=lambda path: path.stem)
def test_envoy_accepts_the_configuration_of_each_place(values: Path, tmp_path: Path) -> None:
    sets = (
        f"DESCRIPTORS={DESCRIPTORS}",
        f"SPLIT_SONGS={ROOT / 'envoy' / 'split_songs.lua'}",
        f"PAGE={ROOT / 'client' / 'web'}",
        f"OPENAPI={DESCRIPTORS.with_name('openapi.json')}",
    )
    made = run(str(values), *(f"--set={each}" for each in sets))
    assert made.returncode == 0, made.stderr
    configuration = tmp_path / "envoy.yaml"
    configuration.write_text(made.stdout)
    command = [str(ENVOY), "--mode", "validate", "-c", str(configuration)]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "eprecated" not in checked.stderr
    assert "work-in-progress" not in checked.stderr


def test_the_places_have_the_same_values() -> None:
    names = [
        {line.partition("=")[0] for line in path.read_text().splitlines() if "=" in line}
        for path in (LOCAL, CLUSTER)
    ]
    assert names[0] == names[1]


def test_a_value_replaces_that_of_the_file() -> None:
    assert "port_value: 4711" in rendered(LISTEN_PORT="4711")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("UNHEARD_OF=1", "has no place for UNHEARD_OF"),
        ("LISTEN_PORT=1\nLISTEN_PORT=2", "line 2: LISTEN_PORT is given twice"),
        ("LISTEN_PORT", "line 1: expected NAME=value, found 'LISTEN_PORT'"),
        ("lower=1", "line 1: expected NAME=value"),
        ("LISTEN_ADDRESS=it's", "line 1: LISTEN_ADDRESS needs a printable value"),
        ("LISTEN_ADDRESS=", "line 1: LISTEN_ADDRESS needs a printable value"),
        ("# nothing", "no value for ADMIN_PORT, CORS_ORIGINS"),
    ],
)
def test_wrong_values_make_no_configuration(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "values.env"
    known = LOCAL.read_text() if line.startswith("UNHEARD") else ""
    path.write_text(f"{line}\n{known}")
    made = run(str(path))
    assert (made.returncode, made.stdout) == (1, "")
    assert said in made.stderr
    assert "Traceback" not in made.stderr


def test_a_missing_file_of_values_is_named() -> None:
    made = run("/nowhere/values.env")
    assert made.returncode == 1
    assert "/nowhere/values.env: cannot be read" in made.stderr
