"""The commands `segue-model gram` and `segue-model recommend-all`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from segue_model.beam.options import SETTINGS, Beam, beam_options
from segue_model.bulk.errors import BulkError
from segue_model.bulk.gram_counting import gram_job
from segue_model.bulk.model_server import find_version
from segue_model.bulk.pieces import Job
from segue_model.bulk.recommending import lists_job
from segue_model.bulk.running import Workers, complete
from segue_model.data.dataset import read_dataset
from segue_model.data.errors import DatasetError
from segue_model.ingest.storage import Folder

Command = TypeVar("Command", bound=Callable[..., None])

# Below this many pieces, starting processes takes longer than the work.
PIECES_WORTH_PROCESSES: Final = 16


def _run_options(command: Command) -> Command:
    """Give a command the options that say where a run leaves its result, and who does it."""
    for option in (
        beam_options,
        click.option("--output", required=True, help="The folder; an older result is replaced."),
        click.argument("dataset", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


@click.command(context_settings=SETTINGS)
@click.option(
    "--min-listeners",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Songs with fewer are left out.",
)
@click.option(
    "--entries",
    type=click.IntRange(1),
    default=8_000_000,
    show_default=True,
    help="The most pairs of a file: what a worker holds.",
)
@_run_options
def gram(
    *,
    dataset: Path,
    output: str,
    work: str | None,
    min_listeners: int,
    entries: int,
    **run: Any,  # noqa: ANN401 - as click hands them over
) -> None:
    """Count how many listeners each two songs of DATASET have in common, for `train --gram`.

    On this machine or a cluster; a run that was killed goes on where it was. Options of Beam are
    passed on.
    """
    out, at_work = Folder(output), Folder(work or f"{output.rstrip('/')}.work")
    with _told():
        workers = _workers(Beam(**run))
        job = gram_job(read_dataset(dataset), min_listeners, entries, at_work)
        share = job.heaviest / job.pairs
        click.echo(f"{job.pairs:,} pairs to count, {share:.1%} of one listener", err=True)
        told = complete(job, out, workers)
    click.echo(f"{out.url}: {told['songs']:,} songs, {told['entries']:,} pairs in common")


@click.command("recommend-all", context_settings=SETTINGS)
@click.option(
    "--model-server",
    "url",
    required=True,
    help="http://HOST:PORT/v1/models/NAME of TensorFlow Serving's REST API.",
)
@click.option("-k", "k", type=click.IntRange(1), default=100, show_default=True, help="Songs each.")
@click.option("--explain", is_flag=True, help="Write the listened songs that speak for each song.")
@click.option(
    "--retries",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="How often a call is made again; twenty take some three minutes.",
)
@_run_options
def recommend_all(  # noqa: PLR0913 - one parameter an option
    *,
    dataset: Path,
    output: str,
    work: str | None,
    url: str,
    k: int,
    explain: bool,
    retries: int,
    **run: Any,  # noqa: ANN401 - as click hands them over
) -> None:
    """Write a list of songs for every listener of DATASET, as the model server ranks them.

    On this machine or a cluster; a run that was killed goes on where it was. Options of Beam are
    passed on.
    """
    out, at_work = Folder(output), Folder(work or f"{output.rstrip('/')}.work")
    with _told():
        workers = _workers(Beam(**run))
        songs, server = read_dataset(dataset), find_version(url, retries)
        job = lists_job(songs, server, k, at_work, explain=explain)
        if job.told["model"].get("dataset") != songs.fingerprint:
            click.echo(f"{server.url}: the model is of another dataset", err=True)
        told = complete(job, out, workers)
    click.echo(f"{out.url}: {told['rows']:,} rows for {told['listeners']:,} listeners")


def _workers(beam: Beam) -> Workers:
    """Return who does pieces on Beam; what is wrong with the options is told before."""
    beam.check()

    def do(job: Job, missing: Sequence[int]) -> None:
        # Takes seconds to import.
        from segue_model.bulk import pipeline  # noqa: PLC0415

        options = beam.options(len(missing), PIECES_WORTH_PROCESSES)
        pipeline.run(job, missing, beam.runner, options)

    return do


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BulkError, DatasetError, OSError) as error:
        raise click.ClickException(str(error)) from error
