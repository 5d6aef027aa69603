"""The whole stack as real processes on free ports, to be asked, killed and started again."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from stack import Process, Stack

PATIENCE = 90.0
Seen = TypeVar("Seen")


def wait_for(what: str, look: Callable[[], Seen | None], patience: float = PATIENCE) -> Seen:
    """Return what `look` returns once it is true; fail when it takes too long."""
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if seen := look():
            return seen
        time.sleep(0.1)
    raise AssertionError(f"waited {patience:.0f} s for {what}")


class RunningStack:
    """Starts every process of a stack; the output of each goes to a file in its home."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._specs = {process.name: process for process in stack.processes()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start_all(self) -> None:
        for name in self._specs:
            self.start(name)
        self.wait_until_ready()

    def start(self, name: str) -> None:
        spec: Process = self._specs[name]
        env = {**os.environ, **spec.env}  # noqa: TID251 - passed on
        with self.log_of(name).open("ab") as log:
            self._running[name] = subprocess.Popen(spec.command, env=env, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        self._running[name].kill()
        self._running[name].wait()

    def stop(self, name: str) -> None:
        self._running[name].terminate()
        self._running[name].wait(20)

    def threads(self, name: str) -> list[Path]:
        return list(Path(f"/proc/{self.pid(name)}/task").iterdir())

    def pause(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGCONT)

    def stop_all(self) -> None:
        for process in reversed(self._running.values()):
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def log_of(self, name: str) -> Path:
        return self.stack.home / f"{name}.log"

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while missing := self.stack.waiting_for():
            ended = [name for name, process in self._running.items() if process.poll() is not None]
            if ended or time.monotonic() > give_up:
                logs = "\n".join(self.log_of(name).read_text()[-2000:] for name in self._specs)
                raise AssertionError(f"{missing} does not answer; ended: {ended}\n{logs}")
            time.sleep(0.2)

    def get(self, path: str, timeout: float = 10) -> tuple[int, Any]:
        """Return status and JSON of a GET through Envoy; the path goes out as it is."""
        url = f"http://127.0.0.1:{self.stack.ports.http}{path}"
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
