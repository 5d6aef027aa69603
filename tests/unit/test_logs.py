"""The server's log takes whatever callers send."""

import subprocess
import sys

import pytest

LOGS = r"""
import structlog
from segue_server.logs import set_up_logs
set_up_logs("info", as_json={as_json})
structlog.get_logger().info("asked", query="half-\ud800")
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_surrogate_is_logged_as_its_number(*, as_json: bool) -> None:
    command = [sys.executable, "-c", LOGS.format(as_json=as_json)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert r"half-\ud800" in ran.stdout
