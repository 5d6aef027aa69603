"""Shows how far a run is, by the files that its steps have left, on whatever machines they ran."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from segue_model.ingest import job as at_work
from segue_model.ingest.plan import RESULT, Plan, saved_plan
from segue_model.ingest.shards import Shard, tracks_path
from segue_model.ingest.storage import Folder

LOCAL_SECONDS: Final = 0.5
REMOTE_SECONDS: Final = 10.0


@contextmanager
def watched(work: Folder, shards: Sequence[Shard]) -> Iterator[None]:
    """Show bars on standard error while the block works in the work folder."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        watcher = _Watcher(work, shards, progress)
        stop = threading.Event()
        thread = threading.Thread(target=watcher.watch, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class _Rate(ProgressColumn):
    """How many songs a second are done."""

    def render(self, task: Task) -> Text:
        """Return the rate, nothing while there is none."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:,.0f}/s" if rate else "")


class _Watcher:
    """Looks into the work folder, again and again, and moves the bars."""

    def __init__(self, work: Folder, shards: Sequence[Shard], progress: Progress) -> None:
        self._work = work
        self._songs = {tracks_path(shard.key): shard.songs for shard in shards}
        self._progress = progress
        self._read = progress.add_task("Reading songs", total=sum(self._songs.values()))
        self._steps: dict[str, TaskID] = {}

    def watch(self, stop: threading.Event) -> None:
        """Look until `stop`, and once more then."""
        pause = LOCAL_SECONDS if self._work.is_local else REMOTE_SECONDS
        while not stop.wait(pause):
            self._look()
        self._look()

    def _look(self) -> None:
        left = {file.path for file in self._work.files("read")}
        done = sum(songs for path, songs in self._songs.items() if path in left)
        self._progress.update(self._read, completed=done)
        if done < sum(self._songs.values()):
            return
        plan = current_plan(self._work)
        self._on_one_worker("Planning", plan is None)
        if plan is None:
            return
        arranged = self._in_parts("Arranging songs", "measures", plan)
        featured = self._in_parts("Computing features", "features", plan)
        self._on_one_worker("Fitting the recipe", arranged == plan.parts and not featured)
        assembling = featured == plan.parts and not plan.folder(self._work).exists(RESULT)
        self._on_one_worker("Assembling the dataset", assembling)

    def _in_parts(self, label: str, step: str, plan: Plan) -> int:
        """Move the bar of a step by what it has left for each part; return for how many it has."""
        files = plan.folder(self._work).files(step)
        done = len({file.path.split(".")[0] for file in files})
        if done and label not in self._steps:
            self._steps[label] = self._progress.add_task(label, total=plan.songs)
        if done:
            songs = min(plan.songs, done * at_work.PART)
            self._progress.update(self._steps[label], completed=songs)
        return done

    def _on_one_worker(self, label: str, is_running: bool) -> None:
        """Show a step of which it cannot be told how far it is, as long as it runs."""
        if is_running and label not in self._steps:
            self._steps[label] = self._progress.add_task(label, total=None)
        elif not is_running and label in self._steps:
            self._progress.update(self._steps[label], total=1, completed=1)


def current_plan(work: Folder) -> Plan | None:
    """Return the plan that the run has made, `None` as long as it has not."""
    if not work.exists(at_work.CURRENT):
        return None
    return saved_plan(work, json.loads(work.read(at_work.CURRENT))["digest"])
