"""Runs the steps of the pipeline one after the other in this process: what Beam does on many."""

from collections.abc import Iterable
from pathlib import Path

from segue_model.ingest.arranging import arrange_part
from segue_model.ingest.assembling import assemble
from segue_model.ingest.featuring import featurize_part, fit_recipe
from segue_model.ingest.job import Job, Limit
from segue_model.ingest.planning import make_plan
from segue_model.ingest.reading import read_shard
from segue_model.ingest.run import Outcome, Run
from segue_model.ingest.shards import Shard
from segue_model.ingest.source import Source
from segue_model.ingest.storage import Folder

ALL = Limit(1, is_share=True)


def run_of(
    source: Source, output: Path, *, limit: Limit = ALL, name: str = "test", renumber: bool = False
) -> Run:
    """Return the run that makes a dataset of the source, its work folder beside it."""
    work = Folder(f"{output}.work")
    return Run(Job(source, work, name, limit), Folder(str(output)), renumber)


def make(run: Run) -> Outcome:
    """Do a whole run."""
    do_steps(run.job, run.prepare().shards)
    return run.finish()


def do_steps(job: Job, shards: Iterable[Shard]) -> None:
    for shard in shards:
        read_shard(job, shard)
    plan = make_plan(job)
    if plan.problem:
        return
    for part in range(plan.parts):
        arrange_part(job, plan, part)
    fit_recipe(job, plan)
    for part in range(plan.parts):
        featurize_part(job, plan, part)
    assemble(job, plan)
