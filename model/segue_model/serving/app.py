"""What is tied to what: models, lanes, the two doors, the watch and the end."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import grpc
from aiohttp import web
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from segue_model.serving import grpc_api
from segue_model.serving.batching_parameters import BatchingParameters
from segue_model.serving.config import ModelConfig
from segue_model.serving.flags import Flags
from segue_model.serving.lanes import Lane, Limits
from segue_model.serving.lifecycle import Model
from segue_model.serving.loading import Loader
from segue_model.serving.models import Models
from segue_model.serving.ports import address, listening, refused
from segue_model.serving.predict import Predictor
from segue_model.serving.rest_api import RestApi
from segue_model.serving.watch import ModelWatch, follow

if TYPE_CHECKING:
    import socket

log = logging.getLogger(__name__)

GRACE: Final = 5.0
"""Seconds that requests in flight have to finish when the server is told to stop."""

SETTLING: Final = 0.1
"""Seconds for calls that were answered to end."""

# What may wait for a thread without batching; more would wait in vain.
_QUEUED_REQUESTS: Final = 1000
_MAX_MESSAGE_BYTES: Final = 64 * 2**20
# The names that the original gives its services in the health service.
_HEALTH_NAMES: Final = ("", "ModelService", "PredictionService")


async def serve(
    flags: Flags, configs: Sequence[ModelConfig], batching: BatchingParameters | None
) -> None:
    """Serve until SIGTERM or SIGINT, then return when requests in flight have finished.

    The doors open after each model was tried once. Raises UsageError when a port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    loader = Loader(flags)
    models = Models(Model(config, loader.load, flags.poll_wait) for config in configs)
    server = Server(flags, models, batching)
    try:
        await server.bind()
        watch = asyncio.create_task(_watched(flags, models, loader, server))
        await asyncio.wait(
            [watch, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        if watch.done():
            watch.result()
        watch.cancel()
        log.info("stopping: requests in flight have %g s to finish", GRACE)
    finally:
        await server.close()
        loader.close()
    log.info("stopped")


async def _watched(flags: Flags, models: Models, loader: Loader, server: "Server") -> None:
    """Watch the models, and what they shall be; the doors open once each has been tried."""
    watch = ModelWatch(models, loader.load, flags.poll_wait, server.tell_health)
    await watch.first()
    await server.open()
    await asyncio.gather(watch.failed(), follow(flags, watch))


class Server:
    """The gRPC door and, if asked for, the REST door."""

    def __init__(self, flags: Flags, models: Models, batching: BatchingParameters | None) -> None:
        """Take what is served; without `batching` each request runs alone."""
        self._flags = flags
        self._models = models
        self._single = Lane(Limits(_threads(flags), 1, _QUEUED_REQUESTS))
        self._batched = None if batching is None else Lane(_limits(batching))
        self._predictor = Predictor(
            models, self._single, self._batched, pad=batching is not None and batching.pad
        )
        self._health = health.aio.HealthServicer()
        self._grpc = grpc.aio.server(options=_options(flags))
        self._rest: web.AppRunner | None = None
        self._socket: socket.socket | None = None

    async def bind(self) -> None:
        """Take the ports; callers that connect now wait. Raises UsageError when one is taken."""
        grpc_api.add_to(self._grpc, self._predictor, as_content=self._flags.tensor_content)
        services = [*grpc_api.SERVICES, reflection.SERVICE_NAME]
        if self._flags.health:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
            services.append(health.SERVICE_NAME)
            await self._set_health(serving=False)
        reflection.enable_server_reflection(services, self._grpc)
        try:
            self._grpc.add_insecure_port(address(self._flags.host, self._flags.port))
        except RuntimeError as error:
            host, port = self._flags.host, self._flags.port
            raise refused(host, port, "port", "it is taken or not ours to take") from error
        if self._flags.rest_api_port:
            await self._bind_rest()

    async def open(self) -> None:
        """Answer from now on."""
        await self._grpc.start()
        log.info("gRPC at %s", address(self._flags.host, self._flags.port))
        if self._rest is not None and self._socket is not None:
            await web.SockSite(self._rest, self._socket).start()
            log.info("REST at http://%s", address(self._flags.host, self._flags.rest_api_port))

    async def tell_health(self) -> None:
        """Say SERVING once every model has a version that serves."""
        if self._models.complete():
            await self._set_health(serving=True)

    async def close(self) -> None:
        """Say NOT_SERVING, let requests in flight finish, close the doors."""
        await self._health.enter_graceful_shutdown()
        closing = [self._grpc.stop(GRACE)]
        if self._rest is not None:
            closing.append(self._rest.cleanup())
        await asyncio.gather(*closing)
        # gRPC counts a call as ended when its answer is out; what ran it ends a turn later, and
        # would be cancelled with a traceback.
        await asyncio.sleep(SETTLING)
        for lane in (self._single, self._batched):
            if lane is not None:
                lane.close()

    async def _bind_rest(self) -> None:
        self._socket = listening(self._flags.host, self._flags.rest_api_port, "rest_api_port")
        application = RestApi(self._predictor, self._flags.rest_timeout).application()
        self._rest = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=GRACE
        )
        await self._rest.setup()

    async def _set_health(self, *, serving: bool) -> None:
        states = health_pb2.HealthCheckResponse
        for name in _HEALTH_NAMES:
            await self._health.set(name, states.SERVING if serving else states.NOT_SERVING)


def _limits(parameters: BatchingParameters) -> Limits:
    return Limits(
        threads=parameters.num_batch_threads,
        rows=parameters.max_batch_size,
        queued_rows=parameters.max_batch_size * parameters.max_enqueued_batches,
        wait=parameters.batch_timeout,
    )


def _threads(flags: Flags) -> int:
    return flags.threads or max(2, os.cpu_count() or 1)


def _options(flags: Flags) -> list[tuple[str, int | str]]:
    return [
        # Else a second server on the port would share it without a word.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", -1),
        *flags.channel_arguments,
    ]
