"""The command that turns a dataset folder into versions of models."""

import time
from pathlib import Path

import click

from segue_model.data.dataset import DatasetError, read_dataset


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--engine", "names", multiple=True, help="An engine to train; all when not given.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The models folder: OUTPUT/ENGINE/VERSION is written.",
)
def train(dataset: Path, names: tuple[str, ...], output: Path) -> None:
    """Train engines on the dataset folder DATASET and export each as a SavedModel."""
    # TensorFlow takes seconds to import: other commands, and bad arguments, should not wait.
    click.echo("Loading TensorFlow …", err=True)
    from segue_model.engines import ENGINES  # noqa: PLC0415
    from segue_model.export import export  # noqa: PLC0415

    unknown = set(names) - set(ENGINES)
    if unknown:
        raise click.BadParameter(
            f"no engine {', '.join(sorted(unknown))}; there are {', '.join(sorted(ENGINES))}",
            param_hint="--engine",
        )
    try:
        songs = read_dataset(dataset)
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    for name in names or ENGINES:
        started = time.monotonic()
        folder = export(ENGINES[name](songs), output / name, name)
        click.echo(f"Trained {name} in {time.monotonic() - started:.1f} s: {folder}", err=True)
