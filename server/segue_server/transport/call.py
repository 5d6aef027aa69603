"""What every call has: a request id, a deadline, one log line, its errors as statuses."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError
from grpc_status import rpc_status

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import (
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    SegueError,
    Violation,
)
from segue_server.transport.errors import CODES, status_of

REQUEST_ID = "x-request-id"
MAX_REQUEST_ID = 128
OWN_SERVICES = "/segue.v1."

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Context = grpc.aio.ServicerContext[Request, Answer]
Handler = Callable[[Request, Context[Request, Answer]], Awaitable[Answer]]
Stream = Callable[[Request, Context[Request, Answer]], AsyncGenerator[Answer]]
if TYPE_CHECKING:  # gRPC's own classes take no parameters while running
    Method = grpc.RpcMethodHandler[Request, Answer] | None
    Methods = Callable[[grpc.HandlerCallDetails], Awaitable[Method[Request, Answer]]]

log = structlog.get_logger()
_deadline: ContextVar[Deadline] = ContextVar("deadline")
_request_id: ContextVar[str] = ContextVar("request_id")


def deadline() -> Deadline:
    """Return the deadline of the running call."""
    return _deadline.get()


def request_id() -> str:
    """Return the id of the running call."""
    return _request_id.get()


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds for calls whose caller set no deadline, and how many calls run at once."""

    deadline: float
    concurrent: int


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of the contract; health and reflection pass through."""

    def __init__(self, limit: CallLimits) -> None:
        self._limit = limit
        self._running = 0

    async def intercept_service(
        self,
        continuation: "Methods[Request, Answer]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Method[Request, Answer]":
        """Return the method's handler, wrapped."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(OWN_SERVICES):
            return handler
        if handler.unary_stream:
            stream = cast("Stream[Request, Answer]", handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(
                cast("Any", self._wrapped_stream(method, stream, handler.request_deserializer)),
                None,
                handler.response_serializer,
            )
        # The stubs know only the handlers of threaded servers.
        inner = cast("Handler[Request, Answer]", handler.unary_unary)
        call = self._wrapped(method, inner, handler.request_deserializer)
        # What arrives is decoded inside the call, so that an error of it is told as all others are.
        return grpc.unary_unary_rpc_method_handler(
            cast("Handler[Request, Answer]", call), None, handler.response_serializer
        )

    def _wrapped_stream(
        self,
        method: str,
        inner: "Stream[Request, Answer]",
        decode: Callable[[bytes], Request] | None,
    ) -> "Stream[bytes, Answer]":
        """Return the method with a line in the log when it begins, and one when it ends.

        It counts neither as a running call, for there is a limit of its own, nor has it a deadline.
        """

        async def call(request: bytes, context: Context[Any, Answer]) -> AsyncGenerator[Answer]:
            started = _begun(context, method)
            try:
                message = _decoded(decode, request)
                log.info("stream")
                async with aclosing(inner(message, context)) as answers:
                    async for answer in answers:
                        yield answer
            except (asyncio.CancelledError, GeneratorExit):
                _log(started, "CANCELLED")
                raise
            except Exception as error:  # noqa: BLE001 - the last place where one can be told
                await _abort(context, error, started)
            else:
                _log(started, "OK")

        return call

    def _wrapped(
        self,
        method: str,
        inner: Handler[Request, Answer],
        decode: Callable[[bytes], Request] | None,
    ) -> Handler[bytes, Answer]:
        async def call(request: bytes, context: Context[Any, Answer]) -> Answer:
            started = _begun(context, method)
            self._running += 1
            try:
                self._admit()
                message = _decoded(decode, request)
                answer = await self._within_deadline(inner, message, context)
            except asyncio.CancelledError:
                _log(started, "CANCELLED")
                raise
            except Exception as error:
                await _abort(context, error, started)
                raise  # never reached: abort raises
            else:
                _log(started, "OK")
                return answer
            finally:
                self._running -= 1

        return call

    def _admit(self) -> None:
        if self._running > self._limit.concurrent:
            raise Overloaded

    async def _within_deadline(
        self, inner: Handler[Request, Answer], request: Request, context: Context[Request, Answer]
    ) -> Answer:
        left = context.time_remaining()
        seconds = self._limit.deadline if left is None else _before(max(left, 0.0))
        _deadline.set(Deadline.after(seconds))
        try:
            async with asyncio.timeout(seconds):
                return await inner(request, context)
        except TimeoutError as error:
            raise DeadlineExceeded from error


def _begun(context: Context[Any, Any], method: str) -> float:
    """Give the call its id, in answers and in the log; return when it began."""
    structlog.contextvars.clear_contextvars()
    _request_id.set(_given_id(context))
    structlog.contextvars.bind_contextvars(request_id=request_id(), method=method)
    return time.perf_counter()


async def _abort(context: Context[Any, Any], error: Exception, started: float) -> None:
    """End the call with the error's status, and log it."""
    status = status_of(error)
    known = isinstance(error, SegueError)
    _log(started, CODES[status.code].name, None if known else error, str(error))
    await context.abort_with_status(rpc_status.to_status(status))


def _decoded(decode: Callable[[bytes], Request] | None, request: bytes) -> Request:
    """Return the message; raise InvalidRequest when the bytes are none."""
    try:
        return cast("Callable[[bytes], Request]", decode)(request)
    except DecodeError as error:
        raise InvalidRequest(Violation("", "the request cannot be decoded")) from error


def _before(left: float) -> float:
    """Return when to give up by oneself: a status without details is all that gRPC would send."""
    return left - min(0.02, left / 10)


def _given_id(context: Context[Request, Answer]) -> str:
    """Return the caller's request id, or a new one, and send it back."""
    given = dict(context.invocation_metadata() or ()).get(REQUEST_ID)
    sent = given[:MAX_REQUEST_ID] if isinstance(given, str) else str(uuid.uuid4())
    context.set_trailing_metadata(((REQUEST_ID, sent),))
    return sent


def _log(
    started: float, code: str, crash: Exception | None = None, error: str | None = None
) -> None:
    fields: dict[str, object] = {
        "code": code,
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
    }
    if error is not None:
        fields["error"] = error
    if crash is not None:
        log.error("call", **fields, exc_info=crash)
    else:
        log.info("call", **fields)
