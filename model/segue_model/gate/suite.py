"""All checks in their order, and a model opened for them."""

import time
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
from segue_model.gate.checks import Check
from segue_model.gate.errors import Failed, LoadError
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
    """Return the model in `folder`, loaded and called once. Raises: LoadError."""
    structure = read_structure(folder)
    if unknown := structure.unknown_ops():
        raise LoadError(f"{folder}: needs operations that TensorFlow has not: {', '.join(unknown)}")
    loading = Loading(folder)
    measured = Measured(loading.seconds, loading.bytes, _first_call(loading.model))
    attributes = attributes_of(dataset) if dataset else None
    return Subject(folder, loading.model, structure, measured, attributes, limits)


def _first_call(model: Model) -> float | None:
    """Return the milliseconds of the first call, `None` when it failed: a check will tell why."""
    started = time.perf_counter()
    try:
        model.outputs(sig.RECOMMEND_BATCHED, tensors_of([Request(UNKNOWN, 10)]))
    except Failed:
        return None
    return 1000 * (time.perf_counter() - started)
