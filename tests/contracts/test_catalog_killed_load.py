"""Loads that are killed at any moment, and what readers see of the catalog meanwhile."""

import multiprocessing
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, inspect, select
from sqlalchemy.exc import OperationalError

from catalog_dataset import SongRow, Songs, write_dataset
from catalog_use import ONE_SONG, contents, filled
from mariadb import MariaDB
from segue_server.catalog import load as module
from segue_server.catalog.dataset import DatasetError
from segue_server.catalog.load import load
from segue_server.catalog.part import CATALOG
from segue_server.catalog.schema import catalog_info, load_step, song, song_genre, song_text, word
from segue_server.domain.errors import CatalogUnavailable
from segue_server.sql.migrate import migrate

NewDatabase = Callable[[], str]
State = tuple[object, ...]

# A load in small steps, which says before each what it has come to.
LOAD = """
import sys
from pathlib import Path
from segue_server.catalog import load

load.CHUNK, load.CHUNKS_A_STEP = 10, 3

def tell(kind, done, total):
    print(kind, flush=True)

load.load(sys.argv[1], Path(sys.argv[2]), progress=tell)
"""

# Behind how many lines of which kind to kill: everywhere among the rows, then where it is tight.
KILLS = (
    *(("artists", 2), ("songs", 3), ("songs", 50), ("song_texts", 9)),
    *(("indexes", 1), ("indexes", 3), ("indexes", 4)),
    *(("swap", 1), ("swap", 1), ("swap", 2)),
)

# What MySQL and MariaDB tell a reader that is in the way of a swap: to ask again.
ASK_AGAIN = {1213, 1412}

WORDS = ("love", "night", "Ça va", "the", "rock'n'roll", "o", "zébra", "ß", "1999", "日本")


def many_songs() -> Songs:
    rng = random.Random(5)

    def name() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, 3)))

    songs = [
        SongRow(
            id=n,
            title=name(),
            artist_id=rng.randint(1, 60),
            album_id=rng.choice([None, *range(1, 40)]),
            genre_ids=tuple(rng.sample((1, 2, 3), rng.randint(0, 3))),
            popularity=rng.choice([0.0, 0.25, rng.random()]),
        )
        for n in range(1, 701)
    ]
    artists = {n: f"{name()} {n}" for n in range(1, 61)}
    albums = {n: (name(), rng.randint(1, 60)) for n in range(1, 40)}
    return Songs(songs, artists, albums, {1: "Rock", 2: "Jazz", 3: "Folk"})


MANY = many_songs()


