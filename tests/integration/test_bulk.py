"""The Gram matrix of all listeners: counted, killed and gone on with, read, refused."""

import os
import signal
import sys
from pathlib import Path

import click
import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import sparse

from bulk_use import (
    finished,
    here,
    listened_dataset,
    of_pairs,
    stamps,
    start,
    until,
    whole,
)
from conftest import not_installed
from pipeline_use import digests, is_installed
from segue_model.bulk.commands import gram, recommend_all
from segue_model.bulk.errors import BulkError
from segue_model.bulk.gram_blocks import cut
from segue_model.bulk.gram_counting import gram_job
from segue_model.bulk.gram_files import Gram, read_gram
from segue_model.bulk.running import complete
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.errors import DatasetError
from segue_model.data.interactions import interactions_of
from segue_model.ingest.storage import Folder

ENTRIES = 400


def counted(dataset: Dataset, folder: Path, min_listeners: int = 1, entries: int = ENTRIES) -> Gram:
    work, output = Folder(f"{folder}/work"), Folder(f"{folder}/gram")
    complete(gram_job(dataset, min_listeners, entries, work), output, here)
    return read_gram(output)


def truth(dataset: Dataset, min_listeners: int) -> tuple[np.ndarray, sparse.csr_matrix]:
    heard = interactions_of(dataset).binary().astype(np.int32)
    warm = np.asarray(heard.sum(axis=0)).ravel() >= min_listeners
    return dataset.songs.ids[warm], heard[:, warm].T @ heard[:, warm]


@pytest.mark.parametrize("min_listeners", [1, 3])
def test_the_gram_is_x_transposed_x(tmp_path: Path, min_listeners: int) -> None:
    dataset = listened_dataset(150, 120)
    found = counted(dataset, tmp_path, min_listeners)
    songs, expected = truth(dataset, min_listeners)

    assert found.songs.tolist() == songs.tolist()
    assert (whole(found) != expected).nnz == 0
    assert all(part.has_sorted_indices for part in found.rows(7))
    assert (found.listeners, found.min_listeners) == (150, min_listeners)


def test_files_hold_the_upper_triangle_in_order_and_no_more_than_asked(tmp_path: Path) -> None:
    counted(listened_dataset(150, 120), tmp_path)
    tables = [pq.read_table(path) for path in sorted((tmp_path / "gram/parts").glob("*.parquet"))]
    pairs = [pair for t in tables for pair in zip(*t.to_pydict().values(), strict=True)]

    assert len(tables) > 5
    assert all(len(table) <= ENTRIES for table in tables)
    assert pairs == sorted(pairs)
    assert all(song <= other for song, other, _ in pairs)
    assert not Path(tmp_path / "work").exists()


def test_a_listener_to_everything_counts_for_every_pair(tmp_path: Path) -> None:
    everything = [(0, song) for song in range(300)]
    found = counted(of_pairs([*everything, (1, 0), (1, 299)]), tmp_path, entries=1_000)

    assert whole(found).nnz == 300**2
    assert whole(found)[299, 0] == 2
    assert whole(found).sum() == 300**2 + 4


def test_chunks_of_listeners_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue_model.bulk.gram_counting.LISTENS_OF_A_CHUNK", 50)
    dataset = listened_dataset(150, 120)
    job = gram_job(dataset, 1, ENTRIES, Folder(f"{tmp_path}/work"))

    assert job.chunks > 5
    complete(job, Folder(f"{tmp_path}/gram"), here)
    assert (whole(read_gram(Folder(f"{tmp_path}/gram"))) != truth(dataset, 1)[1]).nnz == 0


def test_blocks_are_as_large_as_allowed_and_of_one_row_at_the_least() -> None:
    pairs = np.array([2, 3, 50, 1, 1, 1])

    assert cut(pairs, entries=4) == [(0, 1), (1, 2), (2, 3), (3, 6)]
    assert cut(pairs, entries=100, most=5) == [(0, 2), (2, 3), (3, 6)]


