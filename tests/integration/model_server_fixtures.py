"""The model server as a process, one of them shared by the test modules."""

import atexit
import contextlib
import functools
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from integration.model_server_toy import export
from segue_model.serving.untyped import Message

Value = TypeVar("Value")

_STATES = get_model_status_pb2.ModelVersionStatus.State


def eventually(what: Callable[[], Value], seconds: float = 20) -> Value:
    """Return the first true value of `what`; fail when there is none in time."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)
    return value


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@dataclass
class ModelServer:
    """A model server process; its log is a file."""

    log: Path
    flags: tuple[str, ...]
    port: int = field(default_factory=free_port)
    rest_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "segue_model.serving"]
        ports = [f"--port={self.port}", f"--rest_api_port={self.rest_port}"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*command, *ports, *self.flags], stdout=log, stderr=log)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def ready(self) -> "ModelServer":
        """Return once the server answers."""
        eventually(lambda: self.says("REST at") or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.text()
        return self

    def text(self) -> str:
        return self.log.read_text()

    def says(self, text: str) -> bool:
        return text in self.text()

    def predict(self, message: Message, timeout: float = 20) -> Message:
        return self.prediction.Predict(message, timeout=timeout)

    def states(self, model: str) -> dict[int, str]:
        """Return the states of a model's versions; none when it is not known."""
        wanted = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": model})
        try:
            versions = self.models.GetModelStatus(wanted, timeout=10).model_version_status
        except grpc.RpcError:
            return {}
        return {version.version: _STATES.Name(version.state) for version in versions}

    def serves(self, model: str, *versions: int) -> bool:
        """Tell whether these versions of the model are available and no other."""
        states = self.states(model).items()
        return sorted(versions) == sorted(n for n, state in states if state == "AVAILABLE")

    def stop(self) -> int:
        """Tell the server to stop; return its exit code."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


class Shared:
    """A server that the test modules share, since each start takes TensorFlow's seconds.

    It batches, polls five times a second and serves `toy` (version 1), `pair` (its two newest
    versions, with labels), and `swap` and `copy`, which have a version 1 at first.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="model-server-"))
        for model in ("toy", "pair", "swap", "copy"):
            export(self.base(model), 1, warmups=3)
        shutil.copytree(self.base("pair") / "1", self.base("pair") / "2")
        (self.folder / "models.config").write_text(self._config())
        (self.folder / "batching.config").write_text(
            "max_batch_size { value: 8 } max_enqueued_batches { value: 2 }\n"
            "num_batch_threads { value: 1 } pad_variable_length_inputs: true\n"
        )
        flags = [
            f"--model_config_file={self.folder / 'models.config'}",
            "--file_system_poll_wait_seconds=0.2",
            "--enable_batching",
            f"--batching_parameters_file={self.folder / 'batching.config'}",
            "--enable_grpc_healthcheck_service",
        ]
        self.server = ModelServer(self.folder / "log", tuple(flags)).ready()
        atexit.register(self._end)

    def base(self, model: str) -> Path:
        return self.folder / model

    def _config(self) -> str:
        pair = "model_version_policy { latest { num_versions: 2 } }" + "".join(
            f"version_labels {{ key: '{label}' value: {version} }}"
            for label, version in (("stable", 1), ("canary", 2), ("gone", 9))
        )
        rules = {"toy": "", "pair": pair, "swap": "", "copy": ""}
        return config(**{m: f"base_path: '{self.base(m)}' {rule}" for m, rule in rules.items()})

    def _end(self) -> None:
        self.server.channel.close()
        self.server.process.kill()
        self.server.process.wait()
        shutil.rmtree(self.folder)


@functools.cache
def shared() -> Shared:
    return Shared()


@contextlib.contextmanager
def serving(log: Path, *flags: str) -> Iterator[ModelServer]:
    server = ModelServer(log, flags)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def config(**models: str) -> str:
    """Return a models.config; each value is the fields of a model beside its name."""
    entries = (
        f'config {{ name: {json.dumps(name)} model_platform: "tensorflow" {text} }}'
        for name, text in models.items()
    )
    return f"model_config_list {{ {' '.join(entries)} }}"
