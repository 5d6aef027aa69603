"""The real Envoy with the project's own configuration, for tests; on free ports of the loopback."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVOY = Path(sys.executable).with_name("envoy")
RENDER = ROOT / "envoy" / "render.py"
LOCAL = ROOT / "envoy" / "values" / "local.env"
DESCRIPTORS = ROOT / "protos" / "gen" / "segue" / "v1" / "segue.binpb"
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Envoy:
    """A running Envoy: the port of its callers, the port of its admin page, its log."""

    port: int
    admin_port: int
    access_log: Path

    def request(
        self,
        verb: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask as it stands: nothing of the path is quoted."""
        return ask(self.port, verb, path, body, headers)

    def get(self, path: str, **headers: str) -> Reply:
        return self.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    def post(self, path: str, message: object) -> Reply:
        return self.request("POST", path, json.dumps(message).encode())

    def until(self, path: str, status: int) -> Reply:
        """Return the first reply with the status; fail when none comes in time."""
        end = time.monotonic() + PATIENCE
        while (reply := self.get(path)).status != status:
            assert time.monotonic() < end, f"{path} is still {reply.status}, not {status}"
            time.sleep(0.05)
        return reply

    def logged(self, request_id: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Return the line of the access log about one request."""
        end = time.monotonic() + PATIENCE
        while True:
            lines = [json.loads(line) for line in self.access_log.read_text().splitlines()]
            found = [line for line in lines if line["request_id"] == request_id]
            if found:
                return found[0]
            assert time.monotonic() < end, f"no line about {request_id}"
            time.sleep(0.05)


def ask(
    port: int, verb: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(verb, path, body, dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, names, response.read())
    finally:
        connection.close()


def rendered(**values: str) -> str:
    """Return the configuration for this machine with some values replaced."""
    sets = [f"--set={name}={value}" for name, value in values.items()]
    command = [sys.executable, str(RENDER), str(LOCAL), *sets]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listening_port(admin_port: int) -> int:
    reply = ask(admin_port, "GET", "/listeners?format=json", None, None)
    (listener,) = reply.json["listener_statuses"]
    return int(listener["local_address"]["socket_address"]["port_value"])


def admin_address(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    """Return the admin port once Envoy is ready; fail with Envoy's own words when it is not."""
    written = folder / "admin"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if written.exists() and (text := written.read_text()):
            port = int(text.rpartition(":")[2])
            if ask(port, "GET", "/ready", None, None).status == http.client.OK:
                return port
        time.sleep(0.02)
    raise AssertionError((folder / "errors").read_text())


@contextmanager
def running_envoy(server_port: int) -> Iterator[Envoy]:
    """Run Envoy in front of a server; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="segue-envoy-") as name:
        folder = Path(name)
        configuration = folder / "envoy.yaml"
        configuration.write_text(
            rendered(
                LISTEN_PORT="0",
                ADMIN_PORT="0",
                SERVER_PORT=str(server_port),
                DESCRIPTORS=str(DESCRIPTORS),
                OPENAPI=str(DESCRIPTORS.with_name("openapi.json")),
                SPLIT_SONGS=str(ROOT / "envoy" / "split_songs.lua"),
                PAGE=str(ROOT / "client" / "web"),
            )
        )
        command = [
            *(str(ENVOY), "-c", str(configuration), "--admin-address-path", str(folder / "admin")),
            *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"),
            *("--file-flush-interval-msec", "50"),
        ]
        access_log = folder / "access"
        with (
            access_log.open("wb") as out,
            (folder / "errors").open("wb") as errors,
            subprocess.Popen(command, stdout=out, stderr=errors) as process,
        ):
            try:
                admin_port = admin_address(process, folder)
                yield Envoy(listening_port(admin_port), admin_port, access_log)
            finally:
                process.terminate()
