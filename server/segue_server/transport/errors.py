"""The one table from domain errors to statuses, in the form of AIP-193."""

import math

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from segue_server.domain.errors import (
    ActivityUnavailable,
    CatalogUnavailable,
    Changed,
    DeadlineExceeded,
    EngineUnavailable,
    InvalidRequest,
    LimitReached,
    NotFound,
    Overloaded,
    SegueError,
    Unavailable,
    Unidentified,
)

DOMAIN = "segue.v1"

# What each error is to a caller; a class stands for its subclasses too, the first match counts.
TABLE: tuple[tuple[type[SegueError], int, str], ...] = (
    (InvalidRequest, code_pb2.INVALID_ARGUMENT, "INVALID_FIELD"),
    (Unidentified, code_pb2.UNAUTHENTICATED, "NO_IDENTITY"),
    (NotFound, code_pb2.NOT_FOUND, "NOT_FOUND"),
    (Changed, code_pb2.ABORTED, "ETAG_MISMATCH"),
    (LimitReached, code_pb2.FAILED_PRECONDITION, "LIMIT_REACHED"),
    (EngineUnavailable, code_pb2.UNAVAILABLE, "MODEL_UNAVAILABLE"),
    (CatalogUnavailable, code_pb2.UNAVAILABLE, "CATALOG_UNAVAILABLE"),
    (ActivityUnavailable, code_pb2.UNAVAILABLE, "ACTIVITY_UNAVAILABLE"),
    (Overloaded, code_pb2.RESOURCE_EXHAUSTED, "OVERLOADED"),
    (Unavailable, code_pb2.UNAVAILABLE, "UNAVAILABLE"),
    (DeadlineExceeded, code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
)
INTERNAL = (code_pb2.INTERNAL, "INTERNAL")
# What is not the caller's business: names of hosts and tables, texts of drivers.
MESSAGES = {
    "MODEL_UNAVAILABLE": "no model answers",
    "CATALOG_UNAVAILABLE": "the catalog does not answer",
    "ACTIVITY_UNAVAILABLE": "what listeners keep and do cannot be read or written now",
    "INTERNAL": "an error of the server; the request id leads to its log",
}
CODES = {code.value[0]: code for code in grpc.StatusCode}


def status_of(error: Exception) -> status_pb2.Status:
    """Return the status for an error; INTERNAL for one that is not Segue's."""
    code, reason = next(
        ((code, reason) for kind, code, reason in TABLE if isinstance(error, kind)), INTERNAL
    )
    if isinstance(error, NotFound):
        reason = f"{error.kind.upper()}_NOT_FOUND"
    if isinstance(error, LimitReached):
        reason = error.reason
    message = MESSAGES.get(reason, str(error))
    return status_pb2.Status(code=code, message=message, details=_details(error, reason))


def _details(error: Exception, reason: str) -> list[any_pb2.Any]:
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN)
    details: list[Message] = [info]
    if isinstance(error, InvalidRequest):
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.description)
        details.append(bad)
    if isinstance(error, NotFound | Changed):
        info.metadata[error.kind] = error.name
        details.append(
            error_details_pb2.ResourceInfo(resource_type=error.kind, resource_name=error.name)
        )
    if isinstance(error, Unavailable):
        details.append(error_details_pb2.RetryInfo(retry_delay=_seconds(error.retry_after)))
    return [_packed(detail) for detail in details]


def _seconds(value: float) -> duration_pb2.Duration:
    whole = math.floor(value)
    return duration_pb2.Duration(seconds=whole, nanos=round((value - whole) * 1e9))


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
