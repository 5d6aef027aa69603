"""The pieces of a job on Apache Beam, which only this file of the room knows."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from segue_model.beam import running
from segue_model.bulk.errors import BulkError
from segue_model.bulk.pieces import Job

# Beam reads annotations too, and takes no protocols: a `Job`.
Work: TypeAlias = Any


def run(job: Job, pieces: Sequence[int], runner: str, options: PipelineOptions) -> None:
    """Do these pieces of a job, on all workers; each has left its file then.

    Raises: BulkError.
    """

    def build(pipeline: running.Pipeline) -> object:
        return pipeline | beam.Create(pieces) | beam.Reshuffle() | beam.Map(_do, job)

    running.run(build, runner, options, job.pieces.folder, BulkError)


def _do(piece: int, job: Work) -> None:
    try:
        job.do(piece)
    except BulkError as error:
        running.tell(job.pieces.folder, place=error.place, reason=error.reason)
        raise
