"""Runs of Apache Beam: its options, and what went wrong on a worker, as it was raised there."""

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from segue_model.ingest.storage import Folder

# Beam's pipelines are untyped.
Pipeline: TypeAlias = Any

LOCAL: Final = "DirectRunner"
PROBLEM: Final = "problem.json"


class UnknownOption(Exception):
    """An option is none of the command's and none of Beam's."""


def options_of(flags: Sequence[str], workers: int) -> PipelineOptions:
    """Return Beam's options; a local run has as many processes as `workers`.

    Raises: UnknownOption, where Beam itself would pass over a typing error.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)  # noqa: SLF001 - how Beam parses them itself
    _, unknown = parser.parse_known_args(list(flags))
    if unknown:
        raise UnknownOption(unknown[0])
    mode = "multi_processing" if workers > 1 else "in_memory"
    local = (f"--direct_running_mode={mode}", f"--direct_num_workers={workers}")
    return PipelineOptions([*local, *flags])


def run(
    build: Callable[[Pipeline], object],
    runner: str,
    options: PipelineOptions,
    work: Folder,
    error: type[Exception],
) -> None:
    """Run what `build` adds to a pipeline, to its end.

    Raises: `error` with what a worker left by `tell` in the `work` folder, else what Beam raised.
    """
    work.delete(PROBLEM)
    try:
        # Beam's own direct runner would first look for another one on the network.
        with beam.Pipeline(FnApiRunner() if runner == LOCAL else runner, options) as pipeline:
            build(pipeline)
    except Exception as fault:
        # Whatever a runner makes of what went wrong on a worker, this is what it was.
        if work.exists(PROBLEM):
            raise error(**json.loads(work.read(PROBLEM))) from fault
        raise


def tell(work: Folder, **told: object) -> None:
    """Leave the parts of an error where the one who started the run finds them."""
    work.write(PROBLEM, json.dumps(told).encode())
