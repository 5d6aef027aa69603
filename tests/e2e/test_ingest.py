"""The data pipeline from raw files to the dataset folder: repeated, extended, killed, refused."""

import csv
import os
import random
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import TimeoutExpired, run

import h5py
import pyarrow.parquet as pq
import pytest

from conftest import not_installed
from msd_files import track_path, write_song
from pipeline_use import digests, failure, ingest, is_installed, start
from segue_model.data.dataset import read_dataset

SONGS = 800
KILLS = 5


@pytest.fixture(scope="module", autouse=True)
def _pipeline() -> None:
    if not is_installed():
        not_installed("the data pipeline")


def track_id(number: int) -> str:
    return f"TR{chr(65 + number % 26)}{chr(65 + number // 26 % 26)}{number:014}"


def write_songs(folder: Path, numbers: range) -> None:
    for number in numbers:
        write_song(
            folder,
            track_id(number),
            title=f"Song {number}",
            artist_id=f"AR{number % 40}",
            artist_name=f"Artist {number % 40}",
            release_7digitalid=number % 120,
            year=1960 + number % 60 if number % 3 else 0,
            tempo=60.0 + number % 120,
            terms=[f"term {number % 40 % 7}", "rock" if number % 2 else "folk"],
        )


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Song files, some of them bad, and listens."""
    folder = tmp_path_factory.mktemp("songs")
    write_songs(folder, range(SONGS))
    whole = track_path(folder, track_id(1)).read_bytes()
    (folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
    (folder / "none.h5").write_bytes(b"")
    write_song(folder, "TRNANANANANANANANA", tempo=float("nan"))
    write_song(folder, "TRZZZZZZZZZZZZZZZZ", song_id=f"SO{track_id(3)[2:]}")
    rng = random.Random(1)
    pairs = {(rng.randrange(90), rng.randrange(SONGS)) for _ in range(3_000)}
    lines = [f"u{user}\tSO{track_id(song)[2:]}\t{user % 3 + 1}\n" for user, song in sorted(pairs)]
    (folder / "taste_profile_msd10k_songs.tsv").write_text("".join(lines))
    return folder


@pytest.fixture(scope="module")
def made(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed run with one process makes of them."""
    output = tmp_path_factory.mktemp("made") / "dataset"
    ingest("msd", output, "--input", str(songs), "--workers", "1")
    return output


def rejected(folder: Path) -> list[tuple[str, str]]:
    with (folder / "rejected/rejected.csv").open(newline="", encoding="utf-8") as stream:
        return [(Path(row["path"]).name, row["reason"]) for row in csv.DictReader(stream)]


def test_no_good_song_is_lost_and_every_bad_file_is_named(made: Path) -> None:
    dataset = read_dataset(made)

    assert sorted(dataset.songs.titles) == sorted(f"Song {number}" for number in range(SONGS))
    assert sorted(rejected(made)) == [
        ("TRNANANANANANANANA.h5", "not_finite"),
        ("TRZZZZZZZZZZZZZZZZ.h5", "duplicate_song"),
        ("cut.h5", "unreadable"),
        ("none.h5", "unreadable"),
    ]


def test_two_processes_make_the_same_bytes_as_one(songs: Path, made: Path, tmp_path: Path) -> None:
    ingest("msd", tmp_path / "dataset", "--input", str(songs), "--workers", "2")

    assert digests(tmp_path / "dataset") == digests(made)


def test_the_same_again_makes_the_same_bytes_and_reads_nothing_anew(
    songs: Path, tmp_path: Path
) -> None:
    output = tmp_path / "dataset"
    options = ("--input", str(songs), "--workers", "1")
    ingest("msd", output, *options)
    before, read = digests(output), _stamps(tmp_path / "dataset.work/read")
    ingest("msd", output, *options)

    assert digests(output) == before
    assert _stamps(tmp_path / "dataset.work/read") == read


def _stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_new_files_renumber_no_old_song(tmp_path: Path) -> None:
    folder, output = tmp_path / "songs", tmp_path / "dataset"
    write_songs(folder, range(0, 60, 2))
    ingest("msd", output, "--input", str(folder), "--workers", "1")
    before = _ids(output)
    write_songs(folder, range(1, 60, 2))
    gone = track_path(folder, track_id(4))
    gone.unlink()
    ingest("msd", output, "--input", str(folder), "--workers", "1")

    after = _ids(output)
    assert len(after) == 59
    lost = before.pop(f"SO{track_id(4)[2:]}")
    assert {song: after[song] for song in before} == before
    assert lost not in after.values()
    assert len(set(after.values())) == len(after)


def _ids(folder: Path) -> dict[str, int]:
    songs = read_dataset(folder).songs
    return dict(zip(songs.msd_song_ids, songs.ids.tolist(), strict=True))


def test_a_run_killed_again_and_again_ends_as_one_left_in_peace(
    songs: Path, made: Path, tmp_path: Path
) -> None:
    output, rng = tmp_path / "dataset", random.Random(7)
    killed = 0
    for _ in range(KILLS):
        process = start("msd", output, "--input", str(songs), "--workers", "2")
        try:
            process.communicate(timeout=rng.uniform(3, 14))
        except TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            killed += 1
        if output.exists():
            assert digests(output) == digests(made)
    ingest("msd", output, "--input", str(songs), "--workers", "2")

    assert killed
    assert digests(output) == digests(made)


def test_too_many_bad_files_fail_the_run_and_leave_the_older_dataset(
    songs: Path, made: Path, tmp_path: Path
) -> None:
    output = tmp_path / "dataset"
    shutil.copytree(made, output)
    errors = failure("msd", output, "--input", str(songs), "--max-rejected", "2")

    assert "3 files and rows were set aside, more than 2" in errors
    assert digests(output) == digests(made)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--input", "nowhere"), "nowhere: no such folder"),
        (("--input", ".", "--max-rejcted", "5"), "No such option, here or in Beam: --max-rejcted"),
        (("--input", ".", "--max-rejected", "few"), "'few' is neither a number nor a percentage"),
        ((), "--input: this source needs it"),
        (("--input", ".", "--songs", "5"), "--source msd does not take --songs"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    options: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    assert expected in failure("msd", tmp_path / "dataset", *options)


def test_without_beam_it_is_said_where_it_is(songs: Path, tmp_path: Path) -> None:
    output = str(tmp_path / "dataset")
    command = ("-m", "segue_model", "ingest", "--source", "msd", "--input", str(songs))
    done = run(
        (sys.executable, *command, "--output", output), capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "make pipeline" in done.stderr


def song_files(real_data: Path) -> Iterator[h5py.File]:
    for path in sorted((real_data / "h5").rglob("*.h5")):
        with h5py.File(path) as file:
            yield file


def test_the_real_songs_are_told_as_their_files_tell_them(real_data: Path, tmp_path: Path) -> None:
    output = tmp_path / "dataset"
    ingest("msd", output, "--input", str(real_data))

    read_dataset(output)
    table = pq.read_table(output / "tracks.parquet")
    told = {row["msd_track_id"]: row for row in table.to_pylist()}
    files = 0
    for file in song_files(real_data):
        metadata, analysis = file["metadata/songs"][0], file["analysis/songs"][0]
        song = told[analysis["track_id"].decode()]
        assert song["title"] == metadata["title"].decode()
        assert song["artist"] == metadata["artist_name"].decode()
        assert song["tempo"] == (analysis["tempo"] or None)
        assert song["loudness"] == analysis["loudness"]
        assert song["year"] == (file["musicbrainz/songs"][0]["year"] or None)
        files += 1
    assert files == 113
    assert (output / "report.html").stat().st_size
