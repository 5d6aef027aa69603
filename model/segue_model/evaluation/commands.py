"""The commands `segue-model evaluate`: how good engines and models are on held-out listeners."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from segue_model.data.dataset import DatasetError, read_dataset, write_dataset
from segue_model.data.whole_file import write_whole
from segue_model.engines import ENGINES
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.json_files import as_json
from segue_model.evaluation.material import Material, facts, material_of
from segue_model.evaluation.results import Evaluation
from segue_model.evaluation.split import Plan
from segue_model.evaluation.table import print_tables, split_in_words
from segue_model.evaluation.watching import watched
from segue_model.quiet import QUIET

FOLDER: Final = click.Path(path_type=Path)
FILE: Final = click.Path(path_type=Path, dir_okay=False, writable=True)
DEFAULT: Final = "run"
USUAL: Final = Plan()
Command = TypeVar("Command", bound=Callable[..., Any])
PLAN: Final = (
    # A model's description tells it, and the contract has 32 bits for it.
    click.option(
        "--seed", type=click.IntRange(0, 2**31 - 1), default=USUAL.seed, show_default=True
    ),
    click.option(
        "--held-out",
        type=float,
        default=USUAL.held_out,
        show_default=True,
        help="Listeners for validation, again for test: a share (at most 10,000) or a number.",
    ),
    click.option(
        "--min-songs",
        type=int,
        default=USUAL.min_songs,
        show_default=True,
        help="Listeners of fewer songs are left out.",
    ),
    click.option(
        "--min-listeners",
        type=int,
        default=USUAL.min_listeners,
        show_default=True,
        help="Songs of fewer listeners are left out first.",
    ),
)
COLD: Final = click.option(
    "--cold",
    type=float,
    default=USUAL.cold,
    show_default=True,
    help="The share of songs made cold, to see who finds them; 0 leaves this out.",
)


class DefaultRun(click.Group):
    """A group whose arguments are those of `run` where they name no command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front where it is left out."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args.insert(0, DEFAULT)
        return super().parse_args(ctx, args)


@click.group(cls=DefaultRun)
def evaluate() -> None:
    """Find out how good engines and models are.

    `segue-model evaluate DATASET …` is `segue-model evaluate run DATASET …`.
    """


def _planned(command: Command) -> Command:
    for option in reversed(PLAN):
        command = option(command)
    return command


@evaluate.command()
@click.argument("dataset", type=FOLDER)
@click.option("--engine", "engines", multiple=True, help="Default: all, unless there is a --model.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="[ENGINE.]OPTION=VALUE",
    help="An option of the engines that have it; repeatable.",
)
@click.option("--model", "models", type=FOLDER, multiple=True, help="A SavedModel's folder.")
@click.option("--seen-listeners", is_flag=True, help="Let models be that were trained on DATASET.")
@click.option("--search", is_flag=True, help="Look for the best options of each engine first.")
@click.option(
    "--trials", type=click.IntRange(1), default=20, show_default=True, help="At most, an engine."
)
@click.option("--json", "json_file", type=FILE, help="Where to write all figures.")
@click.option("--page", "page_file", type=FILE, help="Where to write a page of plots.")
@_planned
@COLD
def run(dataset: Path, search: bool, trials: int, **rest: Any) -> None:  # noqa: ANN401 - options
    """Train engines on some listeners of DATASET and ask them for others.

    Popularity is always among them: what is no better has learned nothing. Models that are already
    trained (--model) are asked beside them; train them on what `split` writes.
    """
    plan = {
        name: rest.pop(name) for name in ("seed", "held_out", "min_songs", "min_listeners", "cold")
    }
    with _failing_clearly():
        asked = Asked(trials=trials if search else 0, **rest)
        material = material_of(read_dataset(dataset), _plan(plan))
        evaluation = _evaluation(material, asked)
        print_tables(evaluation)
        _write(evaluation, asked)


@evaluate.command()
@click.argument("dataset", type=FOLDER)
@click.option("--output", type=FOLDER, required=True, help="The folder of training data.")
@_planned
def split(dataset: Path, output: Path, **plan: Any) -> None:  # noqa: ANN401 - options
    """Write what may be learned from as a dataset folder, for any trainer.

    It has the songs and listens of the training listeners. Give `run --model` the same options.
    """
    if output.resolve() == dataset.resolve():
        raise click.BadParameter("is DATASET itself", param_hint="--output")
    with _failing_clearly():
        material = material_of(read_dataset(dataset), _plan(plan))
        write_dataset(output, material.training)
    click.echo(f"{output}: {split_in_words(facts(material))}")


def _plan(options: dict[str, Any]) -> Plan:
    try:
        return Plan(**options)
    except ValueError as error:
        raise click.UsageError(f"--{str(error).replace('_', '-')}") from error


def _evaluation(material: Material, asked: Asked) -> Evaluation:
    # TensorFlow takes seconds to import: a bad dataset, or a bad path, should not wait for it.
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - written, not read
    click.echo("Loading TensorFlow …", err=True)
    from segue_model.evaluation.competing import compete  # noqa: PLC0415

    with watched() as progress:
        return compete(material, asked, ENGINES, progress)


def _write(evaluation: Evaluation, asked: Asked) -> None:
    if asked.json_file:
        write_whole(asked.json_file, as_json(evaluation).encode())
        click.echo(f"Wrote {asked.json_file}", err=True)
    if asked.page_file:
        # What draws takes a second to import.
        from segue_model.evaluation.page import render  # noqa: PLC0415

        write_whole(asked.page_file, render(evaluation).encode())
        click.echo(f"Wrote {asked.page_file}", err=True)


@contextmanager
def _failing_clearly() -> Iterator[None]:
    try:
        yield
    except (DatasetError, EvaluationError, OSError) as error:
        raise click.ClickException(str(error)) from error
