"""The traffic file changes while requests run: nothing fails, and what is at fault changes nothing.

The model server is a real gRPC server of this process; time is the test's, not the watch's.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio
import pytest
import structlog

import segue_signature as sig
from fakes import FakeEngine
from segue.tfserving.v1.predict_pb2 import PredictRequest, PredictResponse
from segue_server import switching
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import NotFound
from segue_server.domain.model import Ranking, RankQuery, RecommendRequest
from segue_server.domain.traffic import Traffic
from segue_server.engines import tensors
from segue_server.engines.tf_serving import PREDICT
from segue_server.switching import Switchboard, TrafficWatch
from segue_server.traffic_settings import parse

QUERY = RankQuery(songs=(5,), k=1)


@dataclass
class ModelServer:
    """Ranks for the models named MODEL or MODEL@LABEL; for those held once it is let to."""

    models: set[str]
    port: int = 0
    held: set[str] = field(default_factory=set)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def predict(
        self, request: PredictRequest, context: "grpc.aio.ServicerContext[bytes, bytes]"
    ) -> PredictResponse:
        spec = request.model_spec
        model = f"{spec.name}@{spec.version_label}" if spec.version_label else spec.name
        self.asked.append(model)
        if model in self.held:
            await self.go.wait()
        if model not in self.models:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such servable")
        answer = PredictResponse()
        answer.model_spec.version.value = 1
        answer.outputs[sig.RECOM_SONGS_IDS].CopyFrom(tensors.int_rows((7,)))
        answer.outputs[sig.RECOM_SONGS_SCORES].CopyFrom(tensors.float_row((0.5,)))
        answer.outputs[sig.RECOM_SONGS_SOURCES].CopyFrom(tensors.int_rows((1,)))
        answer.outputs[sig.LISTENED_SONGS_KNOWN].CopyFrom(tensors.bools(True))
        return answer


@asynccontextmanager
async def model_server(*models: str) -> AsyncIterator[ModelServer]:
    served = ModelServer(set(models))
    service, method = PREDICT.strip("/").split("/")
    handler = grpc.unary_unary_rpc_method_handler(
        served.predict,
        PredictRequest.FromString,
        PredictResponse.SerializeToString,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    served.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield served
    await server.stop(None)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def written(default: str = "content", **engines: str) -> str:
    return json.dumps({"engines": engines or {"content": "content"}, "default": default})


@dataclass
class Watched:
    file: Path
    server: ModelServer
    traffic: Traffic
    board: Switchboard
    watch: TrafficWatch
    substitute: FakeEngine

    async def says(self, text: str) -> str:
        """Write the file and look until its content has settled; return the trouble with it."""
        self.file.write_text(text)
        await self.watch.look()
        return await self.watch.look()

    async def ask(self, engine: str = "") -> Ranking:
        choice = self.traffic.choose(RecommendRequest(QUERY, engine))
        return await choice.route.rank(QUERY, Deadline.after(5))


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    file, substitute = tmp_path / "traffic.json", FakeEngine("substitute")
    file.write_text(written())
    async with model_server("content", "content@canary", "popular") as server:
        board = Switchboard(f"127.0.0.1:{server.port}", substitute)
        content = file.read_bytes()
        traffic = Traffic(board.lineup(parse(content)))
        watch = TrafficWatch(file, content, traffic, board)
        yield Watched(file, server, traffic, board, watch, substitute)
        await board.close()


async def test_a_new_default_ranks_from_then_on(watched: Watched) -> None:
    assert (await watched.ask()).engine == "content"
    assert await watched.says(written("popular", content="content", popular="popular")) == ""
    assert (await watched.ask()).engine == "popular"


async def test_a_label_is_asked_for_by_its_name(watched: Watched) -> None:
    assert await watched.says(written("canary", canary="content@canary")) == ""
    await watched.ask()
    assert watched.server.asked[-1] == "content@canary"


async def test_a_model_of_another_server_is_asked_there(watched: Watched) -> None:
    async with model_server("content") as other:
        model = f"grpc://127.0.0.1:{other.port}/content"
        assert await watched.says(written("there", there=model, content="content")) == ""
        await watched.ask()
        assert len(other.asked) == 2, "one to see whether it ranks"
        await watched.ask("content")
        assert len(other.asked) == 2


async def test_an_experiment_begins_and_ends(watched: Watched) -> None:
    engines = {"content": "content", "popular": "popular"}
    begun = {"engines": engines, "default": "content", "experiment": {"name": "try", "arms": {}}}
    begun["experiment"] = {"name": "try", "arms": {"popular": 1}}
    assert await watched.says(json.dumps(begun)) == ""
    assert (await watched.ask()).engine == "popular"
    assert await watched.says(written(**engines)) == ""
    assert (await watched.ask()).engine == "content"


async def test_an_engine_that_stays_goes_on_with_its_counts(watched: Watched) -> None:
    for _ in range(3):
        await watched.ask()
    await watched.says(written("popular", content="content", popular="popular"))
    assert watched.traffic.lineup.routes["content"].tally().answered == 3
    await watched.says(written(content="content@canary"))
    assert watched.traffic.lineup.routes["content"].tally().answered == 0, "another model"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        (written("tarot"), "default: 'tarot'"),
        (written(content="http://127.0.0.1:1/nobody:predict"), "engines.content: "),
        (written(content="content", new="absent"), "no answer yet from new"),
        (written(content="content", new="grpc://127.0.0.1:9/content"), "no answer yet from new"),
    ],
    ids=["no JSON", "no default", "no host", "no model", "no server"],
)
async def test_a_file_at_fault_changes_nothing(watched: Watched, text: str, told: str) -> None:
    before = watched.traffic.lineup
    assert told in await watched.says(text)
    assert watched.traffic.lineup is before
    assert (await watched.ask()).engine == "content"


async def test_an_unreadable_file_changes_nothing(watched: Watched) -> None:
    watched.file.unlink()
    assert "cannot be read: No such file" in await watched.watch.look()
    assert (await watched.ask()).engine == "content"


async def test_an_engine_gets_traffic_once_it_answers(watched: Watched) -> None:
    text = written("new", content="content", new="coming")
    assert "no answer yet from new" in await watched.says(text)
    assert (await watched.ask()).engine == "content"
    watched.server.models.add("coming")
    assert await watched.watch.look() == ""
    assert (await watched.ask()).engine == "new"
    assert not watched.substitute.queries, "an answer was degraded"


async def test_a_file_that_is_half_written_is_not_used(watched: Watched) -> None:
    watched.file.write_text(written("popular", popular="popular"))
    await watched.watch.look()
    assert (await watched.ask()).engine == "content"
    watched.file.write_text(written("canary", canary="content@canary"))
    await watched.watch.look()
    assert (await watched.ask()).engine == "content"
    await watched.watch.look()
    assert (await watched.ask()).engine == "canary"


async def test_a_file_that_is_swapped_by_a_link_is_seen(watched: Watched) -> None:
    """As Kubernetes does: traffic.json -> ..data/traffic.json, ..data -> a folder for each."""
    folder = watched.file.parent
    for name, text in (("one", written()), ("two", written("popular", popular="popular"))):
        (folder / name).mkdir()
        (folder / name / "traffic.json").write_text(text)
    (folder / "..data").symlink_to("one")
    watched.file.unlink()
    watched.file.symlink_to("..data/traffic.json")
    (folder / "..new").symlink_to("two")
    os.replace(folder / "..new", folder / "..data")  # noqa: PTH105 - of a link, by its own name
    await watched.watch.look()
    await watched.watch.look()
    assert (await watched.ask()).engine == "popular"


async def test_an_engine_that_left_finishes_its_calls_and_is_let_go(watched: Watched) -> None:
    watched.server.held.add("content")
    running = [asyncio.create_task(watched.ask("content")) for _ in range(5)]
    await until(lambda: len(watched.server.asked) == 5)
    assert await watched.says(written("popular", popular="popular")) == ""
    with pytest.raises(NotFound):
        await watched.ask("content")
    await asyncio.sleep(0.1)
    assert watched.board._retiring, "calls run in it"
    watched.server.go.set()
    answers = await asyncio.gather(*running)
    assert {(answer.engine, answer.degraded) for answer in answers} == {("content", ())}
    await until(lambda: not watched.board._retiring)
    assert list(watched.board._open) == [("popular", "popular")]


async def test_what_was_tried_and_taken_back_is_let_go(watched: Watched) -> None:
    await watched.says(written(content="content", new="absent"))
    assert await watched.says(written()) == ""
    assert list(watched.board._open) == [("content", "content")]


async def test_what_was_tried_is_let_go_when_something_else_is_tried(watched: Watched) -> None:
    await watched.says(written(content="content", new="absent"))
    await watched.says(written(content="content", new="missing"))
    assert list(watched.board._open) == [("content", "content"), ("new", "missing")]


@pytest.mark.parametrize(
    "text",
    ["{", written(content="content", new="popular", bad="http://127.0.0.1:1/nobody:predict")],
    ids=["no JSON", "no host"],
)
async def test_what_was_opened_for_a_file_that_is_refused_is_let_go(
    watched: Watched, text: str
) -> None:
    await watched.says(written(content="content", new="absent"))
    await watched.says(text)
    assert list(watched.board._open) == [("content", "content")]


async def test_an_engine_that_is_leaving_when_all_is_closed_is_closed_too(
    watched: Watched,
) -> None:
    watched.server.held.add("content")
    call = asyncio.create_task(watched.ask("content"))
    await until(lambda: len(watched.server.asked) == 1)
    await watched.says(written("popular", popular="popular"))
    (leaving,) = watched.board._retiring.values()
    await watched.board.close()
    await asyncio.gather(call, return_exceptions=True)
    with pytest.raises(grpc.aio.UsageError, match="closed"):
        await leaving.engine.rank(QUERY, Deadline.after(1))


async def test_the_watch_tells_a_failure_of_its_own_once(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(switching, "INTERVAL", 0.01)
    monkeypatch.setattr(watched.watch, "look", fails)
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(watched.watch.watch())
        await asyncio.sleep(0.2)
        task.cancel()
    assert [line["event"] for line in lines] == ["the traffic file cannot be followed"]


async def test_the_watch_tells_a_fault_once_and_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "INTERVAL", 0.02)
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(watched.watch.watch())
        watched.file.write_text("{")
        await asyncio.sleep(0.3)
        watched.file.write_text(written("popular", popular="popular"))
        await asyncio.sleep(0.3)
        task.cancel()
    assert [line["event"] for line in lines] == ["traffic unchanged", "traffic changed"]
    assert "not JSON" in lines[0]["error"]
    assert lines[1]["default"] == "popular"
    assert (await watched.ask()).engine == "popular"
