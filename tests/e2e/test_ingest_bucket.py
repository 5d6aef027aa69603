"""The data pipeline with songs, work and dataset in a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import not_installed
from gcs import SERVER, Bucket
from msd_files import write_song
from pipeline_use import digests, ingest, is_installed
from segue_model.data.dataset import read_dataset

# HDF5 words an error by how the file was opened.
TELLS_OF_ERRORS = ("rejected/rejected.csv", "report.html")
TRACKS = [f"TR{letter}AAAAAAAAAAAAAAA" for letter in "ABCDEFGH"]


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    if not is_installed():
        not_installed("the data pipeline")
    if SERVER is None:
        not_installed("fake-gcs-server")
    bucket = Bucket("songs")
    yield bucket
    bucket.close()


def test_a_bucket_holds_in_the_end_what_a_folder_would(bucket: Bucket, tmp_path: Path) -> None:
    for track in TRACKS:
        path = write_song(tmp_path / "raw", track, title=track, artist_name=f"Artist {track[2]}")
        bucket.put(f"raw/{path.relative_to(tmp_path / 'raw')}", path.read_bytes())
    bucket.put("raw/cut.h5", path.read_bytes()[:1000])
    (tmp_path / "raw/cut.h5").write_bytes(path.read_bytes()[:1000])
    limit = ("--max-rejected", "1")
    ingest("msd", tmp_path / "dataset", "--input", str(tmp_path / "raw"), *limit)

    there = ("--input", f"{bucket.url}/raw", *limit)
    ingest("msd", f"{bucket.url}/made", *there, env=bucket.environment)

    for name in bucket.paths("made/"):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(bucket.get(name))
    assert sorted(read_dataset(tmp_path / "made").songs.titles) == TRACKS
    made, expected = digests(tmp_path / "made"), digests(tmp_path / "dataset")
    assert made.keys() == expected.keys()
    assert {n: made[n] for n in made if n not in TELLS_OF_ERRORS} == {
        n: expected[n] for n in expected if n not in TELLS_OF_ERRORS
    }
    assert b"cut.h5,,unreadable" in bucket.get("made/rejected/rejected.csv")
