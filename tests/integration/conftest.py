"""What the integration tests share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from canned_server import Canned, canned_server
from envoy_process import Envoy, running_envoy
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
