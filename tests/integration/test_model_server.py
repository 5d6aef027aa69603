"""The embedded model server's gRPC API, through TensorFlow Serving's own stubs."""

from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

import segue_signature as sig
from integration.model_server_fixtures import ModelServer, shared
from integration.model_server_toy import (
    COUNT,
    UNLUCKY,
    batched_request,
    flat_request,
    outputs,
    request,
)
from segue_model.serving.untyped import Message

NOT_FOUND, INVALID = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture(scope="module")
def server() -> ModelServer:
    return shared().server


def refused(server: ModelServer, message: Message) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        server.predict(message)
    return caught.value.code(), caught.value.details() or ""


def of(message: Message, **spec: object) -> Message:
    message.model_spec.MergeFrom(type(message.model_spec)(**spec))
    return message


def test_flat_and_batched_signature_answer_alike(server: ModelServer) -> None:
    flat = outputs(server.predict(flat_request([5, 15], 3)))
    batched = outputs(server.predict(batched_request([[5, 15], [7, -1]], [3, 2])))
    assert flat[sig.RECOM_SONGS_IDS] == [1020, 1021, 1022]
    assert flat[sig.RECOM_SONGS_SCORES] == pytest.approx([102.0, 102.1, 102.2])
    assert batched[sig.RECOM_SONGS_IDS] == [[1020, 1021, 1022], [1007, 1008, -1]]
    assert batched[sig.LISTENED_SONGS_KNOWN] == [[True, True], [True, False]]


def test_strings_and_scalars_come_back(server: ModelServer) -> None:
    answer = outputs(server.predict(request(sig.DESCRIBE, schema=1)))
    assert answer == {sig.DESCRIPTION: b'{"schema": 1}'}


def test_the_answer_names_model_version_and_signature(server: ModelServer) -> None:
    spec = server.predict(flat_request([5], 1)).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("toy", 1, sig.RECOMMEND)


def test_outputs_are_typed_values_as_the_original_sends_them(server: ModelServer) -> None:
    proto = server.predict(flat_request([5, 15], 2)).outputs[sig.RECOM_SONGS_IDS]
    assert (list(proto.int_val), proto.tensor_content) == ([1020, 1021], b"")


def test_a_call_without_a_deadline_is_answered(server: ModelServer) -> None:
    assert server.prediction.Predict(flat_request([5, 15], 2)).outputs


def test_only_the_outputs_asked_for_come(server: ModelServer) -> None:
    message = flat_request([5], 2)
    message.output_filter.append(sig.RECOM_SONGS_IDS)
    assert set(outputs(server.predict(message))) == {sig.RECOM_SONGS_IDS}


def test_tensor_content_and_repeated_last_values_are_read(server: ModelServer) -> None:
    message = flat_request([5, 15], 1)
    assert message.inputs["listened_songs"].tensor_content
    repeated = message.inputs["listened_songs"]
    repeated.tensor_content = b""
    repeated.int_val.append(7)
    assert outputs(server.predict(message))[sig.RECOM_SONGS_IDS] == [1007]


def test_the_warm_up_ran_before_the_first_request(server: ModelServer) -> None:
    # Only this test and the warm-up run this model's version.
    answer = server.predict(of(request(COUNT, "pair", add=0), version={"value": 1}))
    assert outputs(answer) == {"calls": 3}


@pytest.mark.parametrize(
    ("spec", "code", "text"),
    [
        ({"name": "toy", "version": {"value": 7}}, NOT_FOUND, "request: Specific(toy, 7)"),
        ({"name": "none"}, NOT_FOUND, "Servable not found for request: Latest(none)"),
        ({"name": ""}, INVALID, "ModelSpec has no name specified."),
        ({"name": "pair", "version_label": "none"}, INVALID, "version label: none"),
        ({"name": "pair", "version_label": "gone"}, PRECONDITION, "version 9"),
    ],
)
def test_an_unknown_version_is_refused(
    server: ModelServer, spec: dict[str, Any], code: grpc.StatusCode, text: str
) -> None:
    message = flat_request([5], 1)
    message.model_spec.Clear()
    got, details = refused(server, of(message, signature_name=sig.RECOMMEND, **spec))
    assert (got, text in details) == (code, True), details


def test_versions_are_chosen_by_number_and_by_label(server: ModelServer) -> None:
    numbers = [
        server.predict(of(flat_request([5], 1, "pair"), **choice)).model_spec.version.value
        for choice in (
            {},
            {"version": {"value": 1}},
            {"version_label": "stable"},
            {"version_label": "canary"},
        )
    ]
    assert numbers == [2, 1, 1, 2]


