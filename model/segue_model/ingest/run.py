"""A run from start to end: list, do the steps that are not done, publish."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from segue_model.data.errors import DatasetError
from segue_model.ingest import job as at_work
from segue_model.ingest import plan as planned
from segue_model.ingest.assembling import ASSEMBLED, RESULT
from segue_model.ingest.job import Job
from segue_model.ingest.progress import current_plan
from segue_model.ingest.publishing import publish
from segue_model.ingest.shards import Shard, cut, remember, remembered
from segue_model.ingest.storage import Folder


class Outcome(NamedTuple):
    """What came of a run: counts by name, what was set aside by reason, listens left out."""

    counts: dict[str, int]
    rejected: Counter[str]
    strangers: int


@dataclass(frozen=True, slots=True)
class Run:
    """A job and where its dataset goes; ids there are kept, unless all is `renumbered`."""

    job: Job
    output: Folder
    renumbered: bool

    def prepare(self) -> list[Shard]:
        """Return the shards to read, having taken over what an earlier run has left.

        Raises: DatasetError when there is nothing to read.
        """
        work = self.job.work
        shards = cut(self.job.source, self.job.source.units(), remembered(work))
        remember(work, shards)
        self._forget_all_but(shards)
        if self.output.exists(planned.REGISTRY) and not self.renumbered:
            work.write(at_work.REGISTRY, self.output.read(planned.REGISTRY))
        else:
            work.delete(at_work.REGISTRY)
        work.delete(at_work.CURRENT)
        return shards

    def finish(self) -> Outcome:
        """Publish what the steps have made; what was read stays for the next run.

        Raises: DatasetError when nothing came of it.
        """
        work = self.job.work
        plan = current_plan(work)
        if plan is None:
            raise DatasetError(work.url, None, "the pipeline ended without a plan")
        if plan.problem:
            raise DatasetError(self.job.name, None, plan.problem)
        folder = plan.folder(work)
        result: dict[str, Any] = json.loads(folder.read(RESULT))
        publish(folder.child(ASSEMBLED), self.output)
        for path in _plans(work):
            work.child(path).remove()
        return Outcome(result["counts"], Counter(result["rejected"]), result["strangers"])

    def _forget_all_but(self, shards: Sequence[Shard]) -> None:
        """Remove what was read of files that are gone or changed, and what a kill left half."""
        wanted = {path for shard in shards for path in (shard.tracks, shard.rejected)}
        for file in self.job.work.files("read"):
            if file.path not in wanted:
                self.job.work.delete(file.path)


def _plans(work: Folder) -> set[str]:
    """Return the folders of this plan and of those that no run came to the end of."""
    paths = (file.path for file in work.files())
    return {path.split("/")[0] for path in paths if path.startswith(planned.PLANS)}
