"""The original service's client, as it was written, against an exported model."""

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from running_stack import RunningStack


@pytest.fixture
def stub(running: RunningStack) -> prediction_service_pb2_grpc.PredictionServiceStub:
    channel = grpc.insecure_channel(f"127.0.0.1:{running.stack.ports.model}")
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def ask(
    stub: prediction_service_pb2_grpc.PredictionServiceStub, songs: list[int], count: int
) -> predict_pb2.PredictResponse:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "content"
    request.model_spec.signature_name = "recommend_songs"
    request.inputs["listened_songs"].CopyFrom(tf.make_tensor_proto(songs))
    request.inputs["no_recom_songs"].CopyFrom(tf.make_tensor_proto(count))
    return stub.Predict(request, 10.0)


def test_the_original_client_gets_its_songs(
    stub: prediction_service_pb2_grpc.PredictionServiceStub, running: RunningStack
) -> None:
    answer = ask(stub, [5, 15, 1249], 3)
    ids = list(answer.outputs["recom_songs_ids"].int_val)
    _, served = running.get("/recommend?songs=5|15|1249&k=3")
    assert ids == [item["song"]["id"] for item in served["recommendations"]]
    scores = list(answer.outputs["recom_songs_scores"].float_val)
    assert scores == sorted(scores, reverse=True)
    assert answer.model_spec.version.value >= 1


def test_more_songs_than_there_are_are_all_the_others(
    stub: prediction_service_pb2_grpc.PredictionServiceStub,
) -> None:
    answer = ask(stub, [5, 15, 5], 10**9)
    ids = tf.make_ndarray(answer.outputs["recom_songs_ids"]).tolist()
    assert sorted([*ids, 5, 15]) == list(range(1, 2_001))
