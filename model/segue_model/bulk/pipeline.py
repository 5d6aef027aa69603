"""The pieces of a job on Apache Beam, which only this file of the room knows."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from segue_model.bulk.errors import BulkError
from segue_model.bulk.pieces import Job
from segue_model.ingest.pipeline import LOCAL, PROBLEM, UnknownOption, options_of

# Beam reads annotations too, and takes no protocols: a `Job`.
Work: TypeAlias = Any

__all__ = ["UnknownOption", "options_of", "run"]


def run(job: Job, pieces: Sequence[int], runner: str, options: PipelineOptions) -> None:
    """Do these pieces of a job, on all workers; each has left its file then.

    Raises: BulkError.
    """
    folder = job.pieces.folder
    folder.delete(PROBLEM)
    try:
        # Beam's own direct runner would first look for another one on the network.
        with beam.Pipeline(FnApiRunner() if runner == LOCAL else runner, options) as pipeline:
            _ = pipeline | beam.Create(pieces) | beam.Reshuffle() | beam.Map(_do, job)
    except Exception as error:
        # Whatever a runner makes of what went wrong on a worker, this is what it was.
        if folder.exists(PROBLEM):
            raise BulkError(**json.loads(folder.read(PROBLEM))) from error
        raise


def _do(piece: int, job: Work) -> None:
    try:
        job.do(piece)
    except BulkError as error:
        told = {"place": error.place, "reason": error.reason}
        job.pieces.folder.write(PROBLEM, json.dumps(told).encode())
        raise
