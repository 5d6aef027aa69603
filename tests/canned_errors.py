"""How the canned server refuses: each error with the details that the contract promises."""

from collections.abc import Sequence

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "segue.v1"


def abort(
    context: grpc.ServicerContext, code: "code_pb2.Code.ValueType", message: str, *details: Message
) -> None:
    packed = [any_pb2.Any() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    status = status_pb2.Status(code=code, message=message, details=packed)
    context.abort_with_status(rpc_status.to_status(status))


def info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def not_found(context: grpc.ServicerContext, kind: str, name: str) -> None:
    abort(
        context,
        code_pb2.NOT_FOUND,
        f"{kind} '{name}' does not exist",
        info(f"{kind.upper()}_NOT_FOUND", name=name),
        error_details_pb2.ResourceInfo(resource_type=kind, resource_name=name),
    )


def unavailable(context: grpc.ServicerContext) -> None:
    abort(
        context,
        code_pb2.UNAVAILABLE,
        "model and catalog are down",
        info("SERVER_UNAVAILABLE"),
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=1, nanos=500000000)),
    )


def refuse_field(context: grpc.ServicerContext, violation: str) -> None:
    """Abort when there is a violation."""
    if not violation:
        return
    field_name, _, description = violation.partition(": ")
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field=field_name, description=description)
    abort(context, code_pb2.INVALID_ARGUMENT, violation, info("INVALID_FIELD"), bad)


def refuse_ids(context: grpc.ServicerContext, name: str, ids: Sequence[int]) -> None:
    """Abort when an id is less than 1, as the contract says."""
    wrong = [i for i, value in enumerate(ids) if value < 1]
    if not wrong:
        return
    violations = [
        error_details_pb2.BadRequest.FieldViolation(
            field=f"{name}[{i}]", description="must be at least 1 — não zero"
        )
        for i in wrong
    ]
    abort(
        context,
        code_pb2.INVALID_ARGUMENT,
        f"{name}: must be at least 1 — não zero",
        info("INVALID_FIELD"),
        error_details_pb2.BadRequest(field_violations=violations),
    )
