"""What `make run` starts."""

import json
import socket
from pathlib import Path

import pytest

import prepare
from stack import NAME, Ports, Stack


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


def test_what_a_reader_edited_stays_until_the_models_are_made_anew(tmp_path: Path) -> None:
    for name in ("content", "popular"):
        (tmp_path / "models" / name / "1").mkdir(parents=True)
    stack = Stack(tmp_path)
    stack.processes()
    told = json.loads(stack.traffic.read_text())
    assert told == {"engines": {"content": "content", "popular": "popular"}, "default": "content"}
    assert NAME.findall(stack.model_config.read_text()) == ["content", "popular"]
    for file in (stack.traffic, stack.model_config):
        file.write_text("edited")
    stack.processes()
    assert {stack.traffic.read_text(), stack.model_config.read_text()} == {"edited"}
    stack.reset()
    stack.processes()
    assert json.loads(stack.traffic.read_text()) == told


def test_what_a_reader_edited_is_kept_beside_when_the_models_are_made_anew(
    tmp_path: Path,
) -> None:
    (tmp_path / "models" / "content" / "1").mkdir(parents=True)
    stack = Stack(tmp_path)
    stack.processes()
    assert stack.reset() == []
    stack.processes()
    stack.traffic.write_text("edited")
    kept = tmp_path / "traffic.json.old"
    assert stack.reset() == [kept]
    assert kept.read_text() == "edited"
    assert not stack.traffic.exists()
    assert not stack.model_config.exists()


def test_models_are_made_anew_in_a_checkout_that_was_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(prepare, "_run", lambda what, *_: done.append(what))
    first, moved = tmp_path / "first", tmp_path / "moved"
    (first / "models" / "content" / "1").mkdir(parents=True)
    for home in (first, first, moved):
        if home == moved:
            first.rename(moved)
        prepare.prepare(None, Stack(home))
    assert done.count("Training the engines") == 2


def test_a_taken_port_is_named_with_what_it_is_for() -> None:
    ports = Ports.free()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports.grpc))
        taken.listen()
        assert ports.taken() == [f"{ports.grpc} (grpc)"]
    assert ports.taken() == []
