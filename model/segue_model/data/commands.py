"""The commands that make and check dataset folders: `segue-model dataset …`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from segue_model.data.dataset import Dataset, DatasetError, read_dataset, write_dataset
from segue_model.data.synthetic import synthetic_dataset

FOLDER: Final = click.Path(path_type=Path)
OUTPUT: Final = click.option(
    "--output", type=FOLDER, required=True, help="The dataset folder; an older one is replaced."
)


@click.group()
def dataset() -> None:
    """Make and check dataset folders."""


@dataset.command()
@click.option("--songs", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--listeners", type=click.IntRange(0), default=5_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@OUTPUT
def synthetic(songs: int, listeners: int, seed: int, output: Path) -> None:
    """Invent a dataset; the same numbers make the same one."""
    with _failing_clearly():
        with Console(stderr=True).status(f"Inventing {songs:,} songs …"):
            made = synthetic_dataset(songs, listeners, seed)
        _write(output, made)


@dataset.command()
@click.argument("folder", type=FOLDER)
def check(folder: Path) -> None:
    """Read the dataset in FOLDER and say what is in it, or what is wrong with it."""
    with _failing_clearly():
        _report(folder, _read(folder))


@dataset.command()
@click.argument("folder", type=FOLDER)
@OUTPUT
def complete(folder: Path, output: Path) -> None:
    """Write the dataset in FOLDER with all that may be left out of one written by hand."""
    with _failing_clearly():
        _write(output, _read(folder))


@dataset.command()
@click.argument("folder", type=FOLDER)
@click.option("--output", type=FOLDER, help="The file to write.  [default: FOLDER/report.html]")
def report(folder: Path, output: Path | None) -> None:
    """Draw what the dataset in FOLDER holds as one HTML page."""
    # What draws takes a second to import: the other commands should not wait for it.
    from segue_model.report import write_report  # noqa: PLC0415

    target = output or folder / "report.html"
    with _failing_clearly(), Console(stderr=True).status(f"Drawing {folder} …"):
        write_report(folder, target)
    click.echo(f"Wrote {target}")


@contextmanager
def _failing_clearly() -> Iterator[None]:
    try:
        yield
    except (DatasetError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _read(folder: Path) -> Dataset:
    with Console(stderr=True).status(f"Reading {folder} …"):
        return read_dataset(folder)


def _write(output: Path, made: Dataset) -> None:
    with Console(stderr=True).status(f"Writing {output} …"):
        write_dataset(output, made)
        written = read_dataset(output)
    _report(output, written)


def _report(folder: Path, read: Dataset) -> None:
    features = f"{len(read.features.columns)} ({read.features.recipe})"
    counts = {thing: f"{count:,}" for thing, count in read.counts().items()}
    _print(str(folder), {**counts, "features": features, "fingerprint": read.fingerprint})


def _print(title: str, rows: Mapping[str, str]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
