"""Parts die, hang and come back: answers are degraded, said to be, and recover by themselves."""

import time
from typing import Any

import pytest

from mariadb import MariaDB
from running_stack import RunningStack, wait_for

ASKED = "/recommend?songs=5|15|1249&k=3"


def degraded(answer: dict[str, Any]) -> list[str]:
    return [reason.removeprefix("DEGRADED_REASON_") for reason in answer["degraded"]["reasons"]]


def whole(running: RunningStack) -> bool:
    status, answer = running.get(ASKED)
    return status == 200 and "degraded" not in answer


@pytest.fixture(autouse=True)
def starts_whole(running: RunningStack) -> None:
    wait_for("a whole answer", lambda: whole(running))


def test_a_model_server_that_is_killed_and_comes_back(running: RunningStack) -> None:
    before = running.pid("server")
    running.kill("model-server")
    try:
        status, answer = running.get(ASKED)
        assert (status, degraded(answer)) == (200, ["MODEL_UNAVAILABLE"])
        assert answer["model"]["engine"] == "catalog-popular"
        assert all(item["song"]["title"] for item in answer["recommendations"])
        status, error = running.get("/v1/songs/5:similar")
        assert status == 503
        assert any("retryDelay" in detail for detail in error["details"])
    finally:
        running.start("model-server")
    wait_for("the model server", lambda: whole(running))
    assert running.pid("server") == before


def test_a_model_server_that_hangs(running: RunningStack) -> None:
    running.pause("model-server")
    try:
        started = time.monotonic()
        status, answer = running.get(ASKED)
        assert (status, degraded(answer)) == (200, ["MODEL_UNAVAILABLE"])
        assert time.monotonic() - started < 2.6
    finally:
        running.resume("model-server")
    wait_for("the model server", lambda: whole(running))


@pytest.mark.parametrize("trouble", ["stop", "pause"])
def test_a_database_that_is_killed_or_hangs_and_comes_back(
    running: RunningStack, mariadb: MariaDB, trouble: str
) -> None:
    getattr(mariadb, trouble)()
    try:
        started = time.monotonic()
        status, answer = running.get(ASKED)
        assert (status, degraded(answer)) == (200, ["CATALOG_UNAVAILABLE"])
        assert time.monotonic() - started < 2.6
        assert all(item["song"].keys() <= {"id", "genres"} for item in answer["recommendations"])
        status, _ = running.get("/v1/songs/5")
        assert status in (503, 504)
    finally:
        mariadb.start() if trouble == "stop" else mariadb.resume()
    wait_for("the database", lambda: whole(running), patience=10)


def test_both_gone_is_an_error_that_says_when_to_try_again(
    running: RunningStack, mariadb: MariaDB
) -> None:
    running.kill("model-server")
    mariadb.stop()
    try:
        status, error = running.get(ASKED)
        assert status == 503
        assert error["code"] == 14
        assert any("retryDelay" in detail for detail in error["details"])
    finally:
        mariadb.start()
        running.start("model-server")
    wait_for("both", lambda: whole(running))
