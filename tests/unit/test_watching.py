"""Who watches playlists is told of changes, whatever else goes wrong."""

import asyncio
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from segue_server.domain import watching as module
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import (
    ActivityUnavailable,
    CatalogUnavailable,
    Overloaded,
    Unavailable,
)
from segue_server.domain.watching import Watch, Watching


@dataclass
class Revisions:
    """Knows revisions, and how many it was asked for at once."""

    known: dict[str, int] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    error: Exception | None = None
    refused: set[str] = field(default_factory=set)

    async def revisions(self, ids: Collection[str], deadline: Deadline) -> Mapping[str, int]:
        self.asked.append(len(ids))
        if self.error:
            raise self.error
        if self.refused.intersection(ids):
            raise ActivityUnavailable("no playlists")
        return {one: self.known[one] for one in ids if one in self.known}


@dataclass
class World:
    state: Hashable = 1
    error: Exception | None = None

    async def __call__(self, deadline: Deadline) -> Hashable:
        if self.error:
            raise self.error
        return self.state


def made(most: int = 10) -> tuple[Watching, Revisions, World]:
    revisions, world = Revisions(), World()
    return Watching(cast("Any", revisions), world, most), revisions, world


async def told(watch: Watch) -> bool:
    return await watch.changed(0.01)


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)


async def test_who_watches_a_changed_or_deleted_playlist_is_told_and_no_other() -> None:
    watching, revisions, _ = made()
    revisions.known = {"a": 1, "b": 1, "c": 1}
    with (
        watching.watch("a", 1) as same,
        watching.watch("b", 1) as changed,
        watching.watch("c", 1) as gone,
    ):
        assert not await watching.look()
        assert not any([await told(watch) for watch in (same, changed, gone)])
        revisions.known = {"a": 1, "b": 2}
        await watching.look()
        assert [await told(watch) for watch in (same, changed, gone)] == [False, True, True]
        changed.revision = 2
        await watching.look()
        assert not await told(changed)


async def test_when_a_model_or_the_catalog_changes_all_are_told_but_not_at_the_first_look() -> None:
    watching, revisions, world = made()
    revisions.known = {"a": 1, "b": 1}
    with watching.watch("a", 1) as one, watching.watch("b", 1) as other:
        await watching.look()
        assert not await told(one)
        world.state = 2
        await watching.look()
        assert [await told(one), await told(other)] == [True, True]


async def test_many_playlists_are_asked_about_in_pieces_and_each_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 4)
    watching, revisions, _ = made(most=100)
    watches = [watching.watch(str(number // 2), 1) for number in range(20)]
    for watch in watches:
        watch.__enter__()
    await watching.look()
    assert revisions.asked == [4, 4, 2]
    for watch in watches:
        watch.__exit__(None, None, None)
    await watching.look()
    assert revisions.asked == [4, 4, 2]


async def test_playlists_that_cannot_be_asked_about_keep_no_others_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    watching, revisions, _ = made()
    revisions.known, revisions.refused = {"a": 2, "b": 2}, {"a"}
    with watching.watch("a", 1), watching.watch("b", 1) as other:
        assert await watching.look() == "no playlists"
        assert await told(other)


async def test_no_more_watch_than_may_and_who_goes_makes_room() -> None:
    watching, _, _ = made(most=1)
    with watching.watch("a", 1), pytest.raises(Overloaded), watching.watch("b", 1):
        pass
    with watching.watch("b", 1):
        pass


async def test_trouble_is_reported_once_and_whatever_it_is_looking_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "INTERVAL", 0.001)
    watching, revisions, world = made()
    reports: list[str] = []
    with watching.watch("a", 1) as watch:
        revisions.error, world.error = ActivityUnavailable("no playlists"), None
        looking = asyncio.create_task(watching.run(reports.append))
        await until(lambda: len(revisions.asked) >= 3)
        world.error = CatalogUnavailable("no catalog")
        await until(lambda: len(reports) >= 2)
        revisions.error = ZeroDivisionError("unheard of")
        await until(lambda: len(reports) >= 3)
        revisions.error, revisions.known = None, {"a": 2}
        assert await watch.changed(5)
    looking.cancel()
    assert reports[:2] == ["no playlists", "no playlists; no catalog"]
    assert "unheard of" in reports[2]


async def test_at_the_end_everybody_looks_up() -> None:
    watching, _, _ = made()
    with watching.watch("a", 1) as watch:
        watching.close()
        assert await told(watch)
        assert watching.closing
    with pytest.raises(Unavailable), watching.watch("a", 1):
        pass
