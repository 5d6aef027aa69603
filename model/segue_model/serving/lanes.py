"""Who runs when: a bounded queue in front of a few threads, and what runs together.

A request that finds a free thread runs at once; those that come while all are busy wait, and the
next free thread takes as many of them as fit one run. A request whose caller is gone leaves the
queue.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grpc import StatusCode

from segue_model.serving.batching import run_together
from segue_model.serving.errors import ServingError
from segue_model.serving.lifecycle import Version
from segue_model.serving.servable import Signature
from segue_model.serving.tensors import Arrays

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """A lane's measures: threads, rows of one run, rows that may wait, seconds that one waits."""

    threads: int
    rows: int
    queued_rows: int
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to run; calls of one signature and equal keys may share a run."""

    version: Version
    signature: Signature
    inputs: Arrays
    rows: int = 1
    key: Hashable = None


@dataclass(slots=True, eq=False)
class _Entry:
    call: Call
    answer: asyncio.Future[Arrays]
    since: float


class Lane:
    """A queue and its threads. Used on the event loop only."""

    def __init__(self, limits: Limits) -> None:
        """Start no thread yet."""
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="run")
        self._free = limits.threads
        self._queue: deque[_Entry] = deque()
        self._queued_rows = 0
        self._runs: set[asyncio.Task[None]] = set()

    async def run(self, call: Call) -> Arrays:
        """Return the call's outputs; its version stays loaded until it is done.

        A call of more rows than one run takes runs alone. Raises ServingError: the call's own,
        or UNAVAILABLE at once when the queue is full.
        """
        if self._queue and self._queued_rows + call.rows > self._limits.queued_rows:
            raise ServingError(
                StatusCode.UNAVAILABLE,
                f"The queue to which this request was submitted is full: {self._queued_rows} "
                "rows are waiting",
            )
        loop = asyncio.get_running_loop()
        entry = _Entry(call, loop.create_future(), loop.time())
        self._push(entry)
        # Not at once, so that calls that arrived together run together.
        loop.call_soon(self._pump)
        try:
            return await entry.answer
        except asyncio.CancelledError:
            if entry in self._queue:
                self._queue.remove(entry)
                self._queued_rows -= call.rows
                call.version.finish()
            raise

    def close(self) -> None:
        """Start nothing more; a run under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _push(self, entry: _Entry) -> None:
        entry.call.version.begin()
        self._queue.append(entry)
        self._queued_rows += entry.call.rows

    def _pump(self) -> None:
        """Start runs while a thread is free and something is due."""
        while self._queue and self._free:
            loop = asyncio.get_running_loop()
            due = self._queue[0].since + self._limits.wait
            if self._queued_rows < self._limits.rows and loop.time() < due:
                loop.call_at(due, self._pump)
                return
            self._free -= 1
            task = loop.create_task(self._run(self._take()))
            self._runs.add(task)
            task.add_done_callback(self._runs.discard)

    def _take(self) -> list[_Entry]:
        """Remove the first entry and those that may run with it, in order, as many as fit."""
        head = self._queue[0].call
        taken, kept, rows = list[_Entry](), deque[_Entry](), 0
        for entry in self._queue:
            call = entry.call
            same = call.signature is head.signature and call.key == head.key
            if not taken or (same and rows + call.rows <= self._limits.rows):
                taken.append(entry)
                rows += call.rows
            else:
                kept.append(entry)
        self._queue = kept
        self._queued_rows -= rows
        return taken

    async def _run(self, batch: list[_Entry]) -> None:
        loop = asyncio.get_running_loop()
        requests = [entry.call.inputs for entry in batch]
        try:
            outcomes = await loop.run_in_executor(
                self._pool, run_together, batch[0].call.signature, requests
            )
        except Exception as error:  # whatever it is, the callers must not wait for ever
            log.exception("a run failed")
            failure = ServingError(StatusCode.INTERNAL, f"the run failed: {error}")
            outcomes = [failure] * len(batch)
        finally:
            self._free += 1
            for entry in batch:
                entry.call.version.finish()
            self._pump()
        for entry, outcome in zip(batch, outcomes, strict=True):
            _answer(entry.answer, outcome)


def _answer(answer: asyncio.Future[Arrays], outcome: Arrays | ServingError) -> None:
    """Hand the outcome over, unless the caller is gone."""
    if answer.done():
        return
    if isinstance(outcome, ServingError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
