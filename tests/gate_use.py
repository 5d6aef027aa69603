"""The toy of the gate, opened once for all tests that break it, and what its checks find."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import gate_toy
from gate_toy import Toy
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.gate import batch_checks
from segue_model.gate import subject as subjects
from segue_model.gate.checks import Outcome, Result, run_checks
from segue_model.gate.subject import Limits, Subject
from segue_model.gate.suite import GROUPS, open_subject

SONGS, LISTENERS = 120, 12  # so few listeners that some songs have none
BEHAVIOR = {name: checks for name, checks in GROUPS.items() if name != "Speed"}


@dataclass(frozen=True)
class Opened:
    """A toy, and the dataset and the subject of the checks that belong to it."""

    dataset: Dataset
    toy: Toy
    subject: Subject


@functools.cache
def opened_toy(folder: Path) -> Opened:
    """Return the toy, exported below `folder` and opened; the same one for the same folder."""
    write_dataset(folder / "gate_dataset", synthetic_dataset(SONGS, LISTENERS, 5))
    dataset = read_dataset(folder / "gate_dataset")
    toy = Toy(dataset)
    exported = gate_toy.export(toy, folder / "gate_toy" / "1")
    return Opened(dataset, toy, open_subject(exported, dataset, Limits()))


@contextmanager
def few_requests(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """The toy as if it had many songs, so that few requests are tried: rules are found by few."""
    monkeypatch.setattr(subjects, "FEW", 0)
    monkeypatch.setattr(batch_checks, "REPEATS", 3)
    yield fresh(opened)
    set_defect(opened, "")


def fresh(opened: Subject, **changed: object) -> Subject:
    parts: dict[str, Any] = {"_whole": {}, **changed}
    return replace(opened, **parts)


def set_defect(opened: Subject, defect: str) -> None:
    loaded: Any = opened.model._loaded
    loaded.defect.assign(defect)


def run(subject: Subject) -> list[Result]:
    return list(run_checks(BEHAVIOR, subject))


def failed(results: list[Result]) -> list[str]:
    return [result.check.id for result in results if result.outcome is Outcome.FAILED]
