"""From where a model is to the engine that ranks by it, and its connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

import grpc.aio

from segue_server.domain.ports import Described, Engine
from segue_server.engines.tf_serving import CHANNEL_OPTIONS, TfServingEngine
from segue_server.traffic_settings import HostedModel, place_of

REST_ENGINES = "segue_server.engines.rest_predict"


@dataclass(frozen=True, slots=True, eq=False)
class OpenEngine:
    """An engine whose connection `close` ends; no call may run in it then."""

    engine: Engine
    described: Described
    close: Callable[[], Awaitable[None]]


async def make_ready(models: Iterable[str]) -> None:
    """Import what opening the models takes in a thread: half a second for those behind REST."""
    if any(isinstance(place_of(model), HostedModel) for model in models):
        await asyncio.to_thread(import_module, REST_ENGINES)


def open_engine(name: str, model: str, model_server: str) -> OpenEngine:
    """Return the engine of a name, which connects when it is first asked; the event loop runs.

    `model` is as `traffic_settings.place_of` takes it, `model_server` the address of those models
    that tell none. Raises ValueError.
    """
    place = place_of(model)
    if isinstance(place, HostedModel):
        # It brings an HTTP client, which takes memory that most servers need not give.
        from segue_server.engines.rest_predict import open_rest_engine  # noqa: PLC0415

        hosted = open_rest_engine(name, place.url)
        return OpenEngine(hosted, hosted, hosted.close)
    # Each engine has a channel of its own; gRPC lets those to one address share a connection.
    channel = grpc.aio.insecure_channel(place.address or model_server, options=CHANNEL_OPTIONS)
    engine = TfServingEngine(channel, name, place.model, place.label)
    return OpenEngine(engine, engine, channel.close)
