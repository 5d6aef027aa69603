"""The walk-through of docs/choosing.md under constant load: no request fails, nothing restarts."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc.aio
import pytest

from running_stack import RunningStack
from segue.v1 import engine_service_pb2 as epb
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.engine_service_pb2_grpc import EngineServiceStub
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from segue_server.domain.experiment import Experiment

RATE = 80  # requests a second
PATIENCE = 60  # seconds
VISITORS = [f"visitor {number}" for number in range(200)]
POPULAR = rpb.RECOMMENDATION_SOURCE_POPULAR


class Load:
    """Requests that name no engine, one visitor after the other; the answers so far."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.answers: list[tuple[str, rpb.RecommendSongsResponse]] = []
        self._stub = RecommendationServiceStub(channel)
        self._calls: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    async def run(self) -> None:
        """Ask at the rate, whether answers come or not, until cancelled."""
        number = 0
        while True:
            call = asyncio.create_task(self._ask(VISITORS[number % len(VISITORS)]))
            self._calls.add(call)
            call.add_done_callback(self._ended)
            number += 1
            await asyncio.sleep(1 / RATE)

    async def end(self) -> None:
        await asyncio.gather(*self._calls, return_exceptions=True)
        assert not self._errors, (len(self._errors), self._errors[0])

    async def next_answers(self) -> list[tuple[str, rpb.RecommendSongsResponse]]:
        """Return an answer for each visitor to requests that are yet to be made."""
        await asyncio.gather(*self._calls)
        start = len(self.answers)
        async with asyncio.timeout(PATIENCE):
            while len(self.answers) < start + len(VISITORS):  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.05)
        return self.answers[start : start + len(VISITORS)]

    async def _ask(self, visitor: str) -> None:
        request = rpb.RecommendSongsRequest(songs=[5, 15, 1249], k=3, visitor_id=visitor)
        self.answers.append((visitor, await self._stub.RecommendSongs(request, timeout=5)))

    def _ended(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        if not call.cancelled() and (error := call.exception()):
            self._errors.append(error)


@asynccontextmanager
async def load_on(channel: grpc.aio.Channel) -> AsyncIterator[Load]:
    load = Load(channel)
    running = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        running.cancel()
    await load.end()


class Operator:
    """Edits the two files of a stack and sees what the server makes of it."""

    def __init__(self, running: RunningStack, channel: grpc.aio.Channel) -> None:
        self.stack = running.stack
        self._stub = EngineServiceStub(channel)
        self._models = self.stack.model_config.read_text()
        self._traffic = self.stack.traffic.read_text()
        self.names = set(json.loads(self._traffic)["engines"])

    def traffic(self, added: dict[str, str], **told: object) -> None:
        """Use these engines beside the others."""
        before = json.loads(self._traffic)
        self.stack.traffic.write_text(
            json.dumps(before | {"engines": before["engines"] | added} | told)
        )

    def models(self, **labels: int) -> None:
        """Serve `second` beside the others, its two newest versions, with these labels."""
        labeled = "".join(
            f"version_labels {{ key: '{label}' value: {version} }}"
            for label, version in labels.items()
        )
        added = (
            f"config {{ name: 'second' base_path: '{self.stack.models / 'second'}' "
            "model_platform: 'tensorflow' "
            f"model_version_policy {{ latest {{ num_versions: 2 }} }} {labeled} }}"
        )
        others = self._models.rstrip().removesuffix("}")
        self.stack.model_config.write_text(f"{others}{added} }}")

    def take_back(self) -> None:
        self.stack.traffic.write_text(self._traffic)

    def take_back_models(self) -> None:
        self.stack.model_config.write_text(self._models)

    def drop_in(self, source: str, version: int) -> None:
        """Put a trained model into its place as a whole."""
        base = self.stack.models / "second"
        base.mkdir(exist_ok=True)
        beside = self.stack.models / ".second.partial"
        shutil.copytree(self.stack.models / source / "1", beside)
        beside.rename(base / str(version))

    async def engines(self) -> dict[str, epb.Engine]:
        answer = await self._stub.ListEngines(epb.ListEnginesRequest(), timeout=10)
        return {engine.name: engine for engine in answer.engines}

    async def until(
        self, what: str, true: Callable[[dict[str, epb.Engine]], object]
    ) -> dict[str, epb.Engine]:
        """Return the engines once this is true of them."""
        for _ in range(PATIENCE * 10):
            if true(engines := await self.engines()):
                return engines
            await asyncio.sleep(0.1)
        pytest.fail(f"waited for {what}")


def has_share(seen: dict[str, epb.Engine], share: float) -> bool:
    return seen["second"].traffic.share == share


def has_version(seen: dict[str, epb.Engine], version: str) -> bool:
    return seen["second"].version == version


def arms(**weights: float) -> dict[str, Any]:
    return {"name": "second-try", "arms": weights}


def arm_of(weights: dict[str, float], visitor: str) -> str:
    return Experiment("second-try", weights).arm_of(visitor).engine


@pytest.fixture
def as_before(running: RunningStack) -> Any:  # noqa: ANN401 - a generator
    """Leave the shared stack as it was, whatever fails."""
    files = (running.stack.model_config, running.stack.traffic)
    texts = [file.read_text() for file in files]
    yield
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    shutil.rmtree(running.stack.models / "second", ignore_errors=True)


def ids_of(running: RunningStack) -> list[int]:
    return [running.pid(name) for name in ("model-server", "server", "envoy")]


async def test_engines_are_tried_chosen_and_rolled_back_under_load(
    running: RunningStack, as_before: None
) -> None:
    processes = ids_of(running)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{running.stack.ports.grpc}") as channel:
        operator = Operator(running, channel)
        async with load_on(channel) as load:
            await serve_a_second_engine(operator, load)
            await give_it_some_visitors(operator, load)
            await make_it_the_default(operator, load)
            await try_its_next_version_and_roll_back(operator, load)
            await take_it_away(operator, load)
    assert ids_of(running) == processes
    assert len(load.answers) > 500
    assert not [answer for _, answer in load.answers if answer.HasField("degraded")]


async def serve_a_second_engine(operator: Operator, load: Load) -> None:
    # In the wrong order: the server waits until the model answers.
    operator.traffic({"second": "second"})
    await asyncio.sleep(3)
    assert "second" not in await operator.engines()
    operator.drop_in("popular", 1)
    operator.models()
    engines = await operator.until("the second engine", lambda seen: "second" in seen)
    assert engines["second"].algorithm == "popularity"
    assert engines["second"].traffic.share == 0
    assert {answer.model.engine for _, answer in await load.next_answers()} == {"content"}


async def give_it_some_visitors(operator: Operator, load: Load) -> None:
    for percent in (10, 40):
        weights = {"content": 100.0 - percent, "second": float(percent)}
        operator.traffic({"second": "second"}, experiment=arms(**weights))
        share = percent / 100
        await operator.until(f"{percent} %", partial(has_share, share=share))
        for visitor, answer in await load.next_answers():
            assert answer.experiment.name == "second-try"
            assert answer.model.engine == answer.experiment.arm == arm_of(weights, visitor)
    told = (await operator.engines())["second"].traffic
    assert told.answered > 40
    assert told.median_latency.ToMicroseconds() > 0


async def make_it_the_default(operator: Operator, load: Load) -> None:
    operator.traffic({"second": "second"}, default="second")
    await operator.until("the default", lambda seen: seen["second"].default)
    for _, answer in await load.next_answers():
        assert (answer.model.engine, answer.HasField("experiment")) == ("second", False)
        assert answer.recommendations[0].source == POPULAR


async def try_its_next_version_and_roll_back(operator: Operator, load: Load) -> None:
    before = (await operator.engines())["second"].traffic.answered
    operator.models(stable=1)
    engines = {"second": "second@stable"}
    operator.traffic(engines, default="second")
    await operator.until(
        "the label, whose engine counts anew",
        lambda seen: seen["second"].traffic.answered < before,
    )
    operator.drop_in("content", 2)
    operator.models(stable=1, canary=2)
    engines["canary"] = "second@canary"
    operator.traffic(engines, default="second")
    listed = await operator.until("the canary", lambda seen: "canary" in seen)
    assert [listed[name].version for name in ("second", "canary")] == ["1", "2"]
    assert {answer.model.version for _, answer in await load.next_answers()} == {"1"}
    for version in ("2", "1"):
        operator.models(stable=int(version), canary=2)
        await operator.until(f"version {version}", partial(has_version, version=version))
        answers = await load.next_answers()
        assert {answer.model.version for _, answer in answers} == {version}


async def take_it_away(operator: Operator, load: Load) -> None:
    for name in ("second", "canary"):
        told = (await operator.engines())[name].traffic
        assert (told.degraded, told.failed) == (0, 0)
    operator.take_back()
    await operator.until("its end", lambda seen: set(seen) == operator.names)
    operator.take_back_models()
    await asyncio.sleep(3)
    assert {answer.model.engine for _, answer in await load.next_answers()} == {"content"}
