"""An engine behind TensorFlow Serving's gRPC Predict: the official server or the embedded one."""

from collections.abc import Mapping

import grpc
import grpc.aio

import segue_signature as sig
from segue.tfserving.v1.predict_pb2 import ModelSpec, PredictRequest, PredictResponse, TensorProto
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.domain.model import EngineInfo, Ranking, RankQuery
from segue_server.engines import models, tensors
from segue_server.engines.descriptions import engine_info

PREDICT = "/tensorflow.serving.PredictionService/Predict"
CHANNEL_OPTIONS = (
    # A model server that comes back is found again within a second, not within gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
)


class TfServingEngine:
    """Ranks by a version of one model of a model server: the latest, or the one of a label."""

    def __init__(self, channel: grpc.aio.Channel, name: str, model: str, label: str = "") -> None:
        """Take the channel to the model server, the engine's name, the model's and the label."""
        self._name = name
        self._model = f"{model}@{label}" if label else model
        self._spec = ModelSpec(name=model)
        if label:
            self._spec.version_label = label
        self._predict: grpc.aio.UnaryUnaryMultiCallable[PredictRequest, PredictResponse] = (
            channel.unary_unary(
                PREDICT,
                request_serializer=PredictRequest.SerializeToString,
                response_deserializer=PredictResponse.FromString,
            )
        )

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the ranking of the model; see `Engine.rank`."""
        request = PredictRequest(
            model_spec=self._asked_for(sig.RECOMMEND_BATCHED),
            inputs={name: _tensor(value) for name, value in models.inputs(query).items()},
            output_filter=models.outputs(query),
        )
        response = await self._call(request, deadline)
        try:
            return models.ranking(self._name, query, _answer(query, response))
        except models.MALFORMED as error:
            raise EngineUnavailable(f"{self._model} answered with no ranking: {error}") from error

    async def describe(self, deadline: Deadline) -> EngineInfo:
        """Return the model's description of itself; see `Described.describe`."""
        request = PredictRequest(
            model_spec=self._asked_for(sig.DESCRIBE),
            inputs={sig.DESCRIPTION_SCHEMA: tensors.int_scalar(sig.DESCRIPTION_SCHEMA_VERSION)},
        )
        response = await self._call(request, deadline)
        try:
            text = tensors.read_string(response.outputs[sig.DESCRIPTION])
            return engine_info(_version(response), text)
        except models.MALFORMED as error:
            raise EngineUnavailable(f"{self._model} does not describe itself: {error}") from error

    def _asked_for(self, signature: str) -> ModelSpec:
        spec = ModelSpec(signature_name=signature)
        spec.MergeFrom(self._spec)
        return spec

    async def _call(self, request: PredictRequest, deadline: Deadline) -> PredictResponse:
        try:
            response = await self._predict(request, timeout=deadline.remaining())
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise DeadlineExceeded from error
            raise EngineUnavailable(
                f"{self._model}: {error.code().name}: {error.details()}"
            ) from error
        if response is None:  # gRPC's word for an answer that cannot be decoded
            raise EngineUnavailable(f"{self._model} answered with no message")
        return response


def _tensor(value: models.Value) -> TensorProto:
    """Return a row's value as a tensor of one row."""
    match value:
        case bool():
            return tensors.bools(value)
        case int():
            return tensors.ints(value)
        case float():
            return tensors.floats(value)
        case [str(), *_]:
            return tensors.string_row([str(text) for text in value])
        case [float(), *_]:
            return tensors.float_row([float(number) for number in value])
        case _:
            return tensors.int_rows([int(number) for number in value])


def _answer(query: RankQuery, response: PredictResponse) -> models.Answer:
    outputs = response.outputs
    return models.Answer(
        version=_version(response),
        ids=tensors.read_ints(outputs[sig.RECOM_SONGS_IDS]),
        scores=tensors.read_floats(outputs[sig.RECOM_SONGS_SCORES]),
        sources=tensors.read_ints(outputs[sig.RECOM_SONGS_SOURCES]),
        known=tensors.read_bools(outputs[sig.LISTENED_SONGS_KNOWN]),
        contributions=_contributions(outputs) if models.wants_reasons(query) else (),
    )


def _contributions(outputs: Mapping[str, TensorProto]) -> list[list[float]]:
    tensor = outputs[sig.RECOM_SONGS_CONTRIBUTIONS]
    values = tensors.read_floats(tensor)
    width = tensors.shape_of(tensor)[-1]
    return [values[at : at + width] for at in range(0, len(values), width)]


def _version(response: PredictResponse) -> str:
    return str(response.model_spec.version.value)
