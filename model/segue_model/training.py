"""The command that turns a dataset folder into versions of models."""

import os
import time
from pathlib import Path

import click

from segue_model.data.dataset import DatasetError, read_dataset
from segue_model.data.recipes import features_json

QUIET = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "2"}


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
    try:
        songs = read_dataset(dataset)
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    # TensorFlow takes seconds to import: other commands, and bad datasets, should not wait. It
    # reads its settings there; an export needs no fast kernels, nor pages about them.
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - written, not read
    click.echo("Loading TensorFlow …", err=True)
    from segue_model.engines import ENGINES  # noqa: PLC0415
    from segue_model.export import export  # noqa: PLC0415

    unknown = set(names) - set(ENGINES)
    if unknown:
        raise click.BadParameter(
            f"no engine {', '.join(sorted(unknown))}; there are {', '.join(sorted(ENGINES))}",
            param_hint="--engine",
        )
    features = features_json(songs.features, songs.recipe)
    for engine in names or ENGINES:
        started = time.monotonic()
        folder = export(ENGINES[engine](songs), output / engine, engine, features)
        click.echo(f"Trained {engine} in {time.monotonic() - started:.1f} s: {folder}", err=True)
