"""The commands that make and check dataset folders: `segue-model dataset …`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from segue_model.data.dataset import Dataset, DatasetError, read_dataset, write_dataset
from segue_model.data.msd import msd_dataset
from segue_model.data.msd_sources import find_sources
from segue_model.data.msd_tracks import rejected_csv
from segue_model.data.progress import shown
from segue_model.data.synthetic import synthetic_dataset

# Below this many files, starting processes takes longer than reading.
FILES_WORTH_PROCESSES: Final = 1_000

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
@click.option("--input", "folder", type=FOLDER, required=True, help="Searched at any depth.")
@click.option("--triplets", type=FOLDER, help="A file of listens: user, song id and plays.")
@click.option(
    "--workers", type=click.IntRange(1), help="Processes that read HDF5 files; all CPUs for many."
)
@OUTPUT
def msd(folder: Path, triplets: Path | None, workers: int | None, output: Path) -> None:
    """Make a dataset of the Million Song Dataset: its HDF5 files, its tables, its listens."""
    with _failing_clearly():
        sources = find_sources(folder, triplets)
        _print("Found", sources.found())
        many = len(sources.song_files) >= FILES_WORTH_PROCESSES
        made = msd_dataset(sources, workers or (os.cpu_count() or 1 if many else 1), shown)
        _write(output, made.dataset, {"rejected.csv": rejected_csv(made.rejected)})
    click.echo(f"Set aside {len(made.rejected):,} files and rows: see {output / 'rejected.csv'}")
    if made.strangers:
        click.echo(
            f"Left out {made.strangers:,} listens of songs that are not here or mistaken for others"
        )


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


@contextmanager
def _failing_clearly() -> Iterator[None]:
    try:
        yield
    except (DatasetError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _read(folder: Path) -> Dataset:
    with Console(stderr=True).status(f"Reading {folder} …"):
        return read_dataset(folder)


def _write(output: Path, made: Dataset, beside: Mapping[str, str] | None = None) -> None:
    with Console(stderr=True).status(f"Writing {output} …"):
        write_dataset(output, made, beside)
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
