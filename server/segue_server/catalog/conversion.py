"""Makes the chunks of a dataset in a process of its own, while this one writes those before."""

import gc
import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import Queue
from threading import Thread
from typing import Final

from segue_server.catalog.chunks import Chunk, as_lines, chunks
from segue_server.catalog.dataset import DatasetError
from segue_server.catalog.records import Dataset
from segue_server.domain.errors import CatalogUnavailable

# How many chunks may be ready and not yet read: more than are written in one transaction.
AHEAD: Final = 100


def convert(dataset: Dataset, to_lines: bool) -> Iterator[Chunk]:
    """Yield the chunks of the dataset. Raises: DatasetError."""
    made = chunks(dataset)
    return map(as_lines, made) if to_lines else made


@contextmanager
def converting(dataset: Dataset, to_lines: bool) -> Iterator[Iterator[Chunk]]:
    """Give what `convert` does; another process makes it, and has ended behind this.

    It ends by itself too when this one does, in whichever way: nobody reads then what it writes.
    Raises: CatalogUnavailable when that process dies.
    """
    # A new process, not a fork, which would hold on to the lock and the connection of this one.
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_convert, args=(dataset, to_lines, sender), daemon=True)
    with receiver:
        with sender:
            process.start()
        try:
            yield _received(receiver)
        finally:
            process.kill()
            process.join()


def _received(receiver: Connection) -> Iterator[Chunk]:
    try:
        while (one := receiver.recv()) is not None:
            if isinstance(one, DatasetError):
                raise one
            yield one
    except EOFError as error:
        reason = "the process that reads the dataset has died; load again to go on"
        raise CatalogUnavailable(reason) from error


def _convert(dataset: Dataset, to_lines: bool, sender: Connection) -> None:
    """Send all chunks and then `None`, or in its place the DatasetError that there was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for this one ends it
    gc.disable()  # there are millions of objects, and no cycles of them
    ready: Queue[bytes | None] = Queue(AHEAD)
    thread = Thread(target=_send, args=(sender, ready), daemon=True)
    thread.start()
    try:
        for chunk in convert(dataset, to_lines):
            ready.put(pickle.dumps(chunk))
        ready.put(pickle.dumps(None))
    except DatasetError as error:
        ready.put(pickle.dumps(error))
    ready.put(None)
    thread.join()


def _send(sender: Connection, ready: "Queue[bytes | None]") -> None:
    try:
        for each in iter(ready.get, None):
            sender.send_bytes(each)
    except BrokenPipeError:
        os._exit(1)  # nobody reads any more
