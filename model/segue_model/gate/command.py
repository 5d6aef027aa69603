"""The command that holds a SavedModel to the model signature: `segue-model check`."""

import os
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from segue_model.data.dataset import Dataset, DatasetError, read_dataset
from segue_model.data.whole_file import write_whole
from segue_model.gate.errors import LoadError, Unsafe
from segue_model.gate.finding import saved_model_file
from segue_model.quiet import QUIET

PATH: Final = click.Path(path_type=Path)
TARGET: Final = click.Path(dir_okay=False, writable=True, path_type=Path)
A_CHECK_FAILED, NOTHING_TO_CHECK = 1, 2
LIMIT: Final = click.FloatRange(0, min_open=True)


class NothingToCheck(click.ClickException):
    """There is no model, no dataset, or no folder for the results, where one was said to be."""

    exit_code = NOTHING_TO_CHECK


@click.command()
@click.argument("folder", metavar="SAVED_MODEL_DIR", type=PATH)
@click.option("--dataset", type=PATH, help="The dataset folder that the model was trained on.")
@click.option("--json", "target", type=TARGET, help="Write the results to this file too.")
@click.option("--limit-ms", "ms", type=LIMIT, help="Most milliseconds of a request, p99.")
@click.option("--limit-batch-ms", "batch_ms", type=LIMIT, help="The same of a batch of 32.")
@click.option("--limit-load-s", "load_s", type=LIMIT, help="Most seconds that loading takes.")
@click.option("--limit-memory-mb", "memory_mb", type=LIMIT, help="Most megabytes that it takes.")
def check(folder: Path, dataset: Path | None, target: Path | None, **limits: float | None) -> None:
    """Hold the SavedModel in SAVED_MODEL_DIR, whoever made it, to the model signature.

    Ends with 0 when no check failed, 1 when one did, 2 when there is nothing to check.
    """
    console, errors = Console(), Console(stderr=True)
    read = _read(folder, dataset)
    if target is not None and not _is_writable(target.parent):
        raise NothingToCheck(f"--json {target}: {target.parent} is no folder to write in")
    # TensorFlow takes seconds to import, and reads its settings there.
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - written, not read
    with errors.status("Loading TensorFlow …") as status:
        from segue_model.gate import checks, suite  # noqa: PLC0415
        from segue_model.gate.report import Report  # noqa: PLC0415
        from segue_model.gate.subject import Limits  # noqa: PLC0415

        status.update(f"Loading {folder} …")
        try:
            subject = suite.open_subject(folder, read, Limits(**limits))
        except LoadError as error:
            raise NothingToCheck(str(error)) from error
        except Unsafe as error:
            report = Report(folder, [*suite.results_of_unsafe(error)], sampled=False)
        else:
            results = []
            for result in checks.run_checks(suite.GROUPS, subject):
                results.append(result)
                status.update(f"{len(results)} checks done, last {result.check.id} …")
            report = Report(folder, results, subject.sampled)
    report.show(console)
    if target is not None:
        _write(target, report.json())
    if report.failures:
        raise SystemExit(A_CHECK_FAILED)


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _write(target: Path, text: str) -> None:
    try:
        write_whole(target, text.encode())
    except OSError as error:
        raise NothingToCheck(f"--json {target}: {error}") from error


def _read(folder: Path, dataset: Path | None) -> Dataset | None:
    """Return the dataset; what is not there is told at once."""
    try:
        saved_model_file(folder)
        return None if dataset is None else read_dataset(dataset)
    except (LoadError, DatasetError) as error:
        raise NothingToCheck(str(error)) from error
