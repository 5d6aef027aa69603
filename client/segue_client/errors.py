"""Everything that a call can fail with, in the caller's terms instead of gRPC's.

SegueError               reason, message, metadata; any failure that is none of these:
├── InvalidRequest       violations: the fields at fault
├── NotFound             resource: the song or engine that does not exist
├── Unavailable          retry_after: seconds, when the server said when
└── DeadlineExceeded     the client's timeout passed
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

Detail = TypeVar("Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of the request, by its path in the contract, and what is wrong with it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that does not exist: its kind (`song`, `engine`) and its name or id."""

    kind: str
    name: str


class SegueError(Exception):
    """A call failed.

    `reason` is the contract's UPPER_SNAKE word for why, the name of the gRPC status when the
    answer did not come from the server; `metadata` holds the values that the message mentions.
    The gRPC error itself is the `__cause__`.
    """

    def __init__(
        self, message: str, reason: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        """Take what the server said."""
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})


class InvalidRequest(SegueError):
    """A field of the request is at fault; `violations` name each."""

    violations: Sequence[Violation] = ()


class NotFound(SegueError):
    """The song or engine asked for does not exist; `resource` is `None` when not said which."""

    resource: Resource | None = None


class Unavailable(SegueError):
    """The server, or all it could answer with, is down.

    The call has been tried again already; trying once more after `retry_after` seconds may help.
    """

    retry_after: float | None = None


class DeadlineExceeded(SegueError):
    """The client's timeout passed before an answer came."""


def translated(error: grpc.RpcError) -> SegueError:
    """Return the error that a failed call is to its caller."""
    if not isinstance(error, grpc.Call):
        return SegueError(str(error), "UNKNOWN")
    status = _status(error)
    info = _detail(status, ErrorInfo)
    said = (error.details() or "no reason given", info.reason or error.code().name, info.metadata)
    match error.code():
        case grpc.StatusCode.INVALID_ARGUMENT:
            invalid = InvalidRequest(*said)
            fields = _detail(status, BadRequest).field_violations
            invalid.violations = tuple(Violation(v.field, v.description) for v in fields)
            return invalid
        case grpc.StatusCode.NOT_FOUND:
            absent = NotFound(*said)
            named = _detail(status, ResourceInfo)
            if named.resource_name:
                absent.resource = Resource(named.resource_type, named.resource_name)
            return absent
        case grpc.StatusCode.UNAVAILABLE:
            unavailable = Unavailable(*said)
            retry = _detail(status, RetryInfo)
            if retry.HasField("retry_delay"):
                unavailable.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            return unavailable
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineExceeded(*said)
        case _:
            return SegueError(*said)


def _status(call: grpc.Call) -> Status:
    """Return the status with its details, an empty one when none came with the error."""
    # A proxy may change a status without knowing of its details: then they do not match.
    with suppress(ValueError):
        return rpc_status.from_call(call) or Status()
    return Status()


def _detail(status: Status, kind: type[Detail]) -> Detail:
    """Return the detail of this kind, an empty one when there is none."""
    found = kind()
    for packed in status.details:
        if packed.Unpack(found):
            break
    return found
