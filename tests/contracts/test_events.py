"""The port `Events` over every kind of database."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import create_engine, text

from activity_use import ANN, BOB, made, migrated, opened, read, soon
from event_use import NOON, SHOWN, emptied, event, opinions, recorded, rows_of
from mariadb import MariaDB
from segue_server.activity import events as module
from segue_server.activity.micros import to_micros
from segue_server.activity.open import Activity, open_activity
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import ActivityUnavailable, DeadlineExceeded
from segue_server.domain.event import EventType, Opinions, Recorded

LIKE, DISLIKE, CLEAR = EventType.LIKE, EventType.DISLIKE, EventType.CLEAR
AT_ONCE = 20


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    return migrated(new_database())


@pytest.fixture
async def activity(url: str) -> AsyncIterator[Activity]:
    emptied(url)
    activity = opened(url)
    yield activity
    activity.close()


def deadlocks_of(url: str) -> int:
    """Return how many transactions the server has broken off so far."""
    if url.startswith("sqlite"):
        return 0
    return int(rows_of(url, "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")[0][1])


async def test_an_event_is_kept_with_all_that_is_known_of_it(activity: Activity, url: str) -> None:
    full = event(
        "e-1", shown=SHOWN, playlist_id="p", play_duration=timedelta(seconds=61.25), minutes=1
    )
    bare = event("e-2", EventType.SKIP, song=2**31 - 1)
    assert await recorded(activity, full, bare) == Recorded(2, 0)
    columns = "event_id, type, song_id, occurred_at, request_id, engine, version, experiment, arm"
    more = f'{columns}, "rank", playlist_id, play_duration'
    if not url.startswith("sqlite"):
        more = more.replace('"', "`")
    minute = 60_000_000
    shown = ("r-1", "content", "3", "try", "content")
    assert rows_of(url, f"SELECT {more} FROM event ORDER BY event_id") == [
        ("e-1", "play", 5, to_micros(NOON) + minute, *shown, 2, "p", 61_250_000),
        ("e-2", "skip", 2**31 - 1, to_micros(NOON), *[None] * 6, "", None),
    ]
    (received,) = rows_of(url, "SELECT received_at FROM event WHERE event_id = 'e-1'")[0]
    assert abs(received / 1e6 - time.time()) < 60


async def test_an_event_counts_once_however_often_it_comes(activity: Activity, url: str) -> None:
    first, again = event("a", LIKE, song=1), event("a", DISLIKE, song=2, minutes=9)
    assert await recorded(activity, first, event("b"), again) == Recorded(2, 1)
    assert await recorded(activity, again, event("c")) == Recorded(1, 1)
    # Neither is another's of the same id, nor one that differs by its case.
    assert await recorded(activity, event("a"), owner=BOB) == Recorded(1, 0)
    assert await recorded(activity, event("A")) == Recorded(1, 0)
    kept = rows_of(url, f"SELECT type, song_id FROM event WHERE event_id = 'a' AND owner = '{ANN}'")
    assert kept == [("like", 1)]
    assert await opinions(activity) == Opinions(liked=(1,))


@pytest.mark.parametrize("ids", ["abc", "cba", "bca"])
async def test_the_latest_opinion_counts_in_whatever_order_they_come(
    activity: Activity, ids: str
) -> None:
    said = [
        event(ids[0], LIKE, song=7, minutes=1),
        event(ids[1], DISLIKE, song=7, minutes=2),
        event(ids[2], CLEAR, song=7, minutes=3),
    ]
    wanted = [Opinions((7,), ()), Opinions((), (7,)), Opinions()]
    for number, order in enumerate(permutations(range(3))):
        owner = f"{number}".rjust(64, "0")
        for at, last in enumerate(order):
            await recorded(activity, said[last], owner=owner)
            assert await opinions(activity, owner) == wanted[max(order[: at + 1])]
        together = f"{number}".rjust(64, "1")
        await recorded(activity, *(said[last] for last in order), owner=together)
        assert await opinions(activity, together) == Opinions()


async def test_of_two_opinions_of_one_time_the_same_counts_in_any_order(activity: Activity) -> None:
    said = [event("a", LIKE, song=7), event("b", DISLIKE, song=7)]
    for owner, order in ((ANN, said), (BOB, said[::-1])):
        for one in order:
            await recorded(activity, one, owner=owner)
        assert await opinions(activity, owner) == Opinions((), (7,))


async def test_opinions_come_the_latest_first_and_no_more_than_the_most(
    activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    liked = [event(f"l-{n}", LIKE, song=n, minutes=-n) for n in range(1, 6)]
    disliked = [event(f"d-{n}", DISLIKE, song=n, minutes=n) for n in range(11, 16)]
    await recorded(activity, *liked, *disliked)
    await recorded(activity, event("bob", LIKE, song=99), owner=BOB)
    assert await opinions(activity) == Opinions((1, 2, 3, 4, 5), (15, 14, 13, 12, 11))
    monkeypatch.setattr(module, "MAX_OPINIONS", 2)
    assert await opinions(activity) == Opinions((1, 2), (15, 14))


async def test_what_tells_no_opinion_leaves_it(activity: Activity) -> None:
    await recorded(activity, event("a", LIKE))
    others = [kind for kind in EventType if kind not in (LIKE, DISLIKE, CLEAR)]
    await recorded(activity, *(event(kind.value, kind, minutes=5) for kind in others))
    assert await opinions(activity) == Opinions((5,), ())


async def test_what_comes_again_as_an_opinion_is_what_it_was_at_first(
    activity: Activity,
) -> None:
    await recorded(activity, event("like", LIKE), event("play", minutes=1))
    await recorded(activity, event("play", DISLIKE, minutes=2), event("like", DISLIKE, minutes=3))
    assert await opinions(activity) == Opinions((5,), ())


async def test_of_batches_at_once_nothing_is_lost_and_nothing_comes_twice(
    activity: Activity, url: str
) -> None:
    """Each server process has connections of its own; callers send again what overlaps."""
    processes = [activity, opened(url), opened(url)]
    kinds = (LIKE, DISLIKE, EventType.PLAY)
    said = [
        event(f"e-{n}", kinds[n % 3], song=n % 40 + 1, minutes=n * 7919 % 1050) for n in range(1050)
    ]
    batches = [said[start : start + 100] for start in range(0, AT_ONCE * 50, 50)]
    deadlocks, chance = deadlocks_of(url), random.Random(3)
    for batch in batches:
        chance.shuffle(batch)
    done = await asyncio.gather(
        *(recorded(processes[at % 3], *batch) for at, batch in enumerate(batches))
    )
    for process in processes[1:]:
        process.close()
    # One would be made good by doing the work again, once; that must be left for bad luck.
    assert deadlocks_of(url) == deadlocks
    assert sum(one.recorded for one in done) == len(said)
    assert sum(one.duplicates for one in done) == AT_ONCE * 100 - len(said)
    assert rows_of(url, "SELECT COUNT(*) FROM event") == [(len(said),)]
    said.sort(key=lambda one: one.occurred)
    latest = {one.song_id: one.type for one in said if one.type in (LIKE, DISLIKE)}
    told = await opinions(activity)
    assert set(told.liked) == {song for song, kind in latest.items() if kind is LIKE}
    assert set(told.disliked) == {song for song, kind in latest.items() if kind is DISLIKE}


async def test_opinions_of_the_same_songs_at_once_never_wait_for_each_other(
    activity: Activity, url: str
) -> None:
    deadlocks = deadlocks_of(url)
    kinds = [*[DISLIKE] * (AT_ONCE - 1), LIKE]
    # By their times, songs come upward in one batch and downward in the next.
    ways = [(song, -song) for song in range(1, 301)]
    batches = [
        [event(f"{n}-{way[0]}", kind, way[0], n + way[n % 2] / 1e4) for way in ways]
        for n, kind in enumerate(kinds)
    ]
    await asyncio.gather(*(recorded(activity, *batch) for batch in batches))
    assert deadlocks_of(url) == deadlocks
    assert (await opinions(activity)).disliked == ()


async def test_ten_thousand_events_in_batches_are_all_there(activity: Activity, url: str) -> None:
    said = [event(f"e-{n}", song=n % 900 + 1, minutes=n / 60) for n in range(10_000)]
    batches = [said[start : start + 500] for start in range(0, 10_000, 500)]
    done = await asyncio.gather(*(recorded(activity, *one) for one in batches))
    assert set(done) == {Recorded(500, 0)}
    # What nobody got an answer for is sent again.
    assert await recorded(activity, *batches[7]) == Recorded(0, 500)
    assert rows_of(url, "SELECT COUNT(*), MIN(song_id), MAX(song_id) FROM event") == [
        (10_000, 1, 900)
    ]


async def test_a_batch_that_fails_leaves_nothing(
    activity: Activity, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> list[object]:
        raise ActivityUnavailable("the second half fails")

    monkeypatch.setattr(module, "_latest", fails)
    with pytest.raises(ActivityUnavailable):
        await recorded(activity, event("a"), event("b", LIKE))
    assert rows_of(url, "SELECT COUNT(*) FROM event") == [(0,)]


async def test_a_burst_of_events_leaves_playlists_and_histories_their_connections(
    url: str,
) -> None:
    emptied(url)
    activity = open_activity(url, connections=1, event_connections=1)
    playlist = await made(activity, 1)
    await recorded(activity, event("a", LIKE))
    engine = create_engine(url)
    with engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
        other.execute(text("UPDATE event SET song_id = 6"))
        burst = [
            asyncio.create_task(activity.events.record(ANN, [event("a")], Deadline.after(1)))
            for _ in range(20)
        ]
        await asyncio.sleep(0.1)
        started = time.perf_counter()
        assert await opinions(activity) == Opinions((5,), ())
        assert await read(activity, playlist) == playlist
        assert time.perf_counter() - started < 0.5
        outcomes = await asyncio.gather(*burst, return_exceptions=True)
        other.rollback()
    engine.dispose()
    assert {type(one) for one in outcomes} == {DeadlineExceeded}
    activity.close()


async def test_a_database_that_was_killed_is_used_again_once_it_is_back() -> None:
    server = MariaDB()
    try:
        activity = opened(migrated(server.url))
        await recorded(activity, event("a", LIKE))
        server.stop()
        with pytest.raises(ActivityUnavailable, match="the activity did not answer"):
            await recorded(activity, event("b"))
        with pytest.raises(ActivityUnavailable):
            await activity.events.opinions(ANN, soon())
        server.start()
        assert await recorded(activity, event("a", LIKE), event("b")) == Recorded(1, 1)
        assert await opinions(activity) == Opinions((5,), ())
        activity.close()
    finally:
        server.remove()
