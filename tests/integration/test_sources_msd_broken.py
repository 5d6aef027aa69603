"""Broken files beside good ones: no good song is lost, and whatever is broken is set aside."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import h5py
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msd_files import cut_off, song, with_unusual_numbers, with_zeros, write_aggregate, write_song
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.shards import cut, remember
from segue_model.ingest.source import Unit
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.sources.msd_hdf5 import read_songs
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Track

GOOD = [f"TRAAAA{at}" for at in range(5)]

# In a process of its own, because a damaged file may end the one that reads it.
READ_DAMAGED = """
    import sys
    from collections import Counter
    from pathlib import Path
    from segue_model.ingest.source import Unit
    from segue_model.ingest.sources.msd_hdf5 import read_songs
    from segue_model.ingest.storage import Folder
    folder = Path(sys.argv[1])
    for path in sorted(folder.iterdir()):
        found = list(read_songs(Folder(str(folder)), Unit(path.name, path.stat().st_size, "")))
        print(path.name, len(found), *(type(each).__name__ for each in found))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "msd"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_song(tmp_path_factory.mktemp("whole"), "TRWHOLE").read_bytes()


def read(folder: Path) -> list[Track | Rejected]:
    source = MsdSource(str(folder))
    return [found for unit in source.units() for found in source.read(unit)]


def read_bytes(content: bytes) -> list[Track | Rejected]:
    with tempfile.TemporaryDirectory() as place:
        Path(place, "x.h5").write_bytes(content)
        return list(read_songs(Folder(place), Unit("x.h5", len(content), "")))


