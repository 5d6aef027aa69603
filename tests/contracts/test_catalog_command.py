"""The command `segue-catalog`."""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from catalog_dataset import write_dataset
from catalog_use import TWO_SONGS
from mariadb import MariaDB
from segue_server.catalog.__main__ import main
from segue_server.catalog.part import CATALOG
from segue_server.catalog.progress import ProgressLine
from segue_server.sql.migrate import migrate

NewDatabase = Callable[[], str]

# The command, which gets the signal of Ctrl-C in the middle of a load.
INTERRUPTED = """
import signal, sys
from segue_server.catalog import __main__ as command

def interrupt(kind, done, total):
    if kind == sys.argv[3]:
        signal.raise_signal(signal.SIGINT)

command.show_nothing = interrupt
sys.exit(command.main(["load", "--url", *sys.argv[1:3]]))
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "two", TWO_SONGS)


def test_the_command_migrates_loads_and_tells(
    new_database: NewDatabase, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database()
    assert main(["migrate", "--url", url]) == 0
    assert main(["info", "--url", url]) == 0
    assert "none is loaded" in capsys.readouterr().out
    assert main(["load", "--url", url, str(dataset)]) == 0
    said = capsys.readouterr()
    assert re.search(r"loaded 'small' into .* 2 genres, 2 artists, 1 albums, 2 songs\n$", said.out)
    assert said.err == ""
    assert main(["load", "--url", url, "--if-changed", str(dataset)]) == 0
    assert "did nothing" in capsys.readouterr().out
    assert main(["info", "--url", url]) == 0
    assert re.search(r"dataset: +small\nfingerprint: +\w{64}\n", capsys.readouterr().out)


def test_the_command_says_what_is_wrong_in_one_line(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    for arguments, reason in (
        (["info", "--url", url], "unable to open database file"),
        (["load", "--url", "oracle://x/y", str(dataset)], "begins with oracle://"),
        (["load", "--url", url, str(tmp_path)], "dataset.json: No such file"),
        (["migrate", "--url", f"sqlite:///{tmp_path}/no/folder.db"], "unable to open"),
        (["migrate", "--url", f"sqlite:///{dataset}/songs.csv"], "not a database"),
    ):
        assert main(arguments) == 1
        said = capsys.readouterr()
        assert reason in said.err
        assert said.err.count("\n") == 1
        assert said.out == ""


def test_no_password_is_ever_shown(
    mariadb: MariaDB, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = make_url(mariadb.create_database("guarded")).set(username="guest", password="s3cret")
    root = create_engine(mariadb.url)
    for begins, code in (("", 0), ("wrong", 1)):
        with root.begin() as connection:
            connection.execute(text("DROP USER IF EXISTS guest@'127.0.0.1'"))
            grant = f"GRANT ALL ON guarded.* TO guest@'127.0.0.1' IDENTIFIED BY '{begins}s3cret'"
            connection.execute(text(grant))
        shown = url.render_as_string(hide_password=False)
        assert main(["migrate", "--url", shown]) == code
        assert main(["load", "--url", shown, str(dataset)]) == code
        assert main(["info", "--url", shown]) == code
    root.dispose()
    said = capsys.readouterr()
    assert said.out.count("guest:***@127.0.0.1") == 3
    assert said.err.count("guest:***@127.0.0.1") == 3
    assert "s3cret" not in said.out + said.err


def test_on_a_terminal_a_load_shows_how_far_it_is(dataset: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    migrate(CATALOG, url)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "segue_server.catalog", "load", "--url", url, str(dataset)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    kept = [line.split("\x1b[K")[-1] for line in shown.split("\r\n")]
    kinds = ("artists", "albums", "songs", "song_texts", "words", "genres", "indexes", "swap")
    assert [line.split(":")[0] for line in kept] == [*kinds, ""]
    assert re.fullmatch(r"songs: 2 of 2 in \d+\.\d s", kept[2])
    assert done.stdout.startswith(b"loaded 'small'")
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("killed_at", ["songs", "indexes"])
def test_a_load_stopped_by_ctrl_c_says_so_in_one_line_and_the_next_goes_on(
    new_database: NewDatabase, tmp_path: Path, killed_at: str
) -> None:
    url = new_database()
    migrate(CATALOG, url)
    dataset = write_dataset(tmp_path / "two", TWO_SONGS)
    arguments = [sys.executable, "-c", INTERRUPTED, url, str(dataset), killed_at]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 130
    goes_on = "the next load of this dataset goes on from here"
    assert done.stderr == f"segue-catalog: stopped; {goes_on}\n"
    assert done.stdout == ""
    assert main(["load", "--url", url, str(dataset)]) == 0


def test_the_line_of_progress_tells_rate_and_time_left() -> None:
    terminal, now = io.StringIO(), [0.0]
    line = ProgressLine(terminal, lambda: now[0])
    for second, report in (
        (2.0, ("artists", 5_000, 5_000)),
        (2.5, ("songs", 1_000, 9_000)),
        (2.55, ("songs", 2_000, 9_000)),
        (3.0, ("songs", 4_000, 9_000)),
        (4.0, ("songs", 9_000, 9_000)),
        (4.0, ("swap", 0, 1)),
    ):
        now[0] = second
        line(*report)
    assert terminal.getvalue().split("\r\x1b[K")[1:] == [
        "artists: 5,000 of 5,000 in 2.0 s\n",
        "songs: 1,000 of 9,000, 2,000 a second, 4 s left",
        "songs: 4,000 of 9,000, 4,000 a second, 1 s left",
        "songs: 9,000 of 9,000 in 2.0 s\n",
        "swap: 0 of 1",
    ]
