"""The options of a command that runs on Apache Beam; nothing here imports it before a run."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

Command = TypeVar("Command", bound=Callable[..., None])

NO_BEAM: Final = (
    "this needs Apache Beam, which has an environment of its own: run `make pipeline`, then "
    "`.venv-pipeline/bin/segue-model …`"
)
# For click: what it does not know is Beam's.
SETTINGS: Final[dict[str, Any]] = {"ignore_unknown_options": True}


@dataclass(frozen=True)
class Beam:
    """Who does the work: a runner by Beam's name, so many local processes, Beam's own options.

    `workers` of `None` are as many as there are processors.
    """

    runner: str
    workers: int | None
    beam_options: Sequence[str]

    def check(self) -> None:
        """Raise what click tells when Beam is not there, or knows no such option."""
        try:
            # Beam takes seconds to import: other commands should not wait.
            from segue_model.beam import running  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise click.ClickException(NO_BEAM) from error
        logging.getLogger("apache_beam").setLevel(logging.ERROR)
        try:
            running.options_of(self.beam_options, 1)
        except running.UnknownOption as error:
            raise click.UsageError(f"No such option, here or in Beam: {error}") from error

    def options(self, items: int, worth: int) -> "PipelineOptions":
        """Return Beam's options for so many items of work, shared from `worth` of them on."""
        from segue_model.beam import running  # noqa: PLC0415

        processes = self.workers or ((os.cpu_count() or 1) if items >= worth else 1)
        return running.options_of(self.beam_options, min(processes, items))


def beam_options(command: Command) -> Command:
    """Give a command the options that are the fields of a `Beam`, and `--work`."""
    for option in (
        click.argument("beam_options", nargs=-1, type=click.UNPROCESSED),
        click.option("--runner", default="DirectRunner", show_default=True, help="Beam's name."),
        click.option(
            "--workers", type=click.IntRange(1), help="Processes of a local run; all CPUs."
        ),
        click.option("--work", help="Where steps leave their files.  [default: OUTPUT.work]"),
    ):
        command = option(command)
    return command