def malformed(**fields: object) -> Message:
    message = flat_request([5], 1)
    tensor = message.inputs["listened_songs"]
    tensor.Clear()
    tensor.MergeFrom(type(tensor)(**{"dtype": 3, **fields}))
    return message


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        (predict_pb2.PredictRequest(), INVALID, "Missing ModelSpec"),
        (request("nope"), PRECONDITION, 'Serving signature key "nope" not found.'),
        (request(""), PRECONDITION, 'Serving signature key "serving_default" not found.'),
        (request("__saved_model_init_op"), PRECONDITION, "not found"),
        (request(sig.RECOMMEND, listened_songs=[5]), INVALID, "required: {no_recom_songs}"),
        (request(sig.DESCRIBE, schema=1, x=1), INVALID, "Sent extra: {x}"),
        (request(sig.DESCRIBE, other=1), INVALID, "required: {schema}"),
        (flat_request(np.array([5]), 1), INVALID, '"listened_songs" must be int32, is int64'),
        (flat_request([[5]], 1), INVALID, '"listened_songs" must be of shape [?], is of shape [1'),
        (flat_request([5], [1]), INVALID, '"no_recom_songs" must be of shape []'),
        (malformed(tensor_shape={"dim": [{"size": 3}]}, tensor_content=b"x"), INVALID, "1 bytes"),
        (malformed(tensor_shape={"dim": [{"size": 1}]}, int_val=[1, 2]), INVALID, "parsing error"),
        (malformed(tensor_shape={"dim": [{"size": -1}]}), INVALID, "parsing error"),
        (malformed(tensor_shape={"unknown_rank": True}), INVALID, "parsing error"),
        (malformed(tensor_shape={"dim": [{"size": 2**40}]}, int_val=[1]), INVALID, "more than"),
        (malformed(dtype=0), INVALID, "must be int32"),
        (malformed(dtype=999), INVALID, "no known type (999)"),
        (batched_request([[UNLUCKY]], [1]), INVALID, "an unlucky song"),
    ],
)
def test_a_wrong_request_is_refused_with_the_reason(
    server: ModelServer, message: Message, code: grpc.StatusCode, text: str
) -> None:
    got, details = refused(server, message)
    assert (got, text in details) == (code, True), details
    assert "Traceback" not in details
    assert server.predict(flat_request([5], 1)).outputs


@pytest.mark.parametrize("wanted", [["nope"], [sig.RECOM_SONGS_IDS, sig.RECOM_SONGS_IDS]])
def test_a_wrong_output_filter_is_refused(server: ModelServer, wanted: list[str]) -> None:
    message = flat_request([5], 2)
    message.output_filter.extend(wanted)
    assert refused(server, message)[0] == INVALID


def test_metadata_holds_every_signature(server: ModelServer) -> None:
    asked = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={"name": "toy"}, metadata_field=["signature_def"]
    )
    answer = server.prediction.GetModelMetadata(asked, timeout=10)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    assert answer.model_spec.version.value == 1
    flat = signatures.signature_def[sig.RECOMMEND]
    assert set(flat.inputs) == {sig.LISTENED_SONGS, sig.NO_RECOM_SONGS}
    assert flat.method_name == "tensorflow/serving/predict"


@pytest.mark.parametrize("fields", [[], ["nope"]])
def test_other_metadata_is_refused(server: ModelServer, fields: list[str]) -> None:
    asked = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={"name": "toy"}, metadata_field=fields
    )
    with pytest.raises(grpc.RpcError) as caught:
        server.prediction.GetModelMetadata(asked, timeout=10)
    assert caught.value.code() == INVALID


def test_the_status_tells_each_version_newest_first(server: ModelServer) -> None:
    asked = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "pair"})
    states = server.models.GetModelStatus(asked, timeout=10).model_version_status
    assert [(state.version, state.state, state.status.error_code) for state in states] == [
        (2, 30, 0),
        (1, 30, 0),
    ]


@pytest.mark.parametrize("spec", [{"name": "none"}, {"name": "toy", "version": {"value": 7}}])
def test_the_status_of_what_is_unknown_is_not_found(
    server: ModelServer, spec: dict[str, Any]
) -> None:
    asked = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
    with pytest.raises(grpc.RpcError) as caught:
        server.models.GetModelStatus(asked, timeout=10)
    assert caught.value.code() == NOT_FOUND


def test_what_is_not_served_says_so(server: ModelServer) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        server.prediction.Classify(classification_pb2.ClassificationRequest(), timeout=10)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_health_and_reflection_answer(server: ModelServer) -> None:
    health = health_pb2_grpc.HealthStub(server.channel)
    for name in ("", "PredictionService"):
        answer = health.Check(  # type: ignore[attr-defined]  # not in the types
            health_pb2.HealthCheckRequest(service=name), timeout=10
        )
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    listed = reflection_pb2_grpc.ServerReflectionStub(server.channel).ServerReflectionInfo(  # type: ignore[operator]  # nor this
        iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=10
    )
    names = {service.name for service in next(listed).list_services_response.service}
    assert names > {"tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"}
