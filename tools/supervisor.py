"""Runs processes side by side, their output with a name in front, until told to stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence

from stack import Process

COLORS = (36, 33, 35, 32)
GRACE = 12.0
# A process that ends within this time of its start has a trouble that a restart does not cure.
SOON = 3.0


class Supervisor:
    """Keeps processes running; one that ends is started again, and it is said."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes
        self._width = max(len(process.name) for process in processes)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self.stopping = asyncio.Event()
        self.failed = False

    async def run(self) -> None:
        """Run all processes until `stopping` is set, then stop them."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        keepers = [
            asyncio.create_task(self._keep(process, COLORS[at % len(COLORS)]))
            for at, process in enumerate(self._processes)
        ]
        await self.stopping.wait()
        await self._stop()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, process: Process, color: int) -> None:
        while not self.stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(process, color)
            if self.stopping.is_set():
                return
            if code != 0 and time.monotonic() - started < SOON:
                self._say(process.name, color, f"could not start (exit code {code}); stopping")
                self.failed = True
                self.stopping.set()
                return
            self._say(process.name, color, f"{_end(code)}; starting it again")
            await asyncio.sleep(1)

    async def _run_once(self, process: Process, color: int) -> int:
        child = await asyncio.create_subprocess_exec(
            *process.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **process.env},  # noqa: TID251 - passed on
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
        )
        self._running[process.name] = child
        assert child.stdout is not None  # noqa: S101 - asked for above
        while line := await _line(child.stdout):
            self._say(process.name, color, line.decode(errors="replace").rstrip())
        return await child.wait()

    async def _stop(self) -> None:
        """Stop the processes, the last started first: who calls before who is called."""
        for process in reversed(self._processes):
            child = self._running.get(process.name)
            if child is None or child.returncode is not None:
                continue
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), GRACE)
            except TimeoutError:
                child.kill()

    def _say(self, name: str, color: int, text: str) -> None:
        label = f"{name:{self._width}} |"
        if sys.stdout.isatty():
            label = f"\033[{color}m{label}\033[0m"
        print(f"{label} {text}", flush=True)


def _end(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


async def _line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line; a part of it when it is longer than the stream's limit."""
    try:
        return await stream.readline()
    except ValueError:
        return await stream.read(65536)
