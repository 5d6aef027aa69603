"""Checks of the warm-up file, which the model server runs before a version serves."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

import segue_signature as sig
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.subject import Subject

FILE: Final = Path("assets.extra/tf_serving_warmup_requests")
MOST: Final = 1_000
FILTERS: Final = (
    sig.EXCLUDED_ARTISTS,
    sig.EXCLUDE_SEED_ARTISTS,
    sig.GENRES,
    sig.ARTISTS,
    sig.YEARS,
    sig.TEMPOS,
)


def warm_up_file(subject: Subject) -> Passed:
    """Read the file."""
    count = len(_requests(subject))
    if not 1 <= count <= MOST:
        raise Failed(f"{count:,} records, not 1 to {MOST:,}")
    return Passed(f"{count} records")


def warm_up_coverage(subject: Subject) -> Passed:
    """Look for a request of each kind."""
    requests = _requests(subject)
    called = {request.model_spec.signature_name for request in requests}
    if missing := {sig.RECOMMEND, sig.RECOMMEND_BATCHED} - called:
        raise Failed(f"no request for {', '.join(sorted(missing))}", {"called": sorted(called)})
    if not any(_is_filtered(request) for request in requests):
        raise Failed("no request with a filter", {"filters": list(FILTERS)})
    return Passed(", ".join(sorted(called)))


def warm_up_runs(subject: Subject) -> Passed:
    """Run every record."""
    requests = _requests(subject)
    for request in requests:
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        subject.model.outputs(request.model_spec.signature_name or sig.DEFAULT, inputs)
    return Passed(f"{len(requests)} records")


def _requests(subject: Subject) -> list[Any]:
    file = subject.folder / FILE
    if not file.is_file():
        raise Failed(f"no file {FILE}")
    try:
        records = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
        logs = [PredictionLog.FromString(record) for record in records]
    except (tf.errors.OpError, DecodeError) as error:
        raise Failed(f"{FILE}: no TFRecord of PredictionLog: {error}") from error
    for place, log in enumerate(logs):
        if log.WhichOneof("log_type") != "predict_log":
            raise Failed(f"{FILE}: record {place} is no Predict request")
    return [log.predict_log.request for log in logs]


def _is_filtered(request: Any) -> bool:  # noqa: ANN401 - messages have no types
    inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
    asked = [inputs[name] for name in FILTERS if name in inputs]
    nothing = (sig.PAD_ID, 0, sig.PAD_NAME)
    return any(entry not in nothing for values in asked for entry in np.ravel(values).tolist())


CHECKS: Final = (
    Check(
        "warm-up-file",
        f"{FILE} holds 1 to 1,000 Predict requests.",
        "Write PredictionLog messages with tf.io.TFRecordWriter; see docs/gate.md.",
        warm_up_file,
    ),
    Check(
        "warm-up-coverage",
        "Warm-up calls both recommending signatures, one of them with a filter.",
        "The first run of each branch of the graph is slow: let warm-up be the one that waits.",
        warm_up_coverage,
        ("warm-up-file",),
    ),
    Check(
        "warm-up-runs",
        "Every warm-up request runs: one that fails keeps the version from being served.",
        "Make the requests with the inputs, types and shapes that the signature has now.",
        warm_up_runs,
        ("warm-up-file", "signatures"),
    ),
)
