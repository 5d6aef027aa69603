"""What the integration tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from canned_server import Canned, canned_server
from envoy_process import Envoy, running_envoy
from predict_service import PredictService, predict_service
from segue_server.engines.rest_predict import RestEngine, open_rest_engine
from served import Served, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        yield canned


@pytest.fixture(scope="module")
def envoy(server: Canned) -> Iterator[Envoy]:
    with running_envoy(server.port) as process:
        process.until("/healthz", 200)
        yield process


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PredictService]:
    """A host whose key file is where Google's libraries look for one."""
    async with predict_service() as service:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service.key_file(tmp_path)))
        yield service


@pytest.fixture
async def engine(service: PredictService) -> AsyncIterator[RestEngine]:
    """The engine that asks that host."""
    engine = open_rest_engine("hosted", service.vertex)
    yield engine
    await engine.close()
