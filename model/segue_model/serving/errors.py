"""What goes wrong, with the status code that TensorFlow Serving gives for it."""

from http import HTTPStatus
from typing import Final

from grpc import StatusCode

_BY_NUMBER: Final = {code.value[0]: code for code in StatusCode}

HTTP_STATUS: Final = {
    StatusCode.OK: HTTPStatus.OK,
    StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    StatusCode.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    StatusCode.ABORTED: HTTPStatus.CONFLICT,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
}
"""The HTTP status of a code; INTERNAL_SERVER_ERROR for those not named."""


class UsageError(Exception):
    """The command line or a configuration file is at fault; the text names the place."""


class ServingError(Exception):
    """A request, or a version's loading, failed with a status."""

    def __init__(self, code: StatusCode, message: str) -> None:
        """Take the code and a text for the caller."""
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """Return the error of a request that is wrong in itself."""
    return ServingError(StatusCode.INVALID_ARGUMENT, message)


def translated(error: Exception, otherwise: StatusCode) -> ServingError:
    """Return `error`, raised by TensorFlow, as a ServingError.

    The code is TensorFlow's own where the error has one, else `otherwise`. The text is
    TensorFlow's reason without the graph's stack traces.
    """
    if isinstance(error, ServingError):
        return error
    code = _BY_NUMBER.get(getattr(error, "error_code", -1), otherwise)
    text = str(getattr(error, "message", None) or error)
    return ServingError(code, _reason(text) or type(error).__name__)


def _reason(text: str) -> str:
    """Return what TensorFlow complains of, without how the graph came to be."""
    text = text.split("Original stack trace", 1)[0]
    lines = [line.strip() for line in text.removeprefix("Graph execution error:").splitlines()]
    return " ".join(line for line in lines if line)[:1000]
