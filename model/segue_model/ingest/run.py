"""A run from start to end: list, do the steps that are not done, publish."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from segue_model.data.errors import DatasetError
from segue_model.data.layout import MANIFEST
from segue_model.ingest import job as at_work
from segue_model.ingest import plan as planned
from segue_model.ingest.job import Job
from segue_model.ingest.progress import current_plan
from segue_model.ingest.publishing import check_output, publish
from segue_model.ingest.registry import saved_registry
from segue_model.ingest.shards import (
    Shard,
    cut,
    rejected_path,
    remember,
    remembered,
    tracks_path,
)
from segue_model.ingest.storage import Folder


class Cut(NamedTuple):
    """What there is to read: the shards, and in how many groups the work folder lists them."""

    shards: list[Shard]
    groups: int


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

    def prepare(self) -> Cut:
        """Return what there is to read, having taken over what an earlier run has left.

        Raises: DatasetError when there is nothing to read, or no place for the dataset.
        """
        work = self.job.work
        check_output(self.output)
        shards = cut(self.job.source, self.job.source.units(), remembered(work))
        groups = remember(work, shards)
        self._forget_all_but(shards)
        self._take_over_ids()
        work.delete(at_work.CURRENT)
        return Cut(shards, groups)

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
        result: dict[str, Any] = json.loads(folder.read(planned.RESULT))
        publish(folder.child(planned.ASSEMBLED), self.output)
        for path in _plans(work):
            work.child(path).remove()
        return Outcome(result["counts"], Counter(result["rejected"]), result["strangers"])

    def _take_over_ids(self) -> None:
        """Keep the ids of the dataset that is there. Raises: DatasetError when that cannot be."""
        work, there = self.job.work, self.output.exists(planned.REGISTRY)
        work.delete(at_work.REGISTRY)
        if self.renumbered:
            return
        if self.output.exists(MANIFEST) and not there:
            reason = f"no {planned.REGISTRY}, so its ids cannot be kept; --renumber gives new ones"
            raise DatasetError(self.output.url, None, reason)
        if there:
            work.write(at_work.REGISTRY, self.output.read(planned.REGISTRY))
            try:
                saved_registry(work)
            except (pa.ArrowInvalid, KeyError) as error:
                reason = f"{planned.REGISTRY} cannot be read: {error}; --renumber gives new ids"
                raise DatasetError(self.output.url, None, reason) from error

    def _forget_all_but(self, shards: Sequence[Shard]) -> None:
        """Remove what was read of files that are gone or changed, and what a kill left half."""
        wanted = {path for shard in shards for path in _paths(shard)}
        for file in self.job.work.files("read"):
            if file.path not in wanted:
                self.job.work.delete(file.path)


def _paths(shard: Shard) -> tuple[str, str]:
    return tracks_path(shard.key), rejected_path(shard.key)


def _plans(work: Folder) -> set[str]:
    """Return the folders of this plan and of those that no run came to the end of."""
    paths = (file.path for file in work.files())
    return {path.split("/")[0] for path in paths if path.startswith(planned.PLANS)}
