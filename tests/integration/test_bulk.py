"""Work over all listeners: what is counted and listed, killed and gone on with, refused."""

import itertools
import json
import os
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import sparse

import segue_signature
from bulk_use import Reply, finished, here, listened_dataset, of_pairs, saying, stamps, start, whole
from conftest import not_installed
from integration.model_server_fixtures import eventually
from pipeline_use import digests, is_installed
from segue_model.bulk import signature
from segue_model.bulk.errors import BulkError
from segue_model.bulk.gram_blocks import cut
from segue_model.bulk.gram_counting import gram_job
from segue_model.bulk.gram_files import Gram, read_gram
from segue_model.bulk.listening import Listening
from segue_model.bulk.lists import inputs_of, table_of
from segue_model.bulk.model_server import find_version
from segue_model.bulk.recommending import CONTRIBUTIONS_OF_A_BATCH, batches
from segue_model.bulk.running import complete
from segue_model.data.columns import Ragged
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.errors import DatasetError
from segue_model.data.interactions import interactions_of
from segue_model.ingest.storage import Folder

ENTRIES = 400
AVAILABLE = {"model_version_status": [{"version": v, "state": "AVAILABLE"} for v in ("2", "10")]}
PATH = "/v1/models/one"


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
    gram = counted(dataset, tmp_path, min_listeners)
    songs, expected = truth(dataset, min_listeners)

    assert gram.songs.tolist() == songs.tolist()
    assert (whole(gram) != expected).nnz == 0
    assert all(part.has_sorted_indices for part in gram.rows(7))
    assert (gram.listeners, gram.min_listeners) == (150, min_listeners)


def test_files_hold_the_upper_triangle_in_order_and_no_more_than_asked(tmp_path: Path) -> None:
    counted(listened_dataset(150, 120), tmp_path)
    tables = [pq.read_table(path) for path in sorted((tmp_path / "gram").glob("*.parquet"))]
    pairs = [pair for t in tables for pair in zip(*t.to_pydict().values(), strict=True)]

    assert len(tables) > 5
    assert all(len(table) <= ENTRIES for table in tables)
    assert pairs == sorted(pairs)
    assert all(song <= other for song, other, _ in pairs)
    assert not Path(tmp_path / "work").exists()


def test_a_listener_to_everything_counts_for_every_pair(tmp_path: Path) -> None:
    everything = [(0, song) for song in range(300)]
    gram = counted(of_pairs([*everything, (1, 0), (1, 299)]), tmp_path, entries=1_000)

    assert whole(gram).nnz == 300**2
    assert whole(gram)[299, 0] == 2
    assert whole(gram).sum() == 300**2 + 4


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
    (result / "part-00001.parquet.77.partial").write_bytes(b"half")

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

    with pytest.raises(DatasetError, match=r"without a gram\.json"):
        counted(listened_dataset(20, 20), tmp_path)
    assert (tmp_path / "gram/letter.txt").read_text() == "dear"


def test_no_song_with_enough_listeners_is_told(tmp_path: Path) -> None:
    with pytest.raises(BulkError, match="no song has 99 listeners"):
        counted(listened_dataset(20, 20), tmp_path, 99)


def test_a_gram_that_is_none_or_not_whole_is_refused(tmp_path: Path) -> None:
    folder, gram = tmp_path / "gram", Folder(f"{tmp_path}/gram")
    with pytest.raises(BulkError, match=r"no gram\.json"):
        read_gram(gram)
    counted(listened_dataset(150, 120), tmp_path)
    (folder / "part-00001.parquet").rename(tmp_path / "away")
    with pytest.raises(BulkError, match=r"not what its gram\.json tells of"):
        read_gram(gram)
    (folder / "gram.json").write_text('{"format": 9}')
    with pytest.raises(BulkError, match="format: 9 is not known"):
        read_gram(gram)


def test_the_names_are_those_of_the_signature() -> None:
    names = {name: value for name, value in vars(signature).items() if name.isupper()}
    own = {name: names.pop(name) for name in ("SOURCES", "UNCONSTRAINED")}

    assert names == {name: getattr(segue_signature, name) for name in names}
    assert {f"SOURCE_{word}": code for code, word in own["SOURCES"].items()} == {
        name: code for name, code in vars(segue_signature).items() if name.startswith("SOURCE_")
    }


def listening(*songs: list[int]) -> Listening:
    return Listening(np.arange(1, len(songs) + 1, dtype=np.int32), Ragged.of(songs))


def test_batches_hold_everyone_once_and_no_more_than_fits() -> None:
    lengths = [*itertools.repeat(3, 100), 900, 2000, 30_000]
    found = list(batches(listening(*(list(range(1, n + 1)) for n in lengths)), 100))

    assert sorted(np.concatenate([b.listeners for b in found]).tolist()) == list(range(1, 104))
    assert [len(batch.listeners) for batch in found] == [32, 32, 32, 4 + 1, 1, 1]
    for batch in found[:-1]:
        longest = np.diff(batch.songs.offsets).max()
        assert len(batch.listeners) * longest * 100 <= CONTRIBUTIONS_OF_A_BATCH


