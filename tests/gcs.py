"""An object store that speaks Google's API, of one's own, for tests of `gs://` paths."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SERVER: Final = shutil.which("fake-gcs-server", path=f"{ROOT}/.tools/bin:{os.defpath}")
READY_SECONDS: Final = 10.0


class Bucket:
    """A server on a free port of 127.0.0.1 with one bucket, kept in memory."""

    def __init__(self, name: str) -> None:
        assert SERVER is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.url = f"gs://{name}"
        self._name = name
        place = ("-scheme", "http", "-host", "127.0.0.1", "-port", str(port))
        self._process = subprocess.Popen(
            (SERVER, *place, "-backend", "memory", "-public-host", f"127.0.0.1:{port}"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self._post("/storage/v1/b", f'{{"name": "{name}"}}'.encode())

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Google's clients turn to this server."""
        return {**os.environ, "STORAGE_EMULATOR_HOST": self.address}  # noqa: TID251 - passed on

    def put(self, path: str, content: bytes) -> None:
        """Make an object."""
        name = urllib.parse.quote(path, safe="")
        self._post(f"/upload/storage/v1/b/{self._name}/o?uploadType=media&name={name}", content)

    def get(self, path: str) -> bytes:
        """Return what an object holds."""
        name = urllib.parse.quote(path, safe="")
        return self._get(f"/storage/v1/b/{self._name}/o/{name}?alt=media")

    def paths(self, prefix: str) -> list[str]:
        """Return the paths of the objects that begin with `prefix`."""
        found = json.loads(self._get(f"/storage/v1/b/{self._name}/o?prefix={prefix}"))
        return sorted(item["name"] for item in found.get("items", []))

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(10)

    def _wait(self) -> None:
        last = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._get("/storage/v1/b?project=test")
            except OSError:
                assert time.monotonic() < last, "the bucket server does not answer"
                time.sleep(0.05)
            else:
                return

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}") as answer:
            content: bytes = answer.read()
            return content

    def _post(self, path: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}{path}", body, headers)
        urllib.request.urlopen(request).close()
