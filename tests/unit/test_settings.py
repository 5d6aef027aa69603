"""Settings come from the environment, and wrong ones stop the start with their names."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def start(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segue_server", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_print_config_tells_every_setting_and_hides_the_password() -> None:
    done = start(
        "--print-config",
        SEGUE_CATALOG_URL="mysql+pymysql://segue:s3cr3t@db/segue",
        SEGUE_ENGINES='{"a": "model-a"}',
        SEGUE_DEFAULT_ENGINE="a",
    )
    printed = json.loads(done.stdout)
    assert printed["catalog_url"] == "mysql+pymysql://segue:***@db/segue"
    assert printed["engines"] == {"a": "model-a"}
    assert printed["deadline"] == 2.0
    assert "s3cr3t" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SEGUE_LISTEN", "nowhere"),
        ("SEGUE_DEADLINE", "-1"),
        ("SEGUE_LISTEN", "localhost:99999"),
        ("SEGUE_ENGINES", "{}"),
        ("SEGUE_ENGINES", "not JSON"),
        ("SEGUE_DEFAULT_ENGINE", "tarot"),
        ("SEGUE_CATALOG_CONNECTIONS", "many"),
        ("SEGUE_LOG_LEVEL", "loud"),
        ("SEGUE_ENGINES", '{"content": "grpc://nowhere/content"}'),
        ("SEGUE_ENGINES", '{"content": "http://localhost:1/nobody:predict"}'),
        ("SEGUE_TOKEN_KEY", "short"),
        ("SEGUE_TRAFFIC_FILE", "/no/such/file"),
    ],
)
def test_a_wrong_setting_is_named(variable: str, value: str) -> None:
    done = start(**{variable: value})
    assert done.returncode == 2
    assert variable in done.stderr
    assert "Traceback" not in done.stderr


def test_a_traffic_file_at_fault_stops_the_start_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "traffic.json"
    file.write_text('{"engines": {"content": "content"}, "default": "tarot"}')
    done = start(SEGUE_TRAFFIC_FILE=str(file))
    assert done.returncode == 2
    assert f"SEGUE_TRAFFIC_FILE: {file}: default: 'tarot'" in done.stderr
    assert "Traceback" not in done.stderr


def test_print_config_tells_the_traffic_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "traffic.json"
    file.write_text('{"engines": {"a": "model-a"}, "default": "a"}')
    done = start("--print-config", SEGUE_TRAFFIC_FILE=str(file))
    told = {"engines": {"a": "model-a"}, "default": "a", "experiment": None}
    assert json.loads(done.stdout)["traffic"] == told


def test_print_config_names_what_is_wrong_with_the_traffic_file(tmp_path: Path) -> None:
    file = tmp_path / "traffic.json"
    file.write_text('{"engines": {"a": "model-a"}, "default": "tarot"}')
    done = start("--print-config", SEGUE_TRAFFIC_FILE=str(file))
    assert done.returncode == 2
    assert f"SEGUE_TRAFFIC_FILE: {file}: default: 'tarot'" in done.stderr


def test_beside_a_traffic_file_the_default_engine_counts_not(tmp_path: Path) -> None:
    file = tmp_path / "traffic.json"
    file.write_text('{"engines": {"item-item": "item-item"}, "default": "item-item"}')
    done = start("--print-config", SEGUE_TRAFFIC_FILE=str(file), SEGUE_DEFAULT_ENGINE="item-item")
    assert done.returncode == 0


def test_the_token_key_is_never_printed() -> None:
    done = start("--print-config", SEGUE_TOKEN_KEY="a key that nobody knows")
    assert json.loads(done.stdout)["token_key"] == "*" * 10
    assert "nobody knows" not in done.stdout + done.stderr


def test_a_wrong_catalog_url_is_named() -> None:
    done = start(SEGUE_CATALOG_URL="oracle://nope")
    assert done.returncode == 2
    assert "SEGUE_CATALOG_URL" in done.stderr
    assert "Traceback" not in done.stderr
