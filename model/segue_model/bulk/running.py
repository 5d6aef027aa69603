"""A job from start to end: do the pieces that are not done, publish, clean up."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from segue_model.bulk.pieces import Job, Pieces
from segue_model.ingest.publishing import check_output, publish
from segue_model.ingest.storage import Folder

# Does these pieces of a job, wherever.
Workers: TypeAlias = Callable[[Job, Sequence[int]], None]

LOCAL_SECONDS: Final = 0.5
REMOTE_SECONDS: Final = 10.0


def complete(job: Job, output: Folder, workers: Workers) -> dict[str, Any]:
    """Make `output` hold the result of a job, and return what its manifest tells.

    Pieces that an earlier run has left are not done again. Raises: BulkError, DatasetError when
    something else is at `output`, OSError.
    """
    check_output(output, job.manifest)
    pieces = job.pieces
    if missing := pieces.missing():
        with _watched(pieces):
            workers(job, missing)
    pieces.tidy()
    outcome = job.outcome()
    pieces.result.write(job.manifest, f"{json.dumps(outcome, indent=2)}\n".encode())
    publish(pieces.result, output, job.manifest)
    pieces.remove()
    return outcome


@contextmanager
def _watched(pieces: Pieces) -> Iterator[None]:
    """Show on standard error how many pieces have left their file, while the block works."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Pieces", total=pieces.count)
        stop = threading.Event()

        def look() -> None:
            progress.update(task, completed=pieces.count - len(pieces.missing()))

        def watch() -> None:
            while not stop.wait(LOCAL_SECONDS if pieces.folder.is_local else REMOTE_SECONDS):
                look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            look()
