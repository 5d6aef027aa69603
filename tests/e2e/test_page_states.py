"""The page when parts are missing, for whom it must work, and what it costs to load."""

import json
from pathlib import Path
from typing import Any

import pytest

from browser import Browser
from page_use import RECOMMENDED, SONGS, add_recommended, settle
from running_stack import RunningStack, wait_for

WEB = Path(__file__).resolve().parents[2] / "client" / "web"
MOST_BYTES = 100_000
PHONE = {"width": 360, "height": 780}


def test_a_killed_model_server_is_said_to_be_missed_and_its_return_is_noticed(
    page: Browser, running: RunningStack
) -> None:
    songs = add_recommended(page, 1)
    running.kill("model-server")
    try:
        songs = add_recommended(page, 1)
        page.tell("shown", "#trouble:has-text('degraded')")
        assert len(songs) == 2
        assert len(page.texts(RECOMMENDED)) == 12
        assert page.texts("#recommended .because") == []
        assert page.tell("axe") == []
        page.tell("press", ".row:nth-child(1) .remove", "Enter")
        page.until("removed", lambda: page.texts(SONGS) == songs[1:])
    finally:
        running.start("model-server")
    wait_for("the model server", lambda: "degraded" not in running.get("/recommend?songs=5")[1])
    page.tell("hidden", "#trouble")
    page.until("explained", lambda: set(page.texts("#recommended .because")) == set(songs[1:]))


def test_without_a_network_the_page_says_so_and_goes_on_when_it_is_back(page: Browser) -> None:
    songs = add_recommended(page, 1)
    page.tell("offline", True)
    page.tell("shown", "#trouble:has-text('You are offline')")
    page.tell("click", "#recommended .add >> nth=0")
    page.tell("shown", "#notice:has-text('was not added: Segue does not answer')")
    assert page.texts(SONGS) == songs
    page.tell("offline", False)
    page.tell("hidden", "#trouble")
    page.tell("click", "#notice >> text=Try again")
    page.until("added", lambda: len(page.texts(SONGS)) == 2)
    # What the browser itself says about calls that had no network.
    assert all("ERR_INTERNET_DISCONNECTED" in line for line in page.tell("trouble"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_needs_no_scrolling_sideways(
    page: Browser, scheme: str
) -> None:
    page.visit(colorScheme=scheme, viewport=PHONE)
    assert page.tell("axe") == []
    add_recommended(page, 2)
    page.tell("click", "#filters summary")
    page.tell("check", "#genre-choices input >> nth=0")
    page.until("filtered", lambda: page.texts("#filter-count") == ["1 active"])
    settle(page)
    page.tell("fill", "#search-box", "a")
    page.tell("shown", "#found .option >> nth=0")
    page.tell("press", "#search-box", "ArrowDown")
    assert page.tell("axe") == []
    assert page.tell("evaluate", "document.documentElement.scrollWidth") == PHONE["width"]


def test_the_page_is_light_quick_and_asks_nobody_else(page: Browser) -> None:
    page.tell("reload")
    page.tell("shown", "#recommended .card[data-song] >> nth=0")
    took = page.tell("evaluate", "performance.now()")
    loaded = page.tell("loaded")
    assert all(name.startswith(page.address) for name, _ in loaded)
    files = [(name, size) for name, size in loaded if "/v1/" not in name]
    assert len(files) > 10
    assert sum(size for _, size in files) < MOST_BYTES
    assert took < 1_000


def test_the_files_of_the_page_are_light_and_hold_no_script_or_style_of_their_own() -> None:
    files = [path for path in WEB.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    html = (WEB / "index.html").read_text()
    assert html.count("<script") == html.count('<script type="module" src=') == 1
    assert "style=" not in html
    assert "onclick" not in html


def test_the_visitor_is_told_in_a_header_alone(page: Browser) -> None:
    add_recommended(page, 1)
    visitor = page.tell("evaluate", "localStorage.getItem('segue.visitor')")
    assert len(visitor) == 24
    assert all(visitor not in name for name, _ in page.tell("loaded"))
    playlist: Any = json.loads(
        page.tell(
            "evaluate",
            "fetch('/v1/playlists', {headers: {'x-visitor-id': localStorage['segue.visitor']}})"
            ".then((answer) => answer.text())",
        )
    )
    assert [one["songCount"] for one in playlist["playlists"]] == [1]
