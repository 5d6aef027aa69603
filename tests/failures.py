"""What a call over gRPC failed with."""

from collections.abc import Awaitable
from typing import Any, cast

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


async def failure(call: Awaitable[object]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def details(error: grpc.aio.AioRpcError) -> Any:  # noqa: ANN401 - messages of several kinds
    """Return the details of an error, which gRPC's own types do not know to be a call."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    return status.details


def reason(error: grpc.aio.AioRpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    assert details(error)[0].Unpack(info)
    assert info.domain == "segue.v1"
    return str(info.reason)


def fields(error: grpc.aio.AioRpcError) -> list[str]:
    """Return the fields at fault."""
    bad = error_details_pb2.BadRequest()
    assert details(error)[1].Unpack(bad)
    return [violation.field for violation in bad.field_violations]
