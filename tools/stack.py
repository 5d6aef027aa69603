"""The processes of Segue on one machine: what each is started with, and when each is ready.

`make run` and the end-to-end tests start the same stack from here.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ENVOY = ROOT / "envoy"
PAGE = ROOT / "client" / "web"
DESCRIPTORS = ROOT / "protos/gen/segue/v1/segue.binpb"
OPENAPI = DESCRIPTORS.with_name("openapi.json")
DEFAULT_ENGINE = "content"
LOCALHOST = "127.0.0.1"
NAME = re.compile(r"""\bname:\s*["']([^"']+)""")


@dataclass(frozen=True)
class Ports:
    """A port for everything that listens."""

    http: int = 8080
    grpc: int = 50051
    model: int = 8500
    model_rest: int = 8501
    admin: int = 9901

    @classmethod
    def free(cls) -> "Ports":
        """Return ports that nobody uses now."""
        sockets = [socket.socket() for _ in range(5)]
        for one in sockets:
            one.bind((LOCALHOST, 0))
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        return cls(*ports)

    def taken(self) -> list[str]:
        """Return the names and numbers of the ports on which something listens already."""
        return [f"{number} ({name})" for name, number in vars(self).items() if _listens(number)]


@dataclass(frozen=True)
class Process:
    """A command to run; `env` is what it needs beyond the environment of its parent."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """The processes over a folder `home`, which holds the models and all that is written.

    The catalog is there too, unless `catalog_url` says otherwise.
    """

    home: Path
    ports: Ports = field(default_factory=Ports)
    catalog_url: str = ""

    @property
    def models(self) -> Path:
        """The folder of the models, one folder of versions each."""
        return self.home / "models"

    @property
    def catalog(self) -> str:
        """The URL of the catalog's database."""
        return self.catalog_url or f"sqlite:///{self.home / 'catalog.db'}"

    @property
    def activity(self) -> str:
        """The URL of the database of what listeners keep."""
        return f"sqlite:///{self.home / 'activity.db'}"

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that there are models of, by name."""
        with_versions = (folder.parent.name for folder in self.models.glob("*/[0-9]*"))
        return tuple(sorted(set(with_versions)))

    def processes(self) -> tuple[Process, ...]:
        """Return all processes, in the order in which they are best started."""
        return (self.model_server(), self.server(), self.envoy())

    @property
    def model_config(self) -> Path:
        """The file that tells the model server its models; it may be edited at run time."""
        return self.home / "models.config"

    @property
    def traffic(self) -> Path:
        """The file that tells the server its engines; it may be edited at run time."""
        return self.home / "traffic.json"

    def model_server(self) -> Process:
        """Return the official model server where it is installed, else the embedded one."""
        if not self.model_config.exists():
            self.model_config.write_text(self._told_models())
        self._write_batching_parameters()
        official = shutil.which("tensorflow_model_server")
        program = (official,) if official else (sys.executable, "-m", "segue_model.serving")
        flags = {
            "port": self.ports.model,
            "rest_api_port": self.ports.model_rest,
            "model_config_file": self.model_config,
            "model_config_file_poll_wait_seconds": 1,
            "file_system_poll_wait_seconds": 1,
            # Both are 0 by default: requests would wait while a version is loaded or dropped.
            "num_load_threads": 1,
            "num_unload_threads": 1,
            "enable_batching": "true",
            "batching_parameters_file": self.home / "batching.config",
        }
        return Process(
            "model-server", (*program, *(f"--{name}={value}" for name, value in flags.items()))
        )

    def server(self) -> Process:
        """Return the gRPC server."""
        if not self.traffic.exists():
            self.traffic.write_text(self._told_traffic())
        env = {
            "SEGUE_LISTEN": f"{LOCALHOST}:{self.ports.grpc}",
            "SEGUE_MODEL_SERVER": f"{LOCALHOST}:{self.ports.model}",
            "SEGUE_TRAFFIC_FILE": str(self.traffic),
            "SEGUE_CATALOG_URL": self.catalog,
            "SEGUE_ACTIVITY_URL": self.activity,
        }
        return Process("server", (sys.executable, "-m", "segue_server"), env)

    def envoy(self) -> Process:
        """Return Envoy, whose configuration is written to `home`."""
        values = {
            "LISTEN_PORT": self.ports.http,
            "ADMIN_PORT": self.ports.admin,
            "SERVER_PORT": self.ports.grpc,
            "DESCRIPTORS": DESCRIPTORS,
            "OPENAPI": OPENAPI,
            "SPLIT_SONGS": ENVOY / "split_songs.lua",
            "PAGE": PAGE,
        }
        settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
        render = [str(ENVOY / "render.py"), str(ENVOY / "values/local.env"), *settings]
        done = subprocess.run([sys.executable, *render], check=True, stdout=subprocess.PIPE)
        config = self.home / "envoy.yaml"
        config.write_bytes(done.stdout)
        command = (str(BIN / "envoy"), "-c", str(config), "--log-level", "warning")
        # One worker is enough here, and its log is wanted at once.
        options = ("--concurrency", "1", "--file-flush-interval-msec", "200")
        return Process("envoy", (*command, *options, "--disable-hot-restart"))

    def waiting_for(self) -> str | None:
        """Return what is not ready yet, `None` when everything answers."""
        configured = NAME.findall(self.model_config.read_text())
        if not all(self._is_served(name) for name in configured):
            return "the model server"
        if not _is_healthy(self.ports.grpc, "segue.v1.CatalogService"):
            return "the server"
        return None if _answers(f"http://{LOCALHOST}:{self.ports.http}/healthz") else "Envoy"

    def _is_served(self, name: str) -> bool:
        status = _answers(f"http://{LOCALHOST}:{self.ports.model_rest}/v1/models/{name}")
        return b'"AVAILABLE"' in (status or b"")

    def reset(self) -> list[Path]:
        """Let the files for models and traffic be made anew.

        Those that say something else than they will then get `.old` behind their names, and are
        returned by these.
        """
        said = {self.model_config: self._told_models(), self.traffic: self._told_traffic()}
        there = [file for file in said if file.exists()]
        edited = [file for file in there if file.read_bytes() != said[file].encode()]
        kept = [file.replace(file.with_name(f"{file.name}.old")) for file in edited]
        for file in said:
            file.unlink(missing_ok=True)
        return kept

    def _told_models(self) -> str:
        entries = "".join(
            f'  config {{\n    name: "{name}"\n    base_path: "{self.models / name}"\n'
            '    model_platform: "tensorflow"\n  }\n'
            for name in self.engines
        )
        return f"model_config_list {{\n{entries}}}\n"

    def _told_traffic(self) -> str:
        told = {"engines": {name: name for name in self.engines}, "default": DEFAULT_ENGINE}
        return json.dumps(told, indent=2) + "\n"

    def _write_batching_parameters(self) -> None:
        # What is queued is taken at once: waiting for more would slow a single caller.
        (self.home / "batching.config").write_text(
            "max_batch_size { value: 32 }\nbatch_timeout_micros { value: 0 }\n"
            "max_enqueued_batches { value: 64 }\nnum_batch_threads { value: 2 }\n"
            "pad_variable_length_inputs: true\n"
        )


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex((LOCALHOST, port)) == 0


def _answers(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - of this machine
            body: bytes = answer.read() or b" "
            return body
    except OSError:
        return None


def _is_healthy(port: int, service: str) -> bool:
    with grpc.insecure_channel(f"{LOCALHOST}:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            health = check(health_pb2.HealthCheckRequest(service=service), timeout=2)
        except grpc.RpcError:
            return False
        return bool(health.status == health_pb2.HealthCheckResponse.SERVING)
