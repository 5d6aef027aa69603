"""What one does on the page, in a real browser, through Envoy, against the running stack."""

import itertools
import time

from browser import Browser
from page_use import RECOMMENDED, SONGS, add_recommended, search_and_add, settle
from running_stack import RunningStack


def some_words(running: RunningStack, count: int) -> list[str]:
    """Words that titles begin with, each of another artist's song."""
    songs = [running.get(f"/v1/songs/{song_id}")[1]["song"] for song_id in range(5, 200, 20)]
    words = {song["artist"]: song["title"].split()[0] for song in songs if song["title"].isascii()}
    return [word for word in dict.fromkeys(words.values()) if word.isalpha()][:count]


def test_three_songs_found_by_typing_change_what_is_recommended_each_time(
    page: Browser, running: RunningStack
) -> None:
    seen = [page.texts(RECOMMENDED)]
    assert "Popular with all listeners" in page.texts("#recommended-hint")[0]
    for word in some_words(running, 3):
        search_and_add(page, word)
        seen.append(page.texts(RECOMMENDED))
    assert len(seen) == 4
    assert all(len(titles) == 12 for titles in seen)
    assert all(one != other for one, other in itertools.pairwise(seen))
    songs = page.texts(SONGS)
    assert not set(songs) & set(page.texts(RECOMMENDED))
    reasons = page.texts("#recommended .because")
    assert reasons
    assert set(reasons) <= set(songs)
    assert page.texts("#song-count") == ["3 songs"]


def test_search_goes_by_keyboard_alone_and_tells_what_it_does(page: Browser) -> None:
    page.tell("fill", "#search-box", "a")
    page.tell("shown", "#found .option >> nth=2")
    page.tell("press", "#search-box", "ArrowDown")
    page.tell("press", "#search-box", "ArrowDown")
    assert page.tell("attributes", "#search-box", "aria-activedescendant") == ["found-1"]
    chosen = page.texts("#found-1 .title")
    page.tell("key", "Enter")
    page.until("added", lambda: page.texts(SONGS) == chosen)
    assert page.tell("evaluate", "document.activeElement.id") == "search-box"
    page.until("said", lambda: f"{chosen[0]} is added" in page.texts("#announcer")[0])
    page.tell("shown", "#found-1 .in-playlist")
    page.tell("key", "Escape")
    page.tell("hidden", "#found")
    page.tell("fill", "#search-box", "qqqxzz")
    page.tell("shown", "#search-note:has-text('No song, artist or album')")


def test_an_answer_that_comes_late_is_dropped(page: Browser) -> None:
    page.tell(
        "evaluate",
        """(() => {
          const ask = window.fetch;
          window.fetch = async (address, options) => {
            if (address.includes("query=the")) await new Promise((done) => setTimeout(done, 600));
            return ask(address, { ...options, signal: undefined });
          };
        })()""",
    )
    page.tell("fill", "#search-box", "the")
    time.sleep(0.3)
    page.tell("fill", "#search-box", "qqqxzz")
    page.tell("shown", "#search-note")
    time.sleep(0.8)
    assert page.texts("#found .option") == []


def test_a_removed_song_comes_back_to_its_place_by_undo(page: Browser) -> None:
    songs = add_recommended(page, 3)
    recommended = page.texts(RECOMMENDED)
    page.tell("press", ".row:nth-child(2) .remove", "Enter")
    page.until("removed", lambda: page.texts(SONGS) == [songs[0], songs[2]])
    settle(page)
    assert page.texts(RECOMMENDED) != recommended
    label = page.tell("evaluate", "document.activeElement.getAttribute('aria-label')")
    assert label == f"Remove {songs[2]}"
    page.tell("click", "#notice >> text=Undo")
    page.until("back", lambda: page.texts(SONGS) == songs)
    settle(page)
    assert page.texts(RECOMMENDED) == recommended


def test_songs_are_reordered_by_pointer_and_by_keyboard_and_stay_so(page: Browser) -> None:
    one, two, three = add_recommended(page, 3)
    page.tell("drag", ".row:nth-child(1) .handle", ".row:nth-child(3)", 0.8)
    page.until("dragged", lambda: page.texts(SONGS) == [two, three, one])
    page.tell("press", ".row:nth-child(3) .handle", "ArrowUp")
    page.until("moved", lambda: page.texts(SONGS) == [two, one, three])
    page.tell("key", "Home")
    page.until("first", lambda: page.texts(SONGS) == [one, two, three])
    label = page.tell("evaluate", "document.activeElement.getAttribute('aria-label')")
    assert label == f"Move {one}, number 1 of 3"
    page.tell("press", ".row:nth-child(1) .handle", "End")
    page.until("last", lambda: page.texts(SONGS) == [two, three, one])
    page.until("said", lambda: page.texts("#announcer") == [f"{one} is number 3 of 3"])
    page.until(
        "saved", lambda: [":moveSong" in name for name, _ in page.tell("loaded")].count(True) == 4
    )
    page.tell("reload")
    page.until("kept", lambda: page.texts(SONGS) == [two, three, one])


