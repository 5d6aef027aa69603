"""What `make run` starts."""

import socket
from pathlib import Path

import pytest

from stack import Ports, Stack


def test_the_official_model_server_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = tmp_path / "tensorflow_model_server"
    official.write_text("#!/bin/sh\n")
    official.chmod(0o755)
    (tmp_path / "models" / "content" / "1").mkdir(parents=True)
    embedded = Stack(tmp_path).model_server().command
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Stack(tmp_path).model_server().command
    assert found[0] == str(official)
    # The same flags: either can take the other's place.
    assert found[1:] == embedded[3:]
    assert embedded[1:3] == ("-m", "segue_model.serving")


def test_a_taken_port_is_named_with_what_it_is_for() -> None:
    ports = Ports.free()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.grpc))
        taken.listen()
        assert ports.taken() == [f"{ports.grpc} (grpc)"]
    assert ports.taken() == []
