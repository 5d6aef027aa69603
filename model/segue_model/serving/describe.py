"""What the server says of its models, in TensorFlow Serving's messages: signatures and states."""

from typing import Final

from google.protobuf.any_pb2 import Any as AnyMessage
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from segue_model.serving.errors import invalid
from segue_model.serving.lifecycle import Version
from segue_model.serving.models import Models
from segue_model.serving.untyped import Message

_SIGNATURE_DEF: Final = "signature_def"


def require_spec(request: Message) -> None:
    """Raise INVALID_ARGUMENT unless the request has a ModelSpec."""
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")


def metadata(models: Models, request: Message) -> Message:
    """Return the GetModelMetadataResponse to a request.

    Raises INVALID_ARGUMENT unless it asks for `signature_def`, and what Models.find raises.
    """
    require_spec(request)
    if not request.metadata_field:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for name in request.metadata_field:
        if name != _SIGNATURE_DEF:
            raise invalid(f"Metadata field {name} is not supported")
    version = models.find(request.model_spec)
    definitions = get_model_metadata_pb2.SignatureDefMap()
    if version.servable is not None:
        for name, definition in version.servable.definitions.items():
            definitions.signature_def[name].CopyFrom(definition)
    packed = AnyMessage()
    packed.Pack(definitions)
    response = get_model_metadata_pb2.GetModelMetadataResponse(metadata={_SIGNATURE_DEF: packed})
    response.model_spec.name = request.model_spec.name
    response.model_spec.version.value = version.number
    return response


def status(models: Models, request: Message) -> Message:
    """Return the GetModelStatusResponse to a request; raise NOT_FOUND for an unknown version."""
    require_spec(request)
    states = [_state(version) for version in models.versions(request.model_spec)]
    return get_model_status_pb2.GetModelStatusResponse(model_version_status=states)


def _state(version: Version) -> Message:
    state = get_model_status_pb2.ModelVersionStatus(
        version=version.number, state=version.state.value
    )
    # Present even when all is well, as the original has it.
    state.status.error_code = 0
    if version.error is not None:
        state.status.error_code = version.error.code.value[0]
        state.status.error_message = version.error.message
    return state
