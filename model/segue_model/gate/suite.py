"""All checks in their order, and a model opened for them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.gate import (
    answer_checks,
    batch_checks,
    constraint_checks,
    description_checks,
    diversity_checks,
    input_checks,
    speed_checks,
    structure_checks,
    warm_up_checks,
)
from segue_model.gate.attributes import attributes_of
from segue_model.gate.checks import Check, Outcome, Result
from segue_model.gate.errors import LoadError, Unsafe
from segue_model.gate.model import Loading, Model
from segue_model.gate.requests import Request, tensors_of
from segue_model.gate.structure import read_structure
from segue_model.gate.subject import UNKNOWN, Limits, Measured, Subject

GROUPS: Final[dict[str, tuple[Check, ...]]] = {
    "Structure": structure_checks.CHECKS,
    "Description": description_checks.CHECKS,
    "Answers": answer_checks.CHECKS,
    "Inputs": input_checks.CHECKS,
    "Batches": batch_checks.CHECKS,
    "Constraints": constraint_checks.CHECKS,
    "Diversity": diversity_checks.CHECKS,
    "Warm-up": warm_up_checks.CHECKS,
    "Speed": speed_checks.CHECKS,
}


def open_subject(folder: Path, dataset: Dataset | None, limits: Limits) -> Subject:
    """Return the model in `folder`, loaded and called once. Raises: LoadError, Unsafe."""
    structure = read_structure(folder)
    if structure.side_effects:
        raise Unsafe(structure.side_effects)
    if unknown := structure.unknown_ops():
        raise LoadError(f"{folder}: needs operations that TensorFlow has not: {', '.join(unknown)}")
    loading = Loading(folder)
    measured = Measured(loading.seconds, loading.bytes, _first_call(loading.model))
    attributes = attributes_of(dataset) if dataset else None
    return Subject(folder, loading.model, structure, measured, attributes, limits)


def results_of_unsafe(error: Unsafe) -> Iterator[Result]:
    """Yield the results for a model that is not run: one check failed, the others are skipped."""
    reason = f"the model is not run: {structure_checks.STOCK_OPS} failed"
    for group, checks in GROUPS.items():
        for check in checks:
            if check.id == structure_checks.STOCK_OPS:
                example = {"operations": error.operations}
                yield Result(group, check, Outcome.FAILED, str(error), 0.0, example=example)
            else:
                yield Result(group, check, Outcome.SKIPPED, reason, 0.0)


def _first_call(model: Model) -> float | None:
    """Return the milliseconds of the first call, `None` when it failed: a check will tell why."""
    started = time.perf_counter()
    try:
        model.outputs(sig.RECOMMEND_BATCHED, tensors_of([Request(UNKNOWN, 10)]))
    except Exception:  # noqa: BLE001 - whatever a strange model does, the checks will tell it
        return None
    return 1000 * (time.perf_counter() - started)
