"""The pipeline on Apache Beam: the steps, and what waits for what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsSingleton

from segue_model.beam import running
from segue_model.data.errors import DatasetError
from segue_model.ingest.arranging import arrange_part
from segue_model.ingest.assembling import assemble
from segue_model.ingest.featuring import featurize_part, fit_recipe
from segue_model.ingest.job import Job
from segue_model.ingest.plan import Plan
from segue_model.ingest.planning import make_plan
from segue_model.ingest.reading import read_shard
from segue_model.ingest.shards import Shard, remembered

# Beam's collections are untyped.
Many: TypeAlias = Any
One: TypeAlias = Any


def run(job: Job, groups: int, runner: str, options: PipelineOptions) -> None:
    """Do all steps that are not done yet; the work folder then holds the assembled dataset.

    Raises: DatasetError.
    """
    running.run(
        lambda pipeline: build(pipeline, job, groups), runner, options, job.work, DatasetError
    )


def build(pipeline: Many, job: Job, groups: int) -> None:
    """Add the steps to a Beam pipeline; each leaves files, and only what to do next is passed.

    `groups` of shards are listed in the work folder: a million of names would be too many for the
    description of a pipeline.
    """
    shards = pipeline | beam.Create(range(groups)) | "Shards" >> beam.FlatMap(_shards, job)
    read = _in_parallel("Read", shards, read_shard, job)
    plan = read | "Plan" >> beam.Map(_plan, job)
    arranged = _for_all_parts("Arrange", plan, plan, arrange_part, job)
    fitted = arranged | "Fit" >> beam.Map(_once, AsSingleton(plan), fit_recipe, job)
    featured = _for_all_parts("Featurize", fitted, plan, featurize_part, job)
    _ = featured | "Assemble" >> beam.Map(_once, AsSingleton(plan), assemble, job)


def _in_parallel(name: str, items: Many, step: Callable[..., None], *arguments: object) -> One:
    """Do a step for each item, on all workers; what is returned is there once all are done."""
    return (
        items
        | f"{name}: spread" >> beam.Reshuffle()
        | name >> beam.Map(_do, step, *arguments)
        | f"{name}: all" >> beam.combiners.Count.Globally()
    )


def _for_all_parts(
    name: str, after: One, plan: One, step: Callable[[Job, Plan, int], None], job: Job
) -> One:
    parts = after | f"{name}: parts" >> beam.FlatMap(_parts, AsSingleton(plan))
    return _in_parallel(name, parts, _part, step, job)


def _do(item: object, step: Callable[..., None], *arguments: object) -> None:
    step(*arguments, item)


def _shards(group: int, job: Job) -> list[Shard]:
    return remembered(job.work, group)


def _plan(_: object, job: Job) -> Plan:
    with _telling(job):
        return make_plan(job)


def _parts(_: object, plan: Plan) -> Iterator[tuple[Plan, int]]:
    for part in range(plan.parts):
        yield plan, part


def _part(step: Callable[[Job, Plan, int], None], job: Job, part: tuple[Plan, int]) -> None:
    with _telling(job):
        step(job, *part)


def _once(_: object, plan: Plan, step: Callable[[Job, Plan], None], job: Job) -> None:
    if not plan.problem:
        with _telling(job):
            step(job, plan)


@contextmanager
def _telling(job: Job) -> Iterator[None]:
    """Leave what is wrong with the data where the one who started the run finds it."""
    try:
        yield
    except DatasetError as error:
        running.tell(job.work, file=error.file, line=error.line, reason=error.reason)
        raise
