"""The way of one request: find the version, check the inputs, run, choose the outputs."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grpc import StatusCode

from segue_model.serving.batching import key_of, rows_of
from segue_model.serving.errors import ServingError
from segue_model.serving.lanes import Call, Lane
from segue_model.serving.lifecycle import Version
from segue_model.serving.models import Models
from segue_model.serving.requests import selected_outputs
from segue_model.serving.servable import Signature
from segue_model.serving.tensors import Array, Arrays
from segue_model.serving.untyped import Message


@dataclass(frozen=True, slots=True)
class Answer:
    """The outputs asked for, and the version and signature that gave them."""

    version: int
    signature: Signature
    outputs: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Query:
    """A Predict request whose tensors are still in the caller's form.

    `inputs` makes them arrays that satisfy the signature. `timeout` is in seconds.
    """

    spec: Message
    inputs: Callable[[Signature], Arrays]
    outputs: Sequence[str] = ()
    timeout: float | None = None


class Predictor:
    """Answers Predict requests, one by one or batched."""

    def __init__(self, models: Models, single: Lane, batched: Lane | None, *, pad: bool) -> None:
        """Take the lane of unbatched requests and, with batching, that of batched ones."""
        self.models = models
        self._single = single
        self._batched = batched
        self._pad = pad

    async def predict(self, query: Query) -> Answer:
        """Return the answer of the version that the query means.

        Raises ServingError: what is wrong with the query, what the graph complains of,
        UNAVAILABLE when too many wait, DEADLINE_EXCEEDED when the time is up.
        """
        version = self.models.find(query.spec)
        if version.servable is None:  # find returns versions that serve
            raise ServingError(StatusCode.UNAVAILABLE, "the version is being unloaded")
        signature = version.servable.signature(query.spec.signature_name)
        inputs = query.inputs(signature)
        wanted = selected_outputs(signature, query.outputs)
        outputs = await self._run(version, signature, inputs, query.timeout)
        return Answer(version.number, signature, {name: outputs[name] for name in wanted})

    async def _run(
        self, version: Version, signature: Signature, inputs: Arrays, seconds: float | None
    ) -> Arrays:
        lane, call = self._planned(version, signature, inputs)
        try:
            async with asyncio.timeout(seconds):
                return await lane.run(call)
        except TimeoutError as error:
            raise ServingError(
                StatusCode.DEADLINE_EXCEEDED, "the deadline of the request passed"
            ) from error

    def _planned(self, version: Version, signature: Signature, inputs: Arrays) -> tuple[Lane, Call]:
        """Return the lane of a request and how it goes there."""
        if self._batched is not None and signature.in_rows and (rows := rows_of(inputs)) > 0:
            key = key_of(inputs, pad=self._pad)
            return self._batched, Call(version, signature, inputs, rows, key)
        return self._single, Call(version, signature, inputs)