def test_what_an_earlier_run_left_is_kept_and_what_a_kill_left_half_is_not(tmp_path: Path) -> None:
    dataset = listened_dataset(150, 120)
    counted(dataset, tmp_path / "whole")
    job = gram_job(dataset, 1, ENTRIES, Folder(f"{tmp_path}/work"))
    here(job, [0, 2])
    result = job.pieces.result.local()
    before = stamps(result)
    (result / "parts/00001.parquet.77.partial").write_bytes(b"half")

    other = gram_job(dataset, 2, ENTRIES, Folder(f"{tmp_path}/work")).pieces
    assert other.missing() == list(range(other.count))
    other.remove()
    again = gram_job(dataset, 1, ENTRIES, Folder(f"{tmp_path}/work"))
    assert again.pieces.missing() == [1, *range(3, again.pieces.count)]
    complete(again, Folder(f"{tmp_path}/gram"), here)

    assert before.items() <= stamps(tmp_path / "gram").items()
    assert digests(tmp_path / "gram") == digests(tmp_path / "whole/gram")


def test_a_failed_run_leaves_the_older_result(tmp_path: Path) -> None:
    counted(listened_dataset(150, 120), tmp_path)
    before = digests(tmp_path / "gram")
    job = gram_job(listened_dataset(99, 120), 1, ENTRIES, Folder(f"{tmp_path}/work"))

    def fails(*_: object) -> None:
        raise BulkError("somewhere", "something")

    with pytest.raises(BulkError, match="somewhere: something"):
        complete(job, Folder(f"{tmp_path}/gram"), fails)
    assert digests(tmp_path / "gram") == before


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "gram").mkdir()
    (tmp_path / "gram/letter.txt").write_text("dear")

    job = gram_job(listened_dataset(20, 20), 1, ENTRIES, Folder(f"{tmp_path}/work"))
    with pytest.raises(DatasetError, match=r"without a gram\.json"):
        complete(job, Folder(f"{tmp_path}/gram"), here)
    assert job.pieces.missing() == list(range(job.pieces.count))
    assert (tmp_path / "gram/letter.txt").read_text() == "dear"


def test_no_song_with_enough_listeners_is_told(tmp_path: Path) -> None:
    with pytest.raises(BulkError, match="no song has 99 listeners"):
        counted(listened_dataset(20, 20), tmp_path, 99)


def test_a_gram_that_is_none_or_not_whole_is_refused(tmp_path: Path) -> None:
    folder, there = tmp_path / "gram", Folder(f"{tmp_path}/gram")
    with pytest.raises(BulkError, match=r"no gram\.json"):
        read_gram(there)
    counted(listened_dataset(150, 120), tmp_path)
    (folder / "parts/00001.parquet").rename(tmp_path / "away")
    with pytest.raises(BulkError, match=r"not what its gram\.json tells of"):
        read_gram(there)
    (folder / "gram.json").write_text('{"format": 9}')
    with pytest.raises(BulkError, match="format: 9 is not known"):
        read_gram(there)


@pytest.mark.parametrize(
    "command",
    [(gram,), (recommend_all, "--model-server", "http://127.0.0.1:1/v1/models/one")],
    ids=["gram", "recommend-all"],
)
def test_without_beam_a_command_says_where_it_is(
    command: tuple[click.Command, *tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "segue_model.beam.running", None)
    ran = CliRunner().invoke(command[0], [str(tmp_path), "--output", "out", *command[1:]])

    assert ran.exit_code == 1
    assert "run `make pipeline`" in ran.stderr


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "dataset", listened_dataset(300, 200))
    return tmp_path / "dataset"


@pytest.mark.timeout(300)
def test_a_run_killed_and_gone_on_with_makes_the_bytes_of_one_process(
    dataset: Path, tmp_path: Path
) -> None:
    if not is_installed():
        not_installed("the data pipeline")
    songs = read_dataset(dataset)
    counted(songs, tmp_path / "here", min_listeners=2, entries=150)
    output = tmp_path / "gram"
    command = ("gram", str(dataset), "--output", str(output), "--entries", "150", "--workers")
    process = start(*command, "1")
    try:
        until(lambda: len(list(tmp_path.glob("gram.work/*/result/parts/*.parquet"))) > 1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert not output.exists()
    (work,) = tmp_path.glob("gram.work/*/result")
    before = stamps(work)

    printed = finished(start(*command, "3"))

    assert "songs, " in printed
    assert before.items() <= stamps(output).items()
    assert len(before) < len(stamps(output))
    assert digests(output) == digests(tmp_path / "here/gram")
