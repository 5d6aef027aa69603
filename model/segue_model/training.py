"""The command that turns a dataset folder into versions of models."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from segue_model.data.dataset import Dataset, DatasetError, read_dataset
from segue_model.data.recipes import features_json
from segue_model.engines import ENGINES
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.json_files import Evaluated, read_evaluation
from segue_model.evaluation.watching import watched
from segue_model.quiet import QUIET


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--engine", "names", multiple=True, help="An engine to train; all when not given.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="OPTION=VALUE",
    help="An option of the engine, where one is named; repeatable.",
)
@click.option(
    "--evaluation",
    type=click.Path(path_type=Path),
    help="What `evaluate --json` wrote of DATASET: engines take their options from it, and their "
    "models tell the metrics.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The models folder: OUTPUT/ENGINE/VERSION is written.",
)
def train(
    dataset: Path,
    names: tuple[str, ...],
    settings: tuple[str, ...],
    evaluation: Path | None,
    output: Path,
) -> None:
    """Train engines on the dataset folder DATASET and export each as a SavedModel."""
    if unknown := sorted(set(names) - set(ENGINES)):
        raise click.BadParameter(
            f"no engine {', '.join(unknown)}; there are {', '.join(ENGINES)}",
            param_hint="--engine",
        )
    if settings and len(names) != 1:
        raise click.UsageError("--set is for one --engine")
    if len(names) != 1:
        further = ("--evaluation", str(evaluation)) if evaluation else ()
        for name in names or ENGINES:
            _alone((str(dataset), "--engine", name, "--output", str(output), *further))
        return
    try:
        songs = read_dataset(dataset)
        evaluated = _evaluated(evaluation, songs, names[0])
        given = dict(_assignment(setting) for setting in settings)
        _train(songs, names[0], evaluated, given, output)
    except (DatasetError, EvaluationError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _alone(arguments: Sequence[str]) -> None:
    """Train one engine in a process of its own.

    TensorFlow numbers functions through a process, so that only this makes the same bytes of the
    same dataset; and the memory that one engine took is free for the next.
    """
    command = (sys.executable, "-m", "segue_model", "train", *arguments)
    done = subprocess.run(command, check=False)  # noqa: S603 - this very program
    if done.returncode != 0:
        sys.exit(done.returncode)


def _evaluated(path: Path | None, dataset: Dataset, name: str) -> Evaluated | None:
    """Return what the file of an evaluation tells of the engine, `None` where it tells nothing."""
    if path is None:
        return None
    file = read_evaluation(path)
    if file.fingerprint != dataset.fingerprint:
        raise EvaluationError(f"{path}: of another dataset")
    if name not in file.engines:
        click.echo(f"{path}: tells nothing of {name}, which is trained by its defaults", err=True)
    return file.engines.get(name)


def _assignment(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise ValueError(f"--set {setting}: not OPTION=VALUE")
    return name, value


def _train(
    dataset: Dataset,
    name: str,
    evaluated: Evaluated | None,
    given: Mapping[str, object],
    output: Path,
) -> None:
    """Train an engine and export its model. Raises: ValueError naming an option."""
    # TensorFlow takes seconds to import: other commands, and bad datasets, should not wait. It
    # reads its settings there; an export needs no fast kernels, nor pages about them.
    for variable, value in QUIET.items():
        os.environ.setdefault(variable, value)  # noqa: TID251 - written, not read
    click.echo(f"Training {name} …", err=True)
    from segue_model.export import export  # noqa: PLC0415

    engine = ENGINES[name]
    options = engine.with_options({**(evaluated.options if evaluated else {}), **given})
    started = time.monotonic()
    with watched() as progress:
        model = engine.fit(dataset, options, progress)
    if evaluated and options == engine.with_options(evaluated.options):
        model = model.with_metrics(evaluated.metrics)
    elif evaluated:
        click.echo(f"{name}: no metrics, as other options were evaluated", err=True)
    folder = export(model, output / name, name, features_json(dataset.features, dataset.recipe))
    click.echo(f"Trained {name} in {time.monotonic() - started:.1f} s: {folder}", err=True)
