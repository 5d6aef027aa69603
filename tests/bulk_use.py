"""Runs work over all listeners as its users do, or its pieces in this process."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np
from scipy import sparse

from listens_only import listens_only
from pipeline_use import SEGUE_MODEL
from segue_model.bulk.gram_files import Gram
from segue_model.bulk.pieces import Job
from segue_model.data.dataset import Dataset


def listened_dataset(listeners: int, songs: int, seed: int = 1) -> Dataset:
    """Return a dataset in which every song has a listener, and some have many."""
    rng = np.random.default_rng(seed)
    rows = {(song % listeners, song) for song in range(songs)}
    for listener in range(listeners):
        some = np.floor(songs * rng.random(rng.integers(1, 12)) ** 2).astype(int)
        rows |= {(listener, song) for song in some.tolist()}
    return of_pairs(sorted(rows))


def of_pairs(pairs: Sequence[tuple[int, int]]) -> Dataset:
    """Return a dataset of who, from 0, listened to what, from 0; ids are one more."""
    return listens_only("made", [(f"{who:06}", f"{what:06}", "1") for who, what in pairs])


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command of the pipeline's environment, in a group of processes of its own."""
    return subprocess.Popen(
        (str(SEGUE_MODEL), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> str:
    """Return what a command printed, once it has ended well."""
    printed, errors = process.communicate(timeout=110)
    assert process.returncode == 0, errors
    return printed


def whole(gram: Gram) -> sparse.csr_matrix:
    """Return a Gram matrix at once."""
    return sparse.vstack(list(gram.rows(7)), format="csr")


def until(what: Callable[[], object], seconds: float = 100) -> None:
    """Return once `what` is true; fail when it does not become so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)


def here(job: Job, missing: Sequence[int]) -> None:
    """Do pieces in this process."""
    for piece in missing:
        job.do(piece)


class Reply(NamedTuple):
    """What a web server says; `length` above that of the body cuts the answer off."""

    status: int
    body: bytes
    length: int | None = None


@contextmanager
def saying(*replies: Reply) -> Iterator[str]:
    """Run a web server that says these in turn and then the last one; yield its URL."""
    left = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(reply.status)
            self.send_header("Content-Length", str(reply.length or len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = _reply  # noqa: N815 - named by the library

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stamps(folder: Path) -> dict[str, int]:
    """Return when each part of a result was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("parts/*.parquet")}
