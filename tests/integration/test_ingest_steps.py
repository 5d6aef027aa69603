"""The steps of the pipeline over real files: what becomes of songs, and of runs cut short."""

import json
import os
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow.parquet as pq
import pytest

from ingest_steps import do_steps, make, run_of
from msd_files import write_song
from pipeline_use import digests
from segue_model.data.dataset import Dataset, read_dataset
from segue_model.data.errors import DatasetError
from segue_model.data.synthetic import synthetic_dataset
from segue_model.ingest import job, plan, planning
from segue_model.ingest.job import Limit
from segue_model.ingest.run import Run
from segue_model.ingest.sources.msd import MsdSource
from segue_model.ingest.sources.synthetic import SyntheticSource
from segue_model.ingest.sources.table import TableSource
from segue_model.ingest.storage import Folder

LISTENS = "taste_profile_msd10k_songs.tsv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def made(folder: Path) -> Dataset:
    output = folder.parent / "dataset"
    make(run_of(MsdSource(str(folder)), output))
    return read_dataset(output)


def genres(dataset: Dataset, row: int) -> list[str]:
    names = dict(zip(dataset.genres.ids.tolist(), dataset.genres.names, strict=True))
    return [names[genre] for genre in dataset.songs.genres[row].tolist()]


def test_an_artist_under_two_names_is_two_and_a_release_of_one_title_is_one_album(
    folder: Path,
) -> None:
    write_song(folder, "TRA", artist_name="Prince", artist_id="AR1")
    write_song(folder, "TRB", artist_name="The Artist", artist_id="AR1")
    write_song(folder, "TRC", artist_name="Prince", artist_id="AR1")

    dataset = made(folder)

    assert list(dataset.artists.names) == ["Prince", "The Artist"]
    assert list(dataset.artists.msd_artist_ids) == ["AR1", "AR1"]
    assert dataset.songs.artists.tolist() == [1, 2, 1]
    assert list(dataset.albums.titles) == ["Débuts"]
    assert dataset.albums.artists.tolist() == [1]


def test_a_song_without_a_release_has_no_album(folder: Path) -> None:
    write_song(folder, "TRA", release="")

    dataset = made(folder)

    assert dataset.songs.albums.tolist() == [0]
    assert not len(dataset.albums.ids)


def test_genres_are_labels_then_the_terms_that_name_one(folder: Path) -> None:
    write_song(folder, "TRA", terms=["male vocalist", "indie rock", "folk"], weights=[3, 2, 1])
    write_song(folder, "TRB", artist_id="AR2", terms=["folk"], weights=[1])
    (folder / "msd_tagtraum_cd1.cls").write_text("#made up\nTRA\tPop_Rock\tRnB\n")

    dataset = made(folder)

    assert genres(dataset, 0) == ["pop rock", "r&b", "indie rock", "folk"]
    assert genres(dataset, 1) == ["folk"]


def test_genres_that_differ_in_case_are_one_spelled_as_most_spell_it(folder: Path) -> None:
    (folder / "songs.csv").write_text(
        "title,artist,genres\nA,X,Jazz\nB,X,jazz|Jazz\nC,X,jazz\n", "utf-8"
    )
    make(run_of(TableSource(str(folder)), folder.parent / "dataset"))

    dataset = read_dataset(folder.parent / "dataset")

    assert list(dataset.genres.names) == ["jazz"]
    assert [dataset.songs.genres[row].tolist() for row in range(3)] == [[1], [1], [1]]


def test_popularity_is_counted_in_listens_of_songs_that_are_here_and_meant(folder: Path) -> None:
    for track in ("TRA", "TRB", "TRC"):
        write_song(folder, track, song_id=f"SO{track[2]}")
    (folder / LISTENS).write_text("u1\tSOA\t2\nu2\tSOA\t1\nu2\tSOB\t1\nu3\tSOC\t1\nu3\tSOX\t1\n")
    (folder / "sid_mismatches.txt").write_text("ERROR: <SOC TRC> another != song\n")

    outcome = make(run_of(MsdSource(str(folder)), folder.parent / "dataset"))
    dataset = read_dataset(folder.parent / "dataset")

    assert dataset.songs.popularity.tolist() == [1.0, 0.5, 0.0]
    assert outcome.strangers == 2
    assert outcome.counts["listeners"] == 2


