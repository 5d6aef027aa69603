"""TensorFlow Serving's REST paths over the same models."""

import logging
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from google.protobuf.json_format import MessageToDict
from grpc import StatusCode
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2

from segue_model.serving import rest_json
from segue_model.serving.describe import metadata, status
from segue_model.serving.errors import HTTP_STATUS, ServingError, invalid
from segue_model.serving.predict import Predictor, Query
from segue_model.serving.untyped import Json, Message

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 16 * 2**20
_MAX_VERSION: Final = 2**63 - 1

_MODEL: Final = (
    r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
)
_POST: Final = re.compile(_MODEL + r":(?P<method>classify|regress|predict)", re.IGNORECASE)
_GET: Final = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)


class RestApi:
    """The handlers of `/v1/models/…`."""

    def __init__(self, predictor: Predictor, timeout: float) -> None:
        """Take who predicts and the seconds that a request may take."""
        self._predictor = predictor
        self._timeout = timeout

    def application(self) -> web.Application:
        """Return the application to run."""
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_get("/v1/{rest:.*}", self._get, allow_head=False)
        application.router.add_post("/v1/{rest:.*}", self._post)
        return application

    async def _get(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._described)

    async def _post(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._predicted)

    async def _described(self, request: web.Request) -> Json:
        match = _matched(_GET, request)
        spec, models = _spec(match), self._predictor.models
        if match["metadata"]:
            wanted = get_model_metadata_pb2.GetModelMetadataRequest(
                model_spec=spec, metadata_field=["signature_def"]
            )
            return _metadata(metadata(models, wanted))
        asked = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
        return _as_json(status(models, asked), keep_names=False)

    async def _predicted(self, request: web.Request) -> Json:
        match = _matched(_POST, request)
        if match["method"].lower() != "predict":
            raise ServingError(StatusCode.UNIMPLEMENTED, f"{match['method']} is not served")
        parsed = rest_json.parse(await request.read())
        spec = _spec(match)
        spec.signature_name = parsed.signature_name
        query = Query(spec=spec, inputs=parsed.inputs, timeout=self._timeout)
        answer = await self._predictor.predict(query)
        return rest_json.answer(answer.outputs, rows=parsed.rows)

    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[Json]]
    ) -> web.Response:
        """Return the handler's JSON, or its error as the original tells it."""
        try:
            return web.json_response(await handler(request))
        except ServingError as error:
            return _failed(
                HTTP_STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR), str(error)
            )
        except web.HTTPRequestEntityTooLarge:
            text = f"the body is larger than {MAX_BODY_BYTES} bytes"
            return _failed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        except Exception:
            log.exception("a request failed by a fault of this server")
            text = "a fault of the model server; its log says more"
            return _failed(HTTPStatus.INTERNAL_SERVER_ERROR, text)


def _failed(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _matched(pattern: re.Pattern[str], request: web.Request) -> re.Match[str]:
    match = pattern.fullmatch(request.path)
    if match is None:
        raise invalid(f"Malformed request: {request.method} {request.path}")
    return match


def _spec(match: re.Match[str]) -> Message:
    spec = model_pb2.ModelSpec(name=match["name"])
    if match["label"]:
        spec.version_label = match["label"]
    if match["version"]:
        if (version := int(match["version"])) > _MAX_VERSION:
            raise invalid(f"Failed to convert version: {version} to numeric.")
        spec.version.value = version
    return spec


def _metadata(response: Message) -> dict[str, Json]:
    """Return the metadata as the original prints it: the packed map unpacked, without its type."""
    definitions = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(definitions)
    return {
        "model_spec": _as_json(response.model_spec, keep_names=True),
        "metadata": {"signature_def": _as_json(definitions, keep_names=True)},
    }


def _as_json(message: Message, *, keep_names: bool) -> dict[str, Json]:
    return MessageToDict(
        message,
        preserving_proto_field_name=keep_names,
        always_print_fields_with_no_presence=True,
    )
