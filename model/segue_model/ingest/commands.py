"""The command `segue-model ingest`: raw songs and listens become a dataset folder."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from segue_model.beam.options import SETTINGS, Beam, beam_options
from segue_model.data.errors import DatasetError
from segue_model.ingest.job import Job, Limit
from segue_model.ingest.progress import watched
from segue_model.ingest.run import Cut, Outcome, Run
from segue_model.ingest.source import Source
from segue_model.ingest.sources import SOURCES, Given
from segue_model.ingest.storage import Folder

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


@click.command(context_settings=SETTINGS)
@click.option("--source", "kind", type=click.Choice(sorted(SOURCES)), required=True)
@click.option("--input", "folder", help="Where the raw songs are: a path or gs://…")
@click.option("--triplets", help="A file of listens: user, song id and plays, divided by tabs.")
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="For tables; repeatable."
)
@click.option(
    "--columns-from", type=click.Path(path_type=Path), help="For tables: a TOML file of the same."
)
@click.option(
    "--separator", default="|", show_default=True, help="For tables: what divides genres or terms."
)
@click.option(
    "--songs",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="For synthetic songs.",
)
@click.option(
    "--listeners",
    type=click.IntRange(0),
    default=5_000,
    show_default=True,
    help="For synthetic songs.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=7, show_default=True, help="For synthetic songs."
)
@click.option("--output", required=True, help="The dataset folder; an older one is replaced.")
@click.option("--name", help="What the dataset is called.  [default: that of the source]")
@click.option("--renumber", is_flag=True, help="Do not keep the ids of the dataset at OUTPUT.")
@click.option(
    "--max-rejected",
    type=LimitType(),
    default="10%",
    show_default=True,
    help="Fail when more files and rows are set aside, duplicates not counted: 100 or 2.5%.",
)
@beam_options
def ingest(  # noqa: PLR0913 - one parameter an option
    *,
    output: str,
    work: str | None,
    name: str | None,
    renumber: bool,
    max_rejected: Limit,
    workers: int | None,
    runner: str,
    beam_options: Sequence[str],
    kind: str,
    **given: Any,  # noqa: ANN401 - as click hands them over
) -> None:
    """Make a dataset folder of raw songs and listens, on this machine or a cluster.

    What an earlier run has read, finished or killed, is not read again. Options of Beam, such as
    --project or --flink_master, are passed on.
    """
    out, at_work = Folder(output), Folder(work or f"{output.rstrip('/')}.work")
    try:
        source = _source(kind, Given(work=at_work, **given))
        run = Run(Job(source, at_work, name or kind, max_rejected), out, renumber)
        _check_apart(out, at_work, given["folder"])
        steps = _steps(Beam(runner, workers, beam_options))
        with Console(stderr=True).status("Looking for songs …"):
            found = run.prepare()
        with watched(at_work, found.shards):
            steps(run.job, found)
        with Console(stderr=True).status("Publishing …"):
            outcome = run.finish()
    except (DatasetError, OSError) as error:
        raise click.ClickException(str(error)) from error
    _report(out, outcome)


def _source(kind: str, given: Given) -> Source:
    """Return the source. Raises: UsageError for an option that it does not look at."""
    context = click.get_current_context()
    for field in fields(Given):
        on_the_line = context.get_parameter_source(field.name) is ParameterSource.COMMANDLINE
        if on_the_line and field.name not in ("work", *SOURCES[kind].takes):
            option = next(p.opts[0] for p in context.command.params if p.name == field.name)
            raise click.UsageError(f"--source {kind} does not take {option}")
    return SOURCES[kind].make(given)


def _check_apart(output: Folder, work: Folder, folder: str | None) -> None:
    """Raise DatasetError when the output or the work folder would be read as input."""
    for option, place in (("--output", output), ("--work", work)):
        if folder is not None and place.is_below(Folder(folder)):
            raise DatasetError(option, None, f"{place.url} lies in the input, and would be read")


def _steps(beam: Beam) -> Callable[[Job, Cut], None]:
    """Return what does the steps on Beam; what is wrong with the options is told before."""
    beam.check()

    def do(job: Job, found: Cut) -> None:
        # Takes seconds to import.
        from segue_model.ingest import pipeline  # noqa: PLC0415

        songs = sum(shard.songs for shard in found.shards)
        options = beam.options(max(1, songs), SONGS_WORTH_PROCESSES)
        pipeline.run(job, found.groups, beam.runner, options)

    return do


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