def test_popularity_is_the_tables_own_where_there_are_no_listens(folder: Path) -> None:
    (folder / "songs.csv").write_text("title,artist,popularity\nA,X,0.5\nB,X,\n", "utf-8")
    make(run_of(TableSource(str(folder)), folder.parent / "dataset"))

    assert read_dataset(folder.parent / "dataset").songs.popularity.tolist() == [0.5, 0.0]


def test_what_is_unknown_stays_unknown(folder: Path) -> None:
    write_song(folder, "TRA", year=0, tempo=0.0, title="")
    write_song(folder, "TRB")

    dataset = made(folder)

    assert dataset.songs.years.tolist() == [0, 1999]
    np.testing.assert_equal(dataset.songs.tempos, np.array([np.nan, 120.5], np.float32))
    assert dataset.songs.titles[0] == ""


def test_a_table_stands_in_for_a_file_that_is_broken(real_data: Path, folder: Path) -> None:
    for name in ("MsdSongAddedFeatures.csv", "subset_unique_tracks.txt"):
        (folder / name).symlink_to(real_data / "catalogue" / name)
    path = next(iter(sorted((real_data / "h5").rglob("*.h5"))))
    (folder / path.name).write_bytes(path.read_bytes()[:2000])

    dataset = made(folder)

    with (folder.parent / "dataset/rejected/rejected.csv").open() as stream:
        assert f"{path.name},,unreadable" in stream.read()
    assert path.stem in set(dataset.songs.msd_track_ids)


def test_the_pipeline_makes_of_synthetic_songs_what_they_are(tmp_path: Path) -> None:
    source = SyntheticSource(str(tmp_path / "raw"), 500, 60, 3)
    make(run_of(source, tmp_path / "dataset"))

    dataset, expected = read_dataset(tmp_path / "dataset"), synthetic_dataset(500, 60, 3)

    assert list(dataset.songs.titles) == list(expected.songs.titles)
    assert dataset.songs.years.tolist() == expected.songs.years.tolist()
    np.testing.assert_equal(dataset.songs.tempos, expected.songs.tempos)
    names = dataset.artists.names[dataset.songs.artists - 1]
    assert list(names) == list(expected.artists.names[expected.songs.artists - 1])
    assert dataset.songs.popularity.tolist() == expected.songs.popularity.tolist()
    assert dataset.listens.plays.tolist() == expected.listens.plays.tolist()
    assert genres(dataset, 7) == genres(expected, 7)


def test_songs_that_get_old_ids_in_another_order_keep_all_that_is_theirs(folder: Path) -> None:
    tracks = [f"TR{letter}" for letter in "MBZADKC"]
    for track in tracks[:3]:
        write_song(folder, track, title=track, tempo=60.0 + ord(track[2]))
    made(folder)
    for track in tracks[3:]:
        write_song(folder, track, title=track, tempo=60.0 + ord(track[2]))

    dataset = made(folder)

    assert list(dataset.songs.titles) == ["TRB", "TRM", "TRZ", "TRA", "TRC", "TRD", "TRK"]
    expected = [60.0 + ord(title[2]) for title in dataset.songs.titles]
    assert dataset.songs.tempos.tolist() == expected
    features = pq.read_table(folder.parent / "dataset/features.parquet")
    assert features["song_id"].to_pylist() == dataset.songs.ids.tolist()
    np.testing.assert_array_equal(
        features[dataset.features.columns[0]], dataset.features.values[:, 0]
    )
    again = run_of(MsdSource(str(folder)), folder.parent / "dataset", renumber=True)
    make(again)
    assert list(read_dataset(folder.parent / "dataset").songs.titles) == sorted(tracks)


def test_a_changed_file_is_read_again_and_keeps_its_id(folder: Path) -> None:
    write_song(folder, "TRA", title="Old")
    write_song(folder, "TRB")
    made(folder)
    write_song(folder, "TRA", title="Newer")

    assert list(made(folder).songs.titles) == ["Newer", "One"]


