"""The command `segue-activity export` over every kind of database."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text

from activity_use import ANN, BOB, migrated, opened
from event_use import emptied, event, recorded
from segue_server.activity import export
from segue_server.activity.__main__ import main
from segue_server.activity.schema import event as table
from segue_server.domain.event import EventType

HEADER = "listener_id,song_id,plays"


@pytest.fixture(scope="module")
def url(new_database: Callable[[], str]) -> str:
    return migrated(new_database())


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def told(url: str) -> None:
    """Have Ann and Bob do something; Ann's digest is the smaller one."""
    emptied(url)
    activity = opened(url)
    plays = [event(f"p-{n}", song=7, minutes=n) for n in range(3)]
    others = [event(kind.value, kind, song=9) for kind in EventType]
    await recorded(activity, *plays, *others, event("x", EventType.SKIP, song=11))
    await recorded(activity, event("1", EventType.LIKE, song=2**31 - 1), owner=BOB)
    await recorded(activity, event("1", EventType.IMPRESSION, song=1), owner="0" * 64)
    activity.close()


async def test_plays_likes_and_adds_are_listens(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await told(url)
    assert ANN < BOB
    output = tmp_path / "listens.csv"
    assert main(["export", "--url", url, "--output", str(output)]) == 0
    assert output.read_text().splitlines() == [HEADER, "1,7,3", "1,9,3", f"2,{2**31 - 1},1"]
    assert capsys.readouterr().out == f"{output} has 3 listens of 2 listeners\n"
    assert names_in(tmp_path) == ["listens.csv"]


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine be somewhere else than at Greenwich."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("since", "rows"),
    [
        ("2026-05-04T12:01", ["1,7,2"]),
        ("2026-05-04T14:02+02:00", ["1,7,1"]),
        ("2026-05-05", []),
    ],
)
async def test_only_what_happened_since_counts(
    url: str, tmp_path: Path, in_tokyo: None, since: str, rows: list[str]
) -> None:
    await told(url)
    output = tmp_path / "listens.csv"
    assert main(["export", "--url", url, "--output", str(output), "--since", since]) == 0
    assert output.read_text().splitlines() == [HEADER, *rows]


async def test_a_file_that_cannot_be_written_whole_is_left_as_it_was(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await told(url)
    output = tmp_path / "listens.csv"
    output.write_text("as it was")
    # Rows come, and then none any more: an error in the midst of them.
    broken = text("SELECT 'o' AS owner, 1 AS song_id, 1 AS plays UNION ALL SELECT * FROM nothing")
    monkeypatch.setattr(export, "_listens", lambda _: broken)
    assert main(["export", "--url", url, "--output", str(output)]) == 1
    assert output.read_text() == "as it was"
    assert names_in(tmp_path) == ["listens.csv"]
    assert capsys.readouterr().err.startswith("segue-activity: the activity did not answer")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--url", "ftp://x/y"], "begins with ftp://"),
        (["--url", "sqlite:////nowhere/a.db"], "segue-activity migrate"),
        (["--output", "/nowhere/listens.csv"], "No such file"),
    ],
)
async def test_what_is_wrong_is_told_in_one_line(
    url: str,
    tmp_path: Path,
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = ["--url", url, "--output", str(tmp_path / "listens.csv")]
    assert main(["export", *usual, *arguments]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not names_in(tmp_path)


async def test_a_time_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--url", url, "--output", "x", "--since", "yesterday"])
    assert "'yesterday' is no time" in capsys.readouterr().err


async def test_however_many_there_are_only_some_are_held(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "FETCHED", 1_000)
    emptied(url)
    rows = [
        {
            "owner": f"{n % 100:064}",
            "event_id": f"{n}",
            "type": "play",
            "song_id": n + 1,
            "occurred_at": n,
            "received_at": n,
            "playlist_id": "",
        }
        for n in range(20_000)
    ]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(table), rows)
    engine.dispose()
    del rows
    tracemalloc.start()
    done = export.export_listens(url, tmp_path / "listens.csv", None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (done.listeners, done.listens) == (100, 20_000)
    assert peak < 3 * 2**20
