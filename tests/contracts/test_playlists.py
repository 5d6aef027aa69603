"""The port `Playlists` over every kind of database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from activity_use import ANN, BOB, made, migrated, opened, read, soon, titles
from mariadb import MariaDB
from segue_server.activity import playlists as module
from segue_server.activity.open import Activity
from segue_server.activity.schema import metadata
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import (
    ActivityUnavailable,
    Changed,
    DeadlineExceeded,
    InvalidRequest,
    LimitReached,
    NotFound,
)
from segue_server.domain.playlist import Playlist, PlaylistKey

WRITERS = 50


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    return migrated(new_database())


@pytest.fixture
async def activity(url: str) -> AsyncIterator[Activity]:
    activity = opened(url)
    with (engine := create_engine(url)).begin() as connection:
        connection.execute(text("DELETE FROM playlist"))
    engine.dispose()
    yield activity
    activity.close()


def adding(song: int, position: int = 0) -> Callable[[Playlist], Playlist]:
    return lambda playlist: playlist.with_song(song, position, playlist.created)


def test_the_migrations_make_the_tables_that_the_queries_are_written_against(url: str) -> None:
    def ours(_object: object, name: str | None, *_: object) -> bool:
        return name != "activity_version"

    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_what_was_made_is_read_as_it_was(activity: Activity) -> None:
    playlist = await made(activity, 5, 15, 5, 1249, title="Ünïcøde 🎵")
    assert await read(activity, playlist) == playlist
    assert playlist.song_ids == (5, 15, 1249)
    assert (playlist.title, playlist.revision, playlist.song_count) == ("Ünïcøde 🎵", 1, 3)
    assert playlist.created == playlist.updated
    assert len(playlist.id) == 22


async def test_nobody_sees_changes_or_deletes_what_is_another_s(activity: Activity) -> None:
    playlist = await made(activity, 1)
    key = PlaylistKey(BOB, playlist.id)
    for attempt in (
        activity.playlists.get(key, soon()),
        activity.playlists.change(key, adding(2), soon()),
        activity.playlists.delete(key, soon()),
    ):
        with pytest.raises(NotFound, match=f"playlist '{playlist.id}' does not exist"):
            await attempt
    assert await titles(activity, BOB) == [[]]
    assert await read(activity, playlist) == playlist


async def test_a_change_is_another_revision_and_none_changes_nothing(activity: Activity) -> None:
    playlist = await made(activity, 1)
    key = PlaylistKey(ANN, playlist.id)
    changed = await activity.playlists.change(key, adding(2), soon())
    assert (changed.song_ids, changed.revision) == ((1, 2), 2)
    assert changed.updated > playlist.updated
    assert await activity.playlists.change(key, adding(2), soon()) == changed
    assert await read(activity, playlist) == changed


async def test_an_older_etag_changes_and_deletes_nothing(activity: Activity) -> None:
    playlist = await made(activity, 1)
    changed = await activity.playlists.change(
        PlaylistKey(ANN, playlist.id, playlist.etag), adding(2), soon()
    )
    old = PlaylistKey(ANN, playlist.id, playlist.etag)
    with pytest.raises(Changed, match="has changed; read it again"):
        await activity.playlists.change(old, adding(3), soon())
    with pytest.raises(Changed):
        await activity.playlists.delete(old, soon())
    assert await read(activity, playlist) == changed
    await activity.playlists.delete(PlaylistKey(ANN, playlist.id, changed.etag), soon())
    with pytest.raises(NotFound):
        await read(activity, playlist)


async def test_an_error_of_the_change_leaves_everything_as_it_was(activity: Activity) -> None:
    playlist = await made(activity, *range(1, 501))
    key = PlaylistKey(ANN, playlist.id)
    with pytest.raises(LimitReached):
        await activity.playlists.change(key, adding(501), soon())
    assert await read(activity, playlist) == playlist
    without = await activity.playlists.change(key, lambda p: p.without_song(7), soon())
    assert without.song_count == 499


async def test_the_same_request_makes_one_playlist_however_often_at_once(
    activity: Activity,
) -> None:
    all_made = await asyncio.gather(
        *(made(activity, 1, title=f"Try {n}", request_id="once") for n in range(12)),
        made(activity, 1, owner=BOB, title="Bob's", request_id="once"),
    )
    assert len({playlist.id for playlist in all_made[:12]}) == 1
    assert all_made[0] == await read(activity, all_made[0])
    assert await titles(activity, ANN) == [[all_made[0].title]]
    assert await titles(activity, BOB) == [["Bob's"]]
    await made(activity, title="Another"), await made(activity, title="Another")
    assert await titles(activity, ANN) == [["Another", "Another", all_made[0].title]]


async def test_pages_come_the_last_changed_first_and_hold_each_once(activity: Activity) -> None:
    playlists = [await made(activity, 1, 2, title=f"{n}") for n in range(7)]
    await made(activity, owner=BOB, title="Bob's")
    key = PlaylistKey(ANN, playlists[2].id)
    await activity.playlists.change(key, lambda p: p.titled("changed"), soon())
    assert await titles(activity, ANN, 3) == [["changed", "6", "5"], ["4", "3", "1"], ["0"]]
    first = await activity.playlists.page(ANN, 3, "", soon())
    assert all(not p.entries and p.song_count == 2 for p in first.items)
    for owner, token in ((BOB, first.next_token), (ANN, "nonsense")):
        with pytest.raises(InvalidRequest, match="page_token"):
            await activity.playlists.page(owner, 3, token, soon())


async def test_nobody_has_more_than_the_most(
    activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PLAYLISTS", 2)
    await made(activity), await made(activity, request_id="second")
    with pytest.raises(LimitReached, match="there are 2 playlists already") as caught:
        await made(activity)
    assert caught.value.reason == "TOO_MANY_PLAYLISTS"
    assert (await made(activity, request_id="second")).title == "Mine"
    await made(activity, owner=BOB)


async def test_of_many_writers_at_once_nothing_is_lost(activity: Activity, url: str) -> None:
    """Each server process has connections of its own."""
    processes = [activity, opened(url), opened(url)]
    playlist = await made(activity, *range(1, 11))
    key = PlaylistKey(ANN, playlist.id)
    calls = [
        processes[song % 3].playlists.change(key, change, soon())
        for song in range(1, WRITERS + 1)
        for change in (adding(100 + song, 1), partial(Playlist.without_song, song_id=song))
    ]
    await asyncio.gather(*calls)
    for one in processes[1:]:
        one.close()
    found = await read(activity, playlist)
    assert sorted(found.song_ids) == [100 + song for song in range(1, WRITERS + 1)]
    # Taking out songs that were never there changed nothing.
    assert found.revision == 1 + WRITERS + 10


async def test_who_waits_beyond_the_deadline_is_told(activity: Activity, url: str) -> None:
    playlist = await made(activity, 1)
    engine = create_engine(url)
    with engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
        other.execute(text("UPDATE playlist SET revision = 9"))
        with pytest.raises(DeadlineExceeded):
            await activity.playlists.change(
                PlaylistKey(ANN, playlist.id), adding(2), Deadline.after(0.3)
            )
        other.rollback()
    engine.dispose()


async def test_tables_that_are_not_there_are_told_of(new_database: Callable[[], str]) -> None:
    activity = opened(new_database())
    with pytest.raises(ActivityUnavailable, match="segue-activity migrate"):
        await activity.playlists.ping(soon())
    activity.close()


async def test_a_database_that_was_killed_is_used_again_once_it_is_back() -> None:
    server = MariaDB()
    try:
        activity = opened(migrated(server.url))
        playlist = await made(activity, 1)
        key = PlaylistKey(ANN, playlist.id)
        server.stop()
        with pytest.raises(ActivityUnavailable, match="the activity did not answer"):
            await activity.playlists.change(key, adding(2), soon())
        server.start()
        # The connections of before are broken; the work is done over new ones.
        changed = await activity.playlists.change(key, adding(3), soon())
        assert changed.song_ids == (1, 3)
        activity.close()
    finally:
        server.remove()
