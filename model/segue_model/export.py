"""Models as TensorFlow Serving wants them: BASE/VERSION with a warm-up file, whole or absent."""

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

import segue_signature as sig
from segue_model.ranking.constraints import Constraints, no_constraints
from segue_model.ranking.module import BATCHED, RankingModel

WARM_UP = Path("assets.extra/tf_serving_warmup_requests")
FEATURES = Path("assets.extra/features.json")
FINGERPRINT = Path("fingerprint.pb")


def export(model: RankingModel[Any], base: Path, name: str, features: bytes) -> Path:
    """Write the next version of the model `name` below `base` and return its folder.

    It appears there whole, by a rename: a server that watches the folder never sees half of it.
    `features`, a JSON text, tells how the features it was trained on were made; it stays with it.
    The same bytes each time, as long as nothing else was traced in the process before.
    """
    base.mkdir(parents=True, exist_ok=True)
    version = 1 + max(versions(base), default=0)
    partial = base / f".{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    tf.saved_model.save(model, str(partial), signatures=model.signatures())
    _fix_fingerprint(partial / FINGERPRINT)
    _write_warm_up(partial / WARM_UP, name, model.some_song_ids())
    (partial / FEATURES).write_bytes(features)
    folder = base / str(version)
    os.replace(partial, folder)  # noqa: PTH105 - fails, as it must, where the version exists
    return folder


def versions(base: Path) -> list[int]:
    """Return the version numbers below `base`, in order."""
    return sorted(int(path.name) for path in base.iterdir() if path.name.isdecimal())


def _fix_fingerprint(path: Path) -> None:
    """Give the model a name of its own that follows from its bytes, instead of a random one."""
    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    fingerprint.ClearField("uuid")
    named = uuid.uuid5(uuid.NAMESPACE_OID, fingerprint.SerializeToString(deterministic=True).hex())
    fingerprint.uuid = str(named.int)
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))


def _write_warm_up(path: Path, name: str, song_ids: list[int]) -> None:
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in _warm_up_requests(name, song_ids):
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(record.SerializeToString(deterministic=True))


def _warm_up_requests(name: str, song_ids: list[int]) -> Iterator[predict_pb2.PredictRequest]:
    """Yield requests like those to come: each signature, each branch of the graph."""
    listened = song_ids[:20]
    yield _request(name, sig.RECOMMEND, {sig.LISTENED_SONGS: listened, sig.NO_RECOM_SONGS: 10})
    yield _request(name, sig.DESCRIBE, {sig.DESCRIPTION_SCHEMA: sig.DESCRIPTION_SCHEMA_VERSION})
    for batch in (1, 8):
        plain = no_constraints(batch)
        yield _batched(name, batch, listened, plain)
        capped = plain._replace(max_per_artist=tf.fill([batch], 2))
        yield _batched(name, batch, listened, capped)
        filtered = capped._replace(years=tf.tile([[1900, 2100]], [batch, 1]))
        yield _batched(name, batch, listened, filtered)
        diverse = filtered._replace(diversity=tf.fill([batch], 0.4))
        yield _batched(name, batch, listened, diverse)


def _batched(
    name: str, batch: int, listened: list[int], options: Constraints
) -> predict_pb2.PredictRequest:
    inputs = (tf.tile([listened], [batch, 1]), tf.fill([batch], 10), *options)
    return _request(name, sig.RECOMMEND_BATCHED, dict(zip(BATCHED, inputs, strict=True)))


def _request(name: str, signature: str, inputs: dict[str, object]) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request
