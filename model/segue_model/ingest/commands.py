"""The command `segue-model ingest`: raw songs and listens become a dataset folder."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from segue_model.data.errors import DatasetError
from segue_model.ingest.job import Job, Limit
from segue_model.ingest.progress import watched
from segue_model.ingest.run import Outcome, Run
from segue_model.ingest.shards import Shard
from segue_model.ingest.sources import SOURCES, Given
from segue_model.ingest.storage import Folder

NO_BEAM: Final = (
    "ingest needs Apache Beam, which has an environment of its own: run `make pipeline`, then "
    "`.venv-pipeline/bin/segue-model ingest …`"
)
# Below this many songs, starting processes takes longer than reading.
SONGS_WORTH_PROCESSES: Final = 2_000


class LimitType(click.ParamType[Limit]):
    """`100` or `2.5%`."""

    name = "limit"

    def convert(
        self, value: str | Limit, param: click.Parameter | None, ctx: click.Context | None
    ) -> Limit:
        """Return the limit, or fail as click does."""
        try:
            return value if isinstance(value, Limit) else Limit.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--source", "kind", type=click.Choice(sorted(SOURCES)), required=True)
@click.option("--input", "folder", help="Where the raw songs are: a path, gs://… or s3://…")
@click.option("--triplets", help="A file of listens: user, song id and plays, divided by tabs.")
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="For tables; repeatable."
)
@click.option(
    "--columns-from", type=click.Path(path_type=Path), help="For tables: a TOML file of the same."
)
@click.option("--songs", type=click.IntRange(1), default=10_000, help="For synthetic songs.")
@click.option("--listeners", type=click.IntRange(0), default=5_000, help="For synthetic songs.")
@click.option("--seed", type=click.IntRange(0), default=7, help="For synthetic songs.")
@click.option("--output", required=True, help="The dataset folder; an older one is replaced.")
@click.option("--work", help="Where steps leave their results.  [default: OUTPUT.work]")
@click.option("--name", help="What the dataset is called.  [default: that of the source]")
@click.option("--renumber", is_flag=True, help="Do not keep the ids of the dataset at OUTPUT.")
@click.option(
    "--max-rejected",
    type=LimitType(),
    default="10%",
    show_default=True,
    help="Fail when more files and rows are set aside, duplicates not counted: 100 or 2.5%.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes of a local run; all CPUs.")
@click.option("--runner", default="DirectRunner", show_default=True, help="Beam's name of it.")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def ingest(  # noqa: PLR0913 - one parameter an option
    *,
    output: str,
    work: str | None,
    name: str | None,
    renumber: bool,
    max_rejected: Limit,
    workers: int | None,
    runner: str,
    beam_options: tuple[str, ...],
    kind: str,
    **given: Any,  # noqa: ANN401 - as click hands them over
) -> None:
    """Make a dataset folder of raw songs and listens, on this machine or a cluster.

    What an earlier run has read, finished or killed, is not read again. Options of Beam, such as
    --project or --flink_master, are passed on.
    """
    out, at_work = Folder(output), Folder(work or f"{output.rstrip('/')}.work")
    try:
        source = SOURCES[kind](Given(work=at_work, **given))
        run = Run(Job(source, at_work, name or kind, max_rejected), out, renumber)
        with Console(stderr=True).status("Looking for songs …"):
            shards = run.prepare()
        _do(run.job, shards, runner, beam_options, workers)
        outcome = run.finish()
    except (DatasetError, OSError) as error:
        raise click.ClickException(str(error)) from error
    _report(out, outcome)


def _do(
    job: Job,
    shards: Sequence[Shard],
    runner: str,
    beam_options: Sequence[str],
    workers: int | None,
) -> None:
    try:
        # Beam takes seconds to import: other commands, and bad options, should not wait.
        from segue_model.ingest import pipeline  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(NO_BEAM) from error
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    many = sum(shard.songs for shard in shards) >= SONGS_WORTH_PROCESSES
    processes = workers or (os.cpu_count() or 1 if many else 1)
    try:
        options = pipeline.options_of(beam_options, processes)
    except pipeline.UnknownOption as error:
        raise click.UsageError(f"No such option, here or in Beam: {error}") from error
    with watched(job.work, shards):
        pipeline.run(job, shards, runner, options)


def _report(output: Folder, outcome: Outcome) -> None:
    table = Table(title=output.url, title_justify="left", show_header=False, box=None)
    for thing, count in outcome.counts.items():
        table.add_row(thing, f"{count:,}")
    for reason, count in sorted(outcome.rejected.items()):
        table.add_row(f"set aside: {reason}", f"{count:,}")
    if outcome.strangers:
        table.add_row("listens left out", f"{outcome.strangers:,} of songs that are not here")
    console = Console()
    console.print(table)
    console.print(f"See {output.url}/report.html and {output.url}/rejected/rejected.csv")
