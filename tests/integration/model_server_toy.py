"""A toy model with Segue's signatures whose right answers are known, and requests for it."""

import functools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

import segue_signature as sig
from segue_model.serving.untyped import Message

UNLUCKY = 13
"""A listened song that makes the batched signature's graph fail."""

COUNT, SLOW = "count_calls", "slow"


def _distinct_sum(listened: tf.Tensor) -> tf.Tensor:
    """Return, for each row, the sum of its distinct ids of 0 or more: rows are sets."""
    start = tf.fill([tf.shape(listened)[0], 1], -1)
    row = tf.sort(tf.concat([start, listened], 1), axis=1)
    fresh = row[:, 1:] != row[:, :-1]
    return tf.reduce_sum(tf.where(fresh, row[:, 1:], 0), axis=1)


def _recommend(toy: tf.Module, listened: tf.Tensor, k: tf.Tensor) -> dict[str, tf.Tensor]:
    """Recommend version * 1000 + the sum of the listened songs, and the ids that follow."""
    toy.calls.assign_add(1)
    ids = toy.version * 1000 + _distinct_sum(listened[tf.newaxis])[0] + tf.range(k)
    return {sig.RECOM_SONGS_IDS: ids, sig.RECOM_SONGS_SCORES: tf.cast(ids, tf.float32) / 10}


def _recommend_batched(
    toy: tf.Module, listened: tf.Tensor, k: tf.Tensor, excluded: tf.Tensor, genres: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Recommend a row a request; excluded songs lower the ids, 100 for each kind of genre."""
    tf.debugging.assert_none_equal(listened, UNLUCKY, message="an unlucky song")
    named = tf.cast(tf.reduce_any(genres != "", axis=1), tf.int32) * 100
    total = _distinct_sum(listened) - _distinct_sum(excluded) - named
    places = tf.range(tf.reduce_max(k))[tf.newaxis]
    ids = toy.version * 1000 + total[:, tf.newaxis] + places
    ids = tf.where(places < k[:, tf.newaxis], ids, sig.PAD_ID)
    return {
        sig.RECOM_SONGS_IDS: ids,
        sig.RECOM_SONGS_CONTRIBUTIONS: tf.cast(
            ids[:, :, tf.newaxis] * listened[:, tf.newaxis, :], tf.float32
        ),
        sig.LISTENED_SONGS_KNOWN: listened >= 0,
    }


def _describe(_toy: tf.Module, schema: tf.Tensor) -> dict[str, tf.Tensor]:
    return {sig.DESCRIPTION: tf.strings.format('{"schema": {}}', schema)}


def _count(toy: tf.Module, add: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"calls": toy.calls + add}


def _slow(toy: tf.Module, loops: tf.Tensor) -> dict[str, tf.Tensor]:
    """Take about a second for 100,000 loops, and count as a call for each row."""
    toy.calls.assign_add(tf.size(loops))
    most = tf.reduce_max(loops)
    last = tf.while_loop(lambda i: i < most, lambda i: [i + 1], [0], parallel_iterations=1)
    return {"loops": loops + 0 * last[0]}


def _spec(name: str, *shape: int | None, dtype: tf.DType = tf.int32) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name=name)


_LISTENED, _K = sig.LISTENED_SONGS, sig.NO_RECOM_SONGS
_SIGNATURES: dict[str, tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]] = {
    sig.RECOMMEND: (_recommend, [_spec(_LISTENED, None), _spec(_K)]),
    sig.RECOMMEND_BATCHED: (
        _recommend_batched,
        [
            _spec(_LISTENED, None, None),
            _spec(_K, None),
            _spec(sig.EXCLUDED_SONGS, None, None),
            _spec(sig.GENRES, None, None, dtype=tf.string),
        ],
    ),
    sig.DESCRIBE: (_describe, [_spec(sig.DESCRIPTION_SCHEMA)]),
    COUNT: (_count, [_spec("add")]),
    SLOW: (_slow, [_spec("loops", None)]),
}


def export(base: Path, version: int, warmups: int = 2) -> Path:
    """Write the toy as a version of the base path; `warmups` of 0 writes no such file."""
    toy = tf.Module()
    toy.version = tf.Variable(version, dtype=tf.int32)
    toy.calls = tf.Variable(0, dtype=tf.int32)
    signatures = {
        name: tf.function(functools.partial(function, toy), input_signature=specs)
        for name, (function, specs) in _SIGNATURES.items()
    }
    # Written beside and moved, so that a watching server sees it whole.
    fresh, folder = base.parent / f".{base.name}-{version}", base / str(version)
    tf.saved_model.save(toy, str(fresh), signatures=signatures)
    if warmups:
        extra = fresh / "assets.extra"
        extra.mkdir()
        with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
            for _ in range(warmups):
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.CopyFrom(flat_request([1, 2], 3))
                writer.write(log.SerializeToString())
    base.mkdir(exist_ok=True)
    shutil.move(fresh, folder)
    return folder


def request(signature: str, model: str = "toy", **inputs: object) -> Message:
    """Return a PredictRequest; an array says its type, all else is int32."""
    message = predict_pb2.PredictRequest()
    message.model_spec.name = model
    message.model_spec.signature_name = signature
    for name, value in inputs.items():
        array = value if isinstance(value, np.ndarray) else np.array(value, np.int32)
        message.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    return message


def flat_request(listened: object, k: object, model: str = "toy") -> Message:
    return request(sig.RECOMMEND, model, **{_LISTENED: listened, _K: k})


def batched_request(
    listened: Sequence[Sequence[int]],
    k: Sequence[int],
    excluded: Sequence[Sequence[int]] = (),
    genres: Sequence[Sequence[bytes]] = (),
) -> Message:
    """Return a request for the batched signature with a row for each list of `listened`."""
    rows = len(listened)
    return request(
        sig.RECOMMEND_BATCHED,
        listened_songs=np.array(listened, np.int32).reshape(rows, -1),
        no_recom_songs=k,
        excluded_songs=np.array(excluded or [[]] * rows, np.int32).reshape(rows, -1),
        genres=np.array(genres or [[]] * rows, object).reshape(rows, -1),
    )


def outputs(response: Message) -> dict[str, Any]:
    return {name: tf.make_ndarray(proto).tolist() for name, proto in response.outputs.items()}
