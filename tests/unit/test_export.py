"""What an export leaves behind: whole versions of stock operations with a warm-up file."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

import segue_signature as sig
from commands import command
from pipeline_use import digests
from segue_model.data.dataset import Dataset, write_dataset
from segue_model.data.progress import silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines import ENGINES
from segue_model.export import WARM_UP, export, versions
from segue_model.ranking.module import RankingModel

# Operations that run Python or need more than the stock model server.
NOT_STOCK = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "XlaLaunch", "XlaCallModule"}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(300, 100, 5)


@pytest.fixture(scope="module", params=ENGINES)
def folder(
    request: pytest.FixtureRequest, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    name = request.param
    return export(fitted(name, dataset), tmp_path_factory.mktemp(name), name, b'{"name": "any"}')


def fitted(name: str, dataset: Dataset) -> RankingModel[Any]:
    engine = ENGINES[name]
    return engine.fit(dataset, engine.options(), silent)


def test_versions_count_up_and_nothing_half_is_left(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / ".8.partial").mkdir()
    (tmp_path / "notes").mkdir()
    folder = export(fitted("popular", dataset), tmp_path, "popular", b"{}")
    assert folder == tmp_path / "8"
    assert versions(tmp_path) == [7, 8]
    assert not (tmp_path / ".8.partial").exists()


def test_the_graph_holds_stock_operations_only(folder: Path) -> None:
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    assert {"serve"} == set(model.meta_graphs[0].meta_info_def.tags)
    functions = model.meta_graphs[0].graph_def.library.function
    ops = {node.op for function in functions for node in function.node_def}
    assert len(ops) > 20
    assert not ops & NOT_STOCK


def test_warm_up_calls_every_signature_as_it_will_be_called(folder: Path) -> None:
    records = list(tf.data.TFRecordDataset(str(folder / WARM_UP)).as_numpy_iterator())
    requests = [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        for record in records
    ]
    loaded = tf.saved_model.load(str(folder))
    assert {request.model_spec.signature_name for request in requests} == {
        sig.RECOMMEND,
        sig.RECOMMEND_BATCHED,
        sig.DESCRIBE,
    }
    assert len(requests) <= 1000
    for request in requests:
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        outputs = loaded.signatures[request.model_spec.signature_name](
            **{name: tf.constant(value) for name, value in inputs.items()}
        )
        assert outputs


def test_what_made_the_features_stays_beside_the_model(folder: Path) -> None:
    assert (folder / "assets.extra" / "features.json").read_bytes() == b'{"name": "any"}'


def test_training_twice_makes_the_same_bytes(tmp_path: Path, dataset: Dataset) -> None:
    """The second time with another engine before it, which must not matter."""
    write_dataset(tmp_path / "dataset", dataset)
    command("segue_model", "train", str(tmp_path / "dataset"), *to(tmp_path / "one", "content"))
    both = to(tmp_path / "two", "popular", "content")
    command("segue_model", "train", str(tmp_path / "dataset"), *both)
    one, two = digests(tmp_path / "one/content/1"), digests(tmp_path / "two/content/1")
    assert one == two
    assert {"saved_model.pb", "fingerprint.pb", str(WARM_UP)} <= set(one)


def to(models: Path, *engines: str) -> list[str]:
    named = [part for engine in engines for part in ("--engine", engine)]
    return ["--output", str(models), *named]