def read_apart(folder: Path) -> list[str]:
    """Return what a process says of each file of a folder: its name, how many songs, which."""
    command = [sys.executable, "-c", dedent(READ_DAMAGED), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr[-2_000:]
    return done.stdout.splitlines()


def damaged(whole: bytes, number: int) -> Iterator[bytes]:
    """Yield the file with a bit turned, bytes overwritten or bytes moved, somewhere."""
    chance = random.Random(number)
    for _ in range(number):
        content, at = bytearray(whole), chance.randrange(len(whole) - 64)
        match chance.randrange(3):
            case 0:
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                content[at : at + 8] = chance.randbytes(8)
            case _:
                other = chance.randrange(len(whole) - 64)
                content[at : at + 64] = whole[other : other + 64]
        yield bytes(content)


def test_no_good_song_is_lost_among_files_that_are_broken_in_every_way(
    folder: Path, whole: bytes
) -> None:
    for track in GOOD:
        write_song(folder, track)
    write_aggregate(folder / "many.h5", [song(f"TRMANY{at}") for at in range(9)])
    broken = {f"A/cut{at:02}.h5": content for at, content in enumerate(cut_off(whole))}
    broken |= {
        "A/text.h5": b"TRACK\tSONG\n" * 99,
        "A/nothing.h5": b"",
        "A/zeros.h5": bytes(len(whole)),
        "A/signature.h5": whole[:8],
        "A/late.h5": b"\n" + whole,
    }
    for path, content in broken.items():
        folder.joinpath(path).write_bytes(content)
    folder.joinpath("A", "dangling.h5").symlink_to(folder / "nowhere.h5")
    folder.joinpath("A", "other.h5").symlink_to(folder / "B", target_is_directory=True)
    write_song(folder / "directory.h5", "TRINSIDE")
    found = read(folder)
    tracks = [each.msd_track_id for each in found if isinstance(each, Track)]
    assert sorted(tracks) == [*GOOD, "TRINSIDE", *(f"TRMANY{at}" for at in range(9))]
    bad = [each for each in found if isinstance(each, Rejected)]
    assert {each.path for each in bad} == broken.keys() | {"A/dangling.h5", "A/other.h5"}
    assert {(each.row, each.reason) for each in bad} == {(None, Reason.UNREADABLE)}
    assert len(bad) == len(broken) + 2
    assert not any(str(folder) in each.detail for each in bad)
    assert {each.path: each.detail for each in bad}["A/dangling.h5"] == "No such file or directory"


def test_a_file_that_may_not_be_read_is_set_aside(whole: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "open.h5").write_bytes(whole)
        (folder / "shut.h5").write_bytes(whole)
        (folder / "shut.h5").chmod(0)
        try:
            # Whoever runs everything may read everything.
            if os.geteuid() == 0:
                os.seteuid(65_534)
            good, bad = read(folder)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
    assert isinstance(good, Track)
    assert isinstance(bad, Rejected)
    assert (bad.path, bad.reason) == ("shut.h5", Reason.UNREADABLE)


@pytest.mark.parametrize("length", [16, 256, 2_048])
def test_a_file_with_a_hole_is_a_song_or_set_aside(folder: Path, whole: bytes, length: int) -> None:
    folder.mkdir()
    for at, content in enumerate(with_zeros(whole, length)):
        (folder / f"{at:02}.h5").write_bytes(content)
    lines = read_apart(folder)
    assert [line.split()[:2] for line in lines] == [[f"{at:02}.h5", "1"] for at in range(50)]
    assert {line.split()[2] for line in lines} == {"Track", "Rejected"}


def test_no_damage_ends_the_process_that_reads(folder: Path, whole: bytes) -> None:
    folder.mkdir()
    for at, content in enumerate(damaged(whole, 600)):
        (folder / f"{at:03}.h5").write_bytes(content)
    lines = read_apart(folder)
    assert len(lines) == 600
    assert {line.split()[2] for line in lines} == {"Track", "Rejected"}


def test_numbers_that_need_more_room_than_they_have_do_no_harm(folder: Path, whole: bytes) -> None:
    """Rows of such numbers, read as they are, would be written behind the end of their array."""
    folder.mkdir()
    for at in range(20):
        (folder / f"{at}.h5").write_bytes(with_unusual_numbers(whole))
    assert len(read_apart(folder)) == 20


def test_numbers_that_are_not_needed_may_be_damaged(whole: bytes) -> None:
    (found,) = read_bytes(with_unusual_numbers(whole, b"song_hotttnesss"))
    assert isinstance(found, Track)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_anywhere_is_set_aside(whole: bytes, share: float) -> None:
    (bad,) = read_bytes(whole[: int(len(whole) * share)])
    assert isinstance(bad, Rejected)
    assert (bad.row, bad.reason) == (None, Reason.UNREADABLE)


def test_real_files_that_are_damaged_are_songs_or_set_aside(real_data: Path, folder: Path) -> None:
    folder.mkdir()
    paths = sorted((real_data / "h5").rglob("*.h5"))
    for at, path in enumerate(paths[:60]):
        contents = [*damaged(path.read_bytes(), at + 2)][-2:]
        for number, content in enumerate(contents):
            (folder / f"{at:03}-{number}.h5").write_bytes(content)
        (folder / f"{at:03}-cut.h5").write_bytes(
            path.read_bytes()[: path.stat().st_size * at // 60]
        )
    lines = read_apart(folder)
    assert {line.split()[1] for line in lines} == {"1"}
    assert {line.split()[2] for line in lines if "cut" in line} == {"Rejected"}
    assert len(lines) == 180


def test_a_part_without_any_space_for_values_is_set_aside(folder: Path) -> None:
    path = write_song(folder, "TRNULL")
    with h5py.File(path, "r+") as file:
        del file["metadata/artist_terms"]
        file["metadata/artist_terms"] = h5py.Empty("S256")
    (bad,) = read(folder)
    assert isinstance(bad, Rejected)
    assert (bad.row, bad.reason) == (None, Reason.SCHEMA)


def test_files_whose_names_are_no_utf_8_are_set_aside(folder: Path, whole: bytes) -> None:
    write_song(folder, GOOD[0])
    odd = os.fsencode(folder) + b"/\xff"
    Path(os.fsdecode(odd)).mkdir()
    for name in (b"x.h5", b"sid_mismatches.txt", b"notes.txt"):
        Path(os.fsdecode(odd + b"/" + name)).write_bytes(whole)
    found = read(folder)
    bad = [(e.path, e.row, e.reason) for e in found if isinstance(e, Rejected)]
    assert bad == [
        ("\\xff/sid_mismatches.txt", None, Reason.ENCODING),
        ("\\xff/x.h5", None, Reason.ENCODING),
    ]
    assert [each.msd_track_id for each in found if isinstance(each, Track)] == [GOOD[0]]
    units = MsdSource(str(folder)).units()
    remember(Folder(str(folder / "work")), cut(MsdSource(str(folder)), units, []))


def test_numbers_that_no_song_has_cost_that_song_only(folder: Path) -> None:
    write_song(folder, "TRLONG", time_signature=2**31 - 1)
    write_song(folder, "TRFAST", tempo=1e38)
    write_song(folder, "TRBLANK", artist_name="  ")
    write_song(folder, GOOD[0], time_signature=0, loudness=-1000.0)
    found = read(folder)
    reasons = [each.reason for each in found if isinstance(each, Rejected)]
    assert sorted(reasons) == [Reason.EMPTY, Reason.OUT_OF_RANGE, Reason.OUT_OF_RANGE]
    assert [each.msd_track_id for each in found if isinstance(each, Track)] == [GOOD[0]]
