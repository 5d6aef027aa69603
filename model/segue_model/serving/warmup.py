"""Warm-up: a version's first requests come from a file of its own, before any caller's.

The first run of a graph takes many times as long as the next, so a version whose folder holds
`assets.extra/tf_serving_warmup_requests` (TFRecord of PredictionLog) is run on those requests
before it becomes available.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from segue_model.serving.errors import invalid
from segue_model.serving.requests import decode_inputs
from segue_model.serving.servable import Servable, run
from segue_model.serving.untyped import Message

MAX_RECORDS: Final = 1000


def warmup_file(folder: Path) -> Path:
    """Return where the version's folder keeps its warm-up requests, if it has any."""
    return folder / "assets.extra" / "tf_serving_warmup_requests"


def warm_up(servable: Servable, file: Path, iterations: int) -> int:
    """Run every request of the file `iterations` times; return how many requests there are.

    Raises ServingError when a request fails, is no Predict, or there are more than 1,000, and
    OpError when the file is damaged: as in the original, the version is then not served.
    """
    count = 0
    for count, request in enumerate(_requests(file), start=1):
        if count > MAX_RECORDS:
            raise invalid(f"more than {MAX_RECORDS} warm-up requests in {file}")
        signature = servable.signature(request.model_spec.signature_name)
        inputs = decode_inputs(signature, request.inputs)
        for _ in range(iterations):
            run(signature, inputs)
    return count


def _requests(file: Path) -> Iterator[Message]:
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        try:
            log = PredictionLog.FromString(record)
        except DecodeError as error:
            raise invalid(f"a warm-up record in {file} is no PredictionLog") from error
        if log.WhichOneof("log_type") != "predict_log":
            raise invalid(f"a warm-up record in {file} is no Predict request")
        yield log.predict_log.request
