"""The page in a real browser, for the tests of it."""

from collections.abc import Iterator

import pytest

import browser as real_browser
from browser import Browser
from conftest import not_installed
from running_stack import RunningStack, wait_for


@pytest.fixture(scope="module")
def chromium(running: RunningStack) -> Iterator[Browser]:
    if not real_browser.is_installed():
        not_installed("Chromium, with Node.js, playwright-core and axe-core")
    browser = Browser(f"http://127.0.0.1:{running.stack.ports.http}")
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser, running: RunningStack) -> Iterator[Browser]:
    """The page, open for somebody new; afterwards it has complained about nothing."""
    wait_for("a whole answer", lambda: "degraded" not in running.get("/recommend?songs=5&k=1")[1])
    chromium.visit()
    yield chromium
    assert chromium.tell("trouble") == []
