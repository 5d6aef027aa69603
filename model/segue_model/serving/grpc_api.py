"""TensorFlow Serving's gRPC services, by its own messages and status codes."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import grpc
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from segue_model.serving.describe import metadata, require_spec, status
from segue_model.serving.errors import ServingError
from segue_model.serving.models import Models
from segue_model.serving.predict import Answer, Predictor, Query
from segue_model.serving.requests import decode_inputs
from segue_model.serving.tensors import encode
from segue_model.serving.untyped import Message

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Context = grpc.aio.ServicerContext[Any, Any]

SERVICES: Final = ("tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")

_LONGEST_MESSAGE: Final = 2000


def _refusal(method: str) -> Callable[[object, Message, Context], Awaitable[None]]:
    """Return the handler of a method that is not served."""

    async def refuse(_servicer: object, _request: Message, context: Context) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not served here")

    return refuse


class PredictionServicer:
    """tensorflow.serving.PredictionService."""

    def __init__(self, predictor: Predictor, *, as_content: bool) -> None:
        """Take who predicts, and whether outputs go out as bytes."""
        self._predictor = predictor
        self._as_content = as_content

    async def Predict(self, request: Message, context: Context) -> Message:  # noqa: N802 - the service's name
        """Answer a PredictRequest."""
        return await _answered(self._predict(request, context.time_remaining()), context)

    async def GetModelMetadata(self, request: Message, context: Context) -> Message:  # noqa: N802 - the service's name
        """Answer with the signatures of a version."""
        return await _answered(_soon(metadata, self._predictor.models, request), context)

    Classify = _refusal("Classify")
    Regress = _refusal("Regress")
    MultiInference = _refusal("MultiInference")

    async def _predict(self, request: Message, seconds: float | None) -> Message:
        require_spec(request)
        query = Query(
            spec=request.model_spec,
            inputs=lambda signature: decode_inputs(signature, request.inputs),
            outputs=list(request.output_filter),
            timeout=seconds,
        )
        answer = await self._predictor.predict(query)
        return _response(request.model_spec.name, answer, as_content=self._as_content)


class ModelServicer:
    """tensorflow.serving.ModelService."""

    def __init__(self, models: Models) -> None:
        """Take the models whose states are asked for."""
        self._models = models

    async def GetModelStatus(self, request: Message, context: Context) -> Message:  # noqa: N802 - the service's name
        """Answer with the states of a model's versions."""
        return await _answered(_soon(status, self._models, request), context)

    HandleReloadConfigRequest = _refusal("HandleReloadConfigRequest")


def add_to(server: grpc.aio.Server, predictor: Predictor, *, as_content: bool) -> None:
    """Let the server answer both services."""
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionServicer(predictor, as_content=as_content), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelServicer(predictor.models), server
    )


def _response(name: str, answer: Answer, *, as_content: bool) -> Message:
    response = predict_pb2.PredictResponse()
    response.model_spec.name = name
    response.model_spec.version.value = answer.version
    response.model_spec.signature_name = answer.signature.name
    for key, array in answer.outputs.items():
        dtype = answer.signature.outputs[key].dtype
        encode(array, dtype, response.outputs[key], as_content=as_content)
    return response


async def _soon(
    function: Callable[[Models, Message], Message], models: Models, request: Message
) -> Message:
    """Call within `_answered`, so that its errors are translated there."""
    return function(models, request)


async def _answered(answer: Awaitable[Result], context: Context) -> Result:
    """Return the answer; end the call with the status of its error."""
    try:
        return await answer
    except ServingError as error:
        code, text = error.code, error.message
    except Exception:
        log.exception("a request failed by a fault of this server")
        code, text = grpc.StatusCode.INTERNAL, "a fault of the model server; its log says more"
    # The text travels in a header, whose size callers limit.
    return await context.abort(code, text[:_LONGEST_MESSAGE])
