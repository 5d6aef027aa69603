"""A sample to evaluate engines on, and the command and its figures as tests compare them."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from segue_model.data.dataset import write_dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.evaluation.commands import evaluate
from segue_model.evaluation.json_files import as_json
from segue_model.evaluation.results import Evaluation


def written_sample(folder: Path) -> Path:
    """Write a synthetic dataset to `folder`, and return the folder."""
    write_dataset(folder, synthetic_dataset(300, 400, 3))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def without_times(evaluation: Evaluation) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(as_json(evaluation))
    for engine in fields["engines"].values():
        del engine["times"]
        for trial in engine["trials"]:
            del trial["fit_seconds"]
    return fields