def test_reasons_are_the_strongest_of_the_listened_songs() -> None:
    batch = listening([4, 7, 9], [5])
    outputs = {
        signature.RECOM_SONGS_IDS: [[1, 2], [3, -1]],
        signature.RECOM_SONGS_SCORES: [[3.0, 1.0], [2.0, 0.0]],
        signature.RECOM_SONGS_SOURCES: [[2, 1], [4, 0]],
        signature.RECOM_SONGS_CONTRIBUTIONS: [
            [[1.5, 0.0, 1.5], [-1.0, 0.0, 2.0]],
            [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        ],
    }
    reasons = table_of(batch, outputs, explain=True)["reasons"].to_pylist()

    assert [[tuple(reason.values()) for reason in of_song] for of_song in reasons] == [
        [(4, 1.5), (9, 1.5)],
        [(9, 2.0), (4, -1.0)],
        [],
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (signature.RECOM_SONGS_IDS, [[1]], "of shape"),
        (signature.RECOM_SONGS_IDS, None, "not an array of numbers"),
        (signature.RECOM_SONGS_SCORES, [[1.0], [float("nan")]], "not all are numbers"),
        (signature.RECOM_SONGS_SOURCES, [[1], [9]], "9 is no source"),
    ],
)
def test_an_answer_that_is_none_to_the_batch_is_refused(
    name: str, value: object, reason: str
) -> None:
    outputs = {
        signature.RECOM_SONGS_IDS: [[1], [2]],
        signature.RECOM_SONGS_SCORES: [[1.0], [1.0]],
        signature.RECOM_SONGS_SOURCES: [[1], [1]],
    }
    assert len(table_of(listening([4], [5]), outputs, explain=False)) == 2
    with pytest.raises(ValueError, match=f"{name}: .*{reason}"):
        table_of(listening([4], [5]), {**outputs, name: value}, explain=False)


def test_histories_are_padded_and_say_nothing_else() -> None:
    inputs = inputs_of(listening([4, 7, 9], [5]), 3)

    assert inputs[signature.LISTENED_SONGS] == [[4, 7, 9], [5, -1, -1]]
    assert inputs[signature.NO_RECOM_SONGS] == [3, 3]
    assert all(len(values) == 2 for values in inputs.values())


GOOD = Reply(200, json.dumps(AVAILABLE).encode())


@pytest.mark.parametrize(
    "trouble", [Reply(429, b"{}"), Reply(503, b"{}"), Reply(200, b'{"mod', 900)]
)
def test_a_call_refused_for_a_while_or_cut_off_is_made_again(trouble: Reply) -> None:
    with saying(trouble, GOOD) as url:
        found = find_version(f"{url}{PATH}:predict", 1)

    assert found.url == f"{url}{PATH}/versions/10"
    assert found.version == 10


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ([Reply(503, b'{"error": "busy"}')], "HTTP 503: .*busy"),
        ([Reply(404, b'{"error": "no such"}'), GOOD], "HTTP 404: .*no such"),
        ([Reply(200, b'{"mod', 900)], "no answer, asked 2 times"),
        ([Reply(200, b"<html>")], "an answer that is not JSON"),
        ([Reply(200, b"{}")], "no status of a model"),
        ([Reply(200, b'{"model_version_status": []}')], "no version of it is available"),
    ],
)
def test_a_server_that_does_not_answer_well_is_named(replies: list[Reply], reason: str) -> None:
    with saying(*replies) as url, pytest.raises(BulkError, match=f"{PATH}: {reason}"):
        find_version(f"{url}{PATH}", 1)


def test_what_is_no_url_of_a_model_is_refused() -> None:
    with pytest.raises(BulkError, match="not http://HOST:PORT/v1/models/NAME"):
        find_version("http://127.0.0.1/one", 1)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "dataset", listened_dataset(300, 200))
    return tmp_path / "dataset"


def test_a_run_killed_and_gone_on_with_makes_the_bytes_of_one_process(
    dataset: Path, tmp_path: Path
) -> None:
    if not is_installed():
        not_installed("the data pipeline")
    songs = read_dataset(dataset)
    counted(songs, tmp_path / "here", min_listeners=2, entries=150)
    output = tmp_path / "gram"
    command = ("gram", str(dataset), "--output", str(output), "--entries", "150", "--workers", "3")
    process = start(*command)
    try:
        eventually(lambda: len(list(tmp_path.glob("gram.work/*/result/*.parquet"))) > 1, 100)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert not output.exists()
    (work,) = tmp_path.glob("gram.work/*/result")
    before = {name: at for name, at in stamps(work).items() if name.endswith(".parquet")}

    printed = finished(start(*command))

    assert "songs, " in printed
    assert before.items() <= stamps(output).items()
    assert len(before) < len(stamps(output)) - 1
    assert digests(output) == digests(tmp_path / "here/gram")