def test_many_parts_make_what_one_makes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        write_song(folder, f"TR{number:02}", artist_id=f"AR{number % 7}", year=1960 + number)
    one = made(folder)
    for module in (job, plan, planning):
        if hasattr(module, "PART"):
            monkeypatch.setattr(module, "PART", 4)
    monkeypatch.setattr("segue_model.ingest.digest.code_digest", lambda: "as if edited")
    many = made(folder)

    assert list(many.songs.titles) == list(one.songs.titles)
    np.testing.assert_allclose(many.features.values, one.features.values, atol=2e-5)


def test_nothing_usable_and_too_much_unusable_are_told_with_the_first_reason(folder: Path) -> None:
    (folder / "a.h5").write_bytes(b"no song")
    with pytest.raises(DatasetError, match=r"no song can be used; 1 set aside, the first: a\.h5: "):
        made(folder)
    write_song(folder, "TRA")
    with pytest.raises(DatasetError, match=r"1 files and rows were set aside, more than 0"):
        make(
            run_of(
                MsdSource(str(folder)), folder.parent / "dataset", limit=Limit(0, is_share=False)
            )
        )


class Killed(BaseException):
    """What stands for a kill: nothing that code would catch."""


def killed(run: Run) -> None:
    """Do a run that is cut off."""
    with pytest.raises(Killed):
        make(run)