def test_a_load_killed_again_and_again_ends_as_an_undisturbed_one(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    undisturbed = filled(new_database(), tmp_path / "many", MANY)
    url = filled(new_database(), tmp_path / "one", ONE_SONG)
    allowed = {state(create_engine(each)) for each in (url, undisturbed)}
    rng = random.Random(11)
    with watched(url, allowed) as seen:
        for kind, lines in KILLS:
            killed_load(url, tmp_path / "many", (kind, lines), rng.uniform(0.0, 0.02))
        finished_load(url, tmp_path / "many")
    assert contents(url) == contents(undisturbed)
    assert seen == allowed


@pytest.mark.parametrize(
    "at", [("songs", 3), ("songs", 50), ("song_texts", 9), ("words", 1), ("indexes", 2)]
)
def test_a_load_that_is_gone_on_with_makes_what_an_undisturbed_one_makes(
    at: tuple[str, int], new_database: NewDatabase, tmp_path: Path
) -> None:
    undisturbed = filled(new_database(), tmp_path / "many", MANY)
    url = filled(new_database(), tmp_path / "one", ONE_SONG)
    killed_load(url, tmp_path / "many", at, 0.0)
    assert steps(url)
    assert len(contents(url)["song"]) == 1
    finished_load(url, tmp_path / "many")
    assert contents(url) == contents(undisturbed)


def test_a_killed_load_goes_on_where_it_was(new_database: NewDatabase, tmp_path: Path) -> None:
    url = new_database()
    migrate(CATALOG, url)
    many = write_dataset(tmp_path / "many", MANY)
    done: set[str] = set()
    for at in (("songs", 40), ("song_texts", 20), ("indexes", 2)):
        killed_load(url, many, at, 0.0)
        now = steps(url)
        assert now > done
        done = now
    assert "rows" in done
    # What is written is not written again.
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE artist__new SET name = 'Kept' WHERE id = 1")
    engine.dispose()
    finished_load(url, many)
    assert contents(url)["artist"][0][1] == "Kept"
    assert len(contents(url)["song"]) == len(MANY.songs)


def test_a_dataset_changed_behind_its_fingerprint_is_loaded_anew(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = new_database()
    migrate(CATALOG, url)
    many = write_dataset(tmp_path / "many", MANY)
    killed_load(url, many, ("songs", 60), 0.0)
    artists = many / "artists.csv"
    artists.write_text(artists.read_text().replace("1,", "1,Changed ", 1))
    finished_load(url, many)
    assert str(contents(url)["artist"][0][1]).startswith("Changed ")


def test_what_is_left_of_a_load_killed_behind_its_swap_is_dropped_though_nothing_has_changed(
    mariadb: MariaDB, tmp_path: Path
) -> None:
    url = filled(mariadb.create_database("leftovers"), tmp_path / "one", ONE_SONG)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE song__old (id INTEGER)")
        connection.exec_driver_sql("CREATE TABLE of_others__old (id INTEGER)")
    assert not load(url, tmp_path / "one", if_changed=True).changed
    names = inspect(engine).get_table_names()
    engine.dispose()
    assert "song__old" not in names
    assert "of_others__old" in names


def test_a_killed_load_leaves_no_file_and_no_process(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    migrate(CATALOG, url)
    many = write_dataset(tmp_path / "many", MANY)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    killed_load(url, many, ("songs", 30), 0.0)
    assert list(temporary.iterdir()) == []
    until = time.monotonic() + 10
    while readers_of(temporary):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_load_whose_converting_process_dies_ends_and_can_be_gone_on_with(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "CHUNKS_A_STEP", 3)
    url = new_database()
    migrate(CATALOG, url)
    many = write_dataset(tmp_path / "many", MANY)

    def kill(kind: str, done: int, _total: int) -> None:
        if (kind, done) == ("songs", 100):
            for process in multiprocessing.active_children():
                process.kill()
                process.join()

    with pytest.raises(CatalogUnavailable, match="the process that reads the dataset has died"):
        load(url, many, progress=kill)
    assert "songs 0" in steps(url)
    load(url, many)
    assert len(contents(url)["song"]) == len(MANY.songs)
    assert multiprocessing.active_children() == []


def test_what_is_wrong_with_a_dataset_is_said_by_the_process_that_reads_it(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "CHUNKS_A_STEP", 3)
    url = new_database()
    migrate(CATALOG, url)
    many = write_dataset(tmp_path / "many", MANY)
    artists = many / "artists.csv"
    artists.write_text(artists.read_text().replace("\n31,", "\n30,", 1))
    with pytest.raises(DatasetError, match=r"artists\.csv:32: duplicate id 30$"):
        load(url, many)
    assert steps(url) == set()
    assert multiprocessing.active_children() == []


def readers_of(temporary: Path) -> list[str]:
    """Return the processes that were started with this folder for temporary files."""
    found = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={temporary}".encode() in each.read_bytes().split(b"\0"):
                found.append(each.parent.name)
        except OSError:  # it has ended meanwhile
            continue
    return found


def killed_load(url: str, dataset: Path, at: tuple[str, int], delay: float) -> None:
    """Kill a load `delay` seconds after it has said the kind so many times, if it goes so far."""
    kind, lines = at
    command = [sys.executable, "-c", LOAD, url, str(dataset)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines -= line.strip() == kind
            if not lines:
                time.sleep(delay)
                process.kill()
                break
    assert process.returncode in (0, -9)


def finished_load(url: str, dataset: Path) -> None:
    """Load in the same steps as the killed ones, to the end."""
    subprocess.run([sys.executable, "-c", LOAD, url, str(dataset)], check=True, capture_output=True)


def steps(url: str) -> set[str]:
    """Return the steps that are done, once the database has seen that the load was killed."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if not url.startswith("sqlite"):
            lock = "CONCAT('segue-catalog ', MD5(DATABASE()))"
            assert connection.exec_driver_sql(f"SELECT GET_LOCK({lock}, 10)").scalar() == 1
            connection.rollback()
        found = set(connection.scalars(select(load_step.c.step)))
    engine.dispose()
    return found


def state(engine: Engine) -> State:
    """Return, as of one transaction, what tells one catalog from another and from half a one."""
    reads = (
        select(catalog_info.c.fingerprint),
        select(func.count()).select_from(song),
        select(func.count()).select_from(song_genre),
        select(func.max(song_text.c.text)),
        select(func.sum(word.c.songs)),
        select(func.sum(song.c.place * song.c.id)),
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # which the driver of SQLite leaves out
        found = tuple(connection.scalar(each) for each in reads)
    return tuple(str(each) for each in found)


@contextmanager
def watched(url: str, allowed: set[State]) -> Iterator[set[State]]:
    """Look at the catalog all the while; give what has been seen, all of which must be allowed."""
    engine = create_engine(url)
    seen: set[State] = set()
    failures: list[BaseException] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            try:
                seen.add(state(engine))
            except OperationalError as error:
                if error.orig is None or error.orig.args[0] not in ASK_AGAIN:
                    failures.append(error)
            time.sleep(0.001)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
        time.sleep(0.1)
    finally:
        ended.set()
        thread.join()
        engine.dispose()
    assert failures == []
    assert seen <= allowed
