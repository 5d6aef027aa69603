"""A list for every listener from the real model server: what it serves, also when it dies."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bulk_use import finished, here, listened_dataset, of_pairs, start
from conftest import not_installed
from integration.model_server_fixtures import ModelServer, eventually, serving
from pipeline_use import is_installed
from segue_model.bulk.errors import BulkError
from segue_model.bulk.model_server import find_version
from segue_model.bulk.recommending import LISTENERS_OF_A_PIECE, lists_job
from segue_model.bulk.running import complete
from segue_model.data.dataset import Dataset, write_dataset
from segue_model.data.progress import silent
from segue_model.data.recipes import features_json
from segue_model.engines import ENGINES
from segue_model.export import export
from segue_model.ingest.storage import Folder

LISTENERS, SONGS, UNKNOWN = 2_100, 200, 20
K = 10


def pairs() -> list[tuple[int, int]]:
    listens = listened_dataset(LISTENERS, SONGS).listens
    columns = (listens.listeners - 1).tolist(), (listens.songs - 1).tolist()
    return list(zip(*columns, strict=True))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base path of a model, version 1, that knows the first `SONGS` songs."""
    dataset, engine = of_pairs(pairs()), ENGINES["item-item"]
    model = engine.fit(dataset, engine.options(), silent)
    base = tmp_path_factory.mktemp("models") / "item-item"
    export(model, base, "item-item", features_json(dataset.features, dataset.recipe))
    return base


@pytest.fixture(scope="module")
def asked() -> Dataset:
    """Others listen to further songs too, and listener 1 to nothing else."""
    strange = [(who, SONGS + what) for who in range(40) for what in range(who % 3, UNKNOWN)]
    return of_pairs([*strange, *(pair for pair in pairs() if pair[0] > 0)])


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[ModelServer]:
    """The model server; the last test ends it."""
    with serving(models.parent / "log", *flags(models)) as process:
        yield process.ready()


def flags(models: Path) -> tuple[str, ...]:
    return (
        "--model_name=item-item",
        f"--model_base_path={models}",
        "--file_system_poll_wait_seconds=0.2",
    )


def url(server: ModelServer) -> str:
    return f"http://127.0.0.1:{server.rest_port}/v1/models/item-item"


def single(server: ModelServer, songs: list[int]) -> list[tuple[Any, ...]]:
    """Return what the server recommends by the signature for one listener."""
    inputs = {"listened_songs": songs, "no_recom_songs": K}
    body = json.dumps({"signature_name": "recommend_songs", "inputs": inputs}).encode()
    with urllib.request.urlopen(f"{url(server)}:predict", body, timeout=20) as answer:
        outputs = json.load(answer)["outputs"]
    names = ("recom_songs_ids", "recom_songs_scores", "recom_songs_sources")
    return list(zip(*(outputs[name] for name in names), strict=True))


def test_a_run_keeps_to_one_version_and_a_new_one_starts_anew(
    server: ModelServer, models: Path, tmp_path: Path
) -> None:
    few = listened_dataset(40, SONGS)
    found = find_version(url(server), 0)
    job = lists_job(few, found, K, Folder(f"{tmp_path}/work"), explain=False)
    shutil.copytree(models / "1", models / "2")
    try:
        eventually(lambda: server.serves("item-item", 2), 60)
        with pytest.raises(BulkError, match=r"versions/1:predict: HTTP 404"):
            complete(job, Folder(f"{tmp_path}/lists"), here)
        assert not (tmp_path / "lists").exists()

        newer = find_version(url(server), 0)
        job = lists_job(few, newer, K, Folder(f"{tmp_path}/work"), explain=False)
        told = complete(job, Folder(f"{tmp_path}/lists"), here)
    finally:
        shutil.rmtree(models / "2")
        eventually(lambda: server.serves("item-item", 1), 60)

    assert (newer.version, told["model"]["version"], told["rows"]) == (2, 2, 40 * K)
    assert pq.read_table(tmp_path / "lists/parts").column_names[-1] == "source"


@pytest.mark.timeout(300)
def test_bulk_lists_are_the_served_ones_through_a_death_of_the_server(
    server: ModelServer, models: Path, asked: Dataset, tmp_path: Path
) -> None:
    if not is_installed():
        not_installed("the data pipeline")
    write_dataset(tmp_path / "asked", asked)
    output = tmp_path / "lists"
    process = start(
        *("recommend-all", str(tmp_path / "asked"), "--model-server", f"{url(server)}:predict"),
        *("--output", str(output), "-k", str(K), "--explain", "--workers", "1"),
    )
    pieces = -(-LISTENERS // LISTENERS_OF_A_PIECE)
    eventually(
        lambda: process.poll() or list(tmp_path.glob("lists.work/*/result/parts/*.parquet")), 100
    )
    server.process.kill()
    server.process.wait()
    assert len(list(tmp_path.glob("lists.work/*/result/parts/*"))) < pieces
    ports = {"port": server.port, "rest_port": server.rest_port}
    again = ModelServer(tmp_path / "log2", flags(models), **ports)
    try:
        printed = finished(process)
        check(again, asked, output)
    finally:
        again.process.kill()
        again.process.wait()
    assert f"for {LISTENERS:,} listeners" in printed


def check(server: ModelServer, asked: Dataset, output: Path) -> None:
    table = pq.read_table(output / "parts")
    told = json.loads((output / "recommendations.json").read_text())
    lists: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        lists.setdefault(row["listener"], []).append(row)

    assert (told["rows"], told["listeners"]) == (len(table), LISTENERS)
    assert (told["model"]["version"], told["model"]["algorithm"]) == (1, "item-item")
    assert sorted(lists) == list(range(1, LISTENERS + 1))
    assert all([row["rank"] for row in rows] == list(range(1, K + 1)) for rows in lists.values())
    assert {row["source"] for row in lists[1]} == {"POPULAR"}
    codes = {"COLLABORATIVE": 2, "POPULAR": 4}
    for listener in (*range(1, 40), *range(40, LISTENERS, 200)):
        songs = asked.listens.songs[asked.listens.listeners == listener].tolist()
        rows = lists[listener]
        found = [(row["song"], row["score"], codes[row["source"]]) for row in rows]
        expected = single(server, songs)
        assert [(song, source) for song, _, source in found] == [(s, c) for s, _, c in expected]
        assert [score for _, score, _ in found] == pytest.approx([s for _, s, _ in expected])
        for row in rows:
            parts = {reason["song"]: reason["contribution"] for reason in row["reasons"]}
            assert set(parts) <= set(songs)
            assert sum(parts.values()) == pytest.approx(
                row["score"] if row["source"] == "COLLABORATIVE" else 0, abs=1e-5
            )
