"""What several tests of the page do with it."""

from browser import Browser

SONGS = "#entries .title"
RECOMMENDED = "#recommended .title"


def search_and_add(page: Browser, query: str) -> None:
    """Search, and add the first song found that is not in the playlist."""
    wanted = len(page.texts(SONGS)) + 1
    page.tell("fill", "#search-box", query)
    page.tell("shown", f"#found .option:has-text('{query}') >> nth=0")
    page.tell("click", "#found:not([hidden]) .option:not(:has(.in-playlist)) >> nth=0")
    until_there(page, wanted)


def settle(page: Browser) -> None:
    page.tell("shown", "#recommended[aria-busy=false]")


def add_recommended(page: Browser, count: int) -> list[str]:
    """Add the first recommendation several times; return the playlist."""
    for _ in range(count):
        wanted = len(page.texts(SONGS)) + 1
        page.tell("click", "#recommended .add >> nth=0")
        until_there(page, wanted)
    return page.texts(SONGS)


def until_there(page: Browser, count: int) -> None:
    """Wait until the playlist has so many songs, and recommendations for them are shown."""
    page.until("added", lambda: len(page.texts(SONGS)) == count)
    settle(page)