class Writes:
    """Counts what the work folder takes, and ends the run at the one after `last`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: int = sys.maxsize) -> None:
        self.number = 0
        whole = Folder.write

        def write(folder: Folder, path: str, content: bytes) -> None:
            self.number += 1
            if self.number > last:
                # What a kill leaves of a file is under another name.
                whole(folder, f"{path}.1.partial", content[: len(content) // 2])
                raise Killed
            whole(folder, path, content)

        monkeypatch.setattr(Folder, "write", write)


@pytest.fixture
def few(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MsdSource:
    """Songs in several shards and parts, a bad file, listens."""
    for number in range(20):
        write_song(folder, f"TR{number:02}", artist_id=f"AR{number % 7}")
    (folder / "bad.h5").write_bytes(b"no song")
    (folder / LISTENS).write_text("u1\tSO01\t2\nu2\tSO02\t1\n")
    monkeypatch.setattr("segue_model.ingest.shards.SONGS_OF_A_SHARD", 8)
    for module in (job, plan, planning):
        if hasattr(module, "PART"):
            monkeypatch.setattr(module, "PART", 8)
    return MsdSource(str(folder))


def test_wherever_a_run_is_cut_off_the_next_one_ends_as_if_it_were_not(
    few: MsdSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        writes = Writes(patched)
        make(run_of(few, tmp_path / "whole"))
    expected = digests(tmp_path / "whole")

    for last in range(writes.number):
        output = tmp_path / f"cut-{last}"
        with monkeypatch.context() as patched:
            Writes(patched, last)
            killed(run_of(few, output))
        assert not output.exists()
        make(run_of(few, output))
        assert digests(output) == expected, f"after {last} of {writes.number} writes"


@pytest.mark.parametrize(
    "place",
    [
        "segue_model.ingest.assembling.write_manifest",
        "segue_model.ingest.assembling.write_report",
        "segue_model.ingest.assembling.pq.ParquetWriter",
        "segue_model.ingest.publishing.shutil.copytree",
        "segue_model.data.replacing._swap",
        "segue_model.ingest.storage.Folder.remove",
    ],
)
def test_cut_off_in_assembling_or_publishing_it_is_the_same(
    few: MsdSource, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise Killed

    make(run_of(few, tmp_path / "whole"))
    expected = digests(tmp_path / "whole")
    for output in (tmp_path / "new", tmp_path / "whole"):
        with monkeypatch.context() as patched:
            patched.setattr(place, kill)
            killed(run_of(few, output))
        assert not output.exists() or digests(output) == expected
        make(run_of(few, output))
        assert digests(output) == expected


def test_a_publish_to_a_bucket_that_is_cut_off_is_done_again_under_the_same_ids(
    few: MsdSource, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Folder(f"memory://{tmp_path.name}/dataset")

    def bucket_run() -> Run:
        return replace(run_of(MsdSource(str(folder)), tmp_path / "local"), output=bucket)

    make(bucket_run())
    before = bucket.read_table("ids.parquet")
    write_song(folder, "TR00A")
    for paths_copied in range(4):
        with monkeypatch.context() as patched:
            _copy_only(patched, paths_copied)
            killed(bucket_run())
        assert not bucket.exists("dataset.json")
        assert bucket.exists("ids.parquet")
    make(bucket_run())

    after = bucket.read_table("ids.parquet")
    assert set(map(str, before.to_pylist())) < set(map(str, after.to_pylist()))
    assert not bucket.exists(".publishing")


def _copy_only(monkeypatch: pytest.MonkeyPatch, paths: int) -> None:
    left = iter(range(paths))
    whole = Folder.writing

    def writing(folder: Folder, path: str) -> AbstractContextManager[BinaryIO]:
        if next(left, None) is None:
            raise Killed
        return whole(folder, path)

    monkeypatch.setattr(Folder, "writing", writing)


def test_other_listens_make_another_dataset_of_the_same_work(
    few: MsdSource, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "dataset"
    make(run_of(few, tmp_path / "first"))
    run = run_of(few, output)
    do_steps(run.job, run.prepare().shards)
    (folder / LISTENS).write_text("u1\tSO01\t7\n")
    make(run_of(few, output))

    assert read_dataset(output).listens.plays.tolist() == [7]


def test_another_input_of_the_same_names_is_read_anew(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = write_song(tmp_path / name, "TRA", title=name)
        os.utime(path, (1, 1))
        make(run_of(MsdSource(str(tmp_path / name)), tmp_path / "dataset"))
        assert list(read_dataset(tmp_path / "dataset").songs.titles) == [name]


def test_ids_that_cannot_be_kept_are_not_given_anew_in_silence(folder: Path) -> None:
    write_song(folder, "TRA")
    made(folder)
    registry = folder.parent / "dataset/ids.parquet"
    registry.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"ids\.parquet cannot be read.*--renumber"):
        made(folder)
    registry.unlink()
    with pytest.raises(DatasetError, match=r"no ids\.parquet.*--renumber"):
        made(folder)
    make(run_of(MsdSource(str(folder)), folder.parent / "dataset", renumber=True))


def test_too_many_bad_listens_are_too_many(folder: Path) -> None:
    write_song(folder, "TRA")
    (folder / LISTENS).write_text("u1\tSOA\t2\nno listen\n")
    limit = Limit(0.4, is_share=True)
    with pytest.raises(DatasetError, match=r"1 of 2 rows are no triplets, more than 40%"):
        make(run_of(MsdSource(str(folder)), folder.parent / "dataset", limit=limit))


def test_the_list_of_what_is_bad_is_there_when_it_was_too_much(folder: Path) -> None:
    write_song(folder, "TRA")
    (folder / "bad.h5").write_bytes(b"no song")
    limit = Limit(0, is_share=False)
    with pytest.raises(DatasetError) as raised:
        make(run_of(MsdSource(str(folder)), folder.parent / "dataset", limit=limit))

    listed = folder.parent / "dataset.work/rejected.csv"
    assert str(listed) in raised.value.reason
    assert "bad.h5,,unreadable" in listed.read_text()


def test_the_manifest_tells_the_source_and_not_where_it_lies(folder: Path) -> None:
    write_song(folder, "TRA")
    made(folder)

    manifest = json.loads((folder.parent / "dataset/dataset.json").read_text())

    assert manifest["source"]["kind"] == "msd"
    assert manifest["source"]["hdf5_files"] == 1
    assert str(folder) not in json.dumps(manifest)
    for path in (folder.parent / "dataset").rglob("*"):
        if path.is_file():
            assert str(folder).encode() not in path.read_bytes()


def test_genres_stand_for_the_terms_of_an_artist_without_any(folder: Path) -> None:
    rows = ["A,X,jazz", "B,Y,jazz|soul", "C,Z,metal", "D,V,metal"]
    (folder / "songs.csv").write_text("\n".join(["title,artist,genres", *rows, ""]), "utf-8")
    make(run_of(TableSource(str(folder)), folder.parent / "dataset"))

    features = read_dataset(folder.parent / "dataset").features
    terms = features.values[:, [name.startswith("term_") for name in features.columns]]
    alike = terms @ terms.T

    assert alike[0, 1] > alike[0, 2]
    assert alike[2, 3] > alike[1, 2]