def test_a_liked_song_counts_and_a_disliked_one_is_never_recommended_until_taken_back(
    page: Browser,
) -> None:
    added = add_recommended(page, 1)
    before = page.texts(RECOMMENDED)
    first, second = before[:2]
    page.tell("press", ".card:nth-child(1) [aria-label^=Like]", "Enter")
    page.until("counted", lambda: first in page.texts("#recommended .because"))
    assert first not in page.texts(RECOMMENDED)
    assert page.texts(SONGS) == added
    label = page.tell("evaluate", "document.activeElement.getAttribute('aria-label')")
    assert label == f"Like {page.texts(RECOMMENDED)[0]}"
    page.tell("click", "#notice >> text=Undo")
    page.until("taken back", lambda: page.texts(RECOMMENDED) == before)
    page.tell("click", ".card:nth-child(2) [aria-label^=Never]")
    page.until("gone", lambda: second not in page.texts(RECOMMENDED))
    assert page.texts(RECOMMENDED)[0] == first
    page.tell("reload")
    page.tell("shown", "#recommended[aria-busy=false] .card[data-song] >> nth=0")
    assert second not in page.texts(RECOMMENDED)
    assert page.texts(RECOMMENDED)[0] == first


def test_filters_keep_songs_out_until_they_are_cleared(page: Browser) -> None:
    add_recommended(page, 1)
    before = page.texts(RECOMMENDED)
    page.tell("click", "#filters summary")
    page.tell("shown", "#genre-choices input >> nth=3")
    genre = page.tell("attributes", "#genre-choices input", "value")[3]
    page.tell("check", f"#genre-choices input[value='{genre}']")
    page.until("only the genre", lambda: all_have(page, genre))
    page.tell("fill", "[name=minYear]", "1990")
    page.tell("fill", "[name=maxYear]", "1999")
    page.until("only the years", lambda: all(y // 10 == 199 for y in years(page)))
    page.tell("choose", "[name=engine]", "item-item")
    page.until("the engine", lambda: "item-item" in page.texts("#ranked-by")[0])
    page.tell("check", "[value=DIVERSITY_HIGH]")
    page.until("counted", lambda: page.texts("#filter-count") == ["5 active"])
    settle(page)
    assert years(page)
    page.tell("click", "#clear-filters")
    page.until("cleared", lambda: page.texts(RECOMMENDED) == before)
    assert page.texts("#filter-count") == [""]


def all_have(page: Browser, genre: str) -> bool:
    cards = page.texts("#recommended .card .tags")
    return bool(cards) and all(genre in tags for tags in cards)


def years(page: Browser) -> list[int]:
    """The years of the recommended songs, 0 for one that is not known."""
    first = [text.split(" · ")[0] for text in page.texts("#recommended .release")]
    return [int(text) if text.isdecimal() else 0 for text in first]


def test_years_in_the_wrong_order_are_said_to_be_and_nothing_is_asked(page: Browser) -> None:
    page.tell("click", "#filters summary")
    page.tell("fill", "[name=maxYear]", "1990")
    page.until("asked", lambda: page.texts("#filter-count") == ["1 active"])
    page.tell("fill", "[name=minYear]", "1999")
    time.sleep(0.6)
    assert page.texts("#filter-count") == ["1 active"]
    said = page.tell("evaluate", "document.querySelector('[name=maxYear]').validationMessage")
    assert said == "The last year is before the first."


def test_playlists_are_created_chosen_renamed_and_deleted_with_a_way_back(page: Browser) -> None:
    first = add_recommended(page, 2)
    page.tell("click", "#new-playlist")
    page.tell("fill", "#title-box", "Evening <b>")
    page.tell("key", "Enter")
    page.until("new", lambda: page.texts("#playlist-title") == ["Evening <b>"])
    page.until("empty", lambda: page.texts(SONGS) == [])
    page.tell("click", "#rename-playlist")
    page.tell("fill", "#title-box", "Night")
    page.tell("click", "text=Save")
    page.until("renamed", lambda: page.texts("#playlist-title") == ["Night"])
    page.tell("click", "#delete-playlist")
    page.until("the other", lambda: page.texts(SONGS) == first)
    page.tell("click", "#notice >> text=Undo")
    page.until("back", lambda: page.texts("#playlist-title") == ["Night"])
    other = page.tell("attributes", "#playlist-chooser option:has-text('My playlist')", "value")
    page.tell("choose", "#playlist-chooser", other[0])
    page.until("chosen", lambda: page.texts(SONGS) == first)
    page.tell("reload")
    page.until("kept", lambda: page.texts(SONGS) == first)


def test_a_link_gives_a_copy_to_somebody_else(page: Browser) -> None:
    songs = add_recommended(page, 3)
    page.tell("click", "#share-playlist")
    link = page.tell("value", "#link-box")
    assert page.tell("axe") == []
    page.visit(link.removeprefix(page.address))
    page.until("shown", lambda: page.texts("#shared-songs .title") == songs)
    assert page.texts(SONGS) == []
    assert page.tell("axe") == []
    page.tell("click", "#keep-shared")
    page.until("kept", lambda: page.texts(SONGS) == songs)
    page.tell("hidden", "#shared")
    assert "#" not in page.tell("evaluate", "location.href")
    page.tell("reload")
    page.until("still there", lambda: page.texts(SONGS) == songs)
