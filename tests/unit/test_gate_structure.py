"""A graph that is not as written fails, and one that reaches beyond the model is never run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import gate_toy
import segue_signature as sig
from gate_toy import Toy
from gate_use import failed, few_requests, fresh, opened_toy, run
from segue_model.data.dataset import Dataset
from segue_model.gate.checks import Outcome
from segue_model.gate.errors import Unsafe
from segue_model.gate.model import Model
from segue_model.gate.structure import read_structure
from segue_model.gate.subject import Limits, Subject
from segue_model.gate.suite import GROUPS, open_subject, results_of_unsafe

Signatures: TypeAlias = Any  # a map of messages, which have no types
Edit = Callable[[Signatures], object]
Change = Callable[[tf.Tensor], tf.Tensor]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return opened_toy(tmp_path_factory.getbasetemp()).dataset


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return opened_toy(tmp_path_factory.getbasetemp()).toy


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return opened_toy(tmp_path_factory.getbasetemp()).subject


@pytest.fixture
def subject(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    with few_requests(opened, monkeypatch) as subject:
        yield subject


def edited(subject: Subject, folder: Path, edit: Edit) -> Subject:
    """Return the subject with what `saved_model.pb` would say if it were edited."""
    proto = SavedModel.FromString((subject.folder / "saved_model.pb").read_bytes())
    edit(proto.meta_graphs[0].signature_def)
    (folder / "saved_model.pb").write_bytes(proto.SerializeToString())
    return fresh(subject, structure=read_structure(folder))


def _without(name: str) -> Edit:
    return lambda signatures: signatures.pop(name)


def _fixed_batch(signatures: Signatures) -> None:
    signatures[sig.RECOMMEND_BATCHED].inputs[sig.YEARS].tensor_shape.dim[0].size = 8


def _other_type(signatures: Signatures) -> None:
    signatures[sig.RECOMMEND].inputs[sig.LISTENED_SONGS].dtype = tf.int64.as_datatype_enum


def _output_too_many(signatures: Signatures) -> None:
    outputs = signatures[sig.RECOMMEND].outputs
    outputs["more"].CopyFrom(outputs[sig.RECOM_SONGS_IDS])


def _other_rank(signatures: Signatures) -> None:
    shape = signatures[sig.RECOMMEND_BATCHED].outputs[sig.RECOM_SONGS_CONTRIBUTIONS].tensor_shape
    del shape.dim[2]


def _input_missing(signatures: Signatures) -> None:
    del signatures[sig.RECOMMEND_BATCHED].inputs[sig.DIVERSITY]


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        (_without(sig.DESCRIBE), "signatures"),
        (_without(sig.RECOMMEND), "signatures"),
        (_without(sig.RECOMMEND_BATCHED), "signatures"),
        (_without(sig.DEFAULT), "default-signature"),
        (_fixed_batch, "signatures"),
        (_other_type, "signatures"),
        (_output_too_many, "signatures"),
        (_other_rank, "signatures"),
        (_input_missing, "signatures"),
    ],
)
def test_a_signature_that_is_not_as_written_fails(
    subject: Subject, tmp_path: Path, edit: Edit, check: str
) -> None:
    assert failed(run(edited(subject, tmp_path, edit))) == [check]


def test_an_output_whose_shape_the_graph_lost_is_no_fault(subject: Subject, tmp_path: Path) -> None:
    def lose(signatures: Signatures) -> None:
        shape = signatures[sig.RECOMMEND].outputs[sig.RECOM_SONGS_IDS].tensor_shape
        del shape.dim[:]
        shape.unknown_rank = True

    assert failed(run(edited(subject, tmp_path, lose))) == []


def test_a_default_signature_that_answers_otherwise_fails(
    subject: Subject, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions: Any = subject.model._functions
    batched = functions[sig.RECOMMEND_BATCHED]

    def other(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        answer: dict[str, tf.Tensor] = dict(batched(**inputs))
        answer[sig.RECOM_SONGS_SCORES] *= 2.0
        return dict(answer)

    subject.model = Model(subject.model._loaded, {**functions, sig.DEFAULT: other})
    assert failed(run(subject)) == ["default-equals-batched"]


def exported_with(toy: Toy, change: Change, folder: Path) -> Path:
    """Export the toy with another flat signature: `change` is made to its number of songs."""

    @tf.function(input_signature=gate_toy.FLAT)  # type: ignore[untyped-decorator]
    def recommend(listened_songs: tf.Tensor, no_recom_songs: tf.Tensor) -> gate_toy.Outputs:
        return dict(toy.recommend(listened_songs, change(no_recom_songs)))

    signatures = {**gate_toy.signatures_of(toy), sig.RECOMMEND: recommend}
    return gate_toy.export(toy, folder, signatures)


def through_python(k: tf.Tensor) -> tf.Tensor:
    same = tf.numpy_function(lambda number: number, [k], tf.int32)
    return tf.ensure_shape(same, [])


def test_a_graph_that_runs_python_fails(
    subject: Subject, toy: Toy, dataset: Dataset, tmp_path: Path
) -> None:
    folder = exported_with(toy, through_python, tmp_path / "1")
    results = run(open_subject(folder, dataset, Limits()))
    assert failed(results) == ["stock-ops"]
    assert "PyFunc (runs Python)" in results[2].detail


def writing(target: Path) -> Change:
    def change(k: tf.Tensor) -> tf.Tensor:
        return tf.cond(k > 0, lambda: _after(tf.io.write_file(str(target), "here"), k), lambda: k)

    return change


def _after(operation: tf.Operation, k: tf.Tensor) -> tf.Tensor:
    with tf.control_dependencies([operation]):
        return tf.identity(k)


def printing(k: tf.Tensor) -> tf.Tensor:
    return _after(tf.print(k), k)


def reading(k: tf.Tensor) -> tf.Tensor:
    lines = tf.data.TextLineDataset("/etc/hostname").map(tf.strings.length)
    return k + lines.reduce(0, lambda one, other: one + other)


def test_a_model_that_writes_a_file_fails_and_is_never_run(toy: Toy, tmp_path: Path) -> None:
    target = tmp_path / "written"
    folder = exported_with(toy, writing(target), tmp_path / "1")
    with pytest.raises(Unsafe, match="WriteFile") as refused:
        open_subject(folder, None, Limits())
    assert not target.exists()
    results = list(results_of_unsafe(refused.value))
    assert failed(results) == ["stock-ops"]
    assert len(results) == sum(map(len, GROUPS.values()))
    skipped = {result.detail for result in results if result.outcome is Outcome.SKIPPED}
    assert skipped == {"the model is not run: stock-ops failed"}


@pytest.mark.parametrize(("change", "op"), [(printing, "PrintV2"), (reading, "TextLineDataset")])
def test_what_reads_or_prints_is_seen(toy: Toy, tmp_path: Path, change: Change, op: str) -> None:
    folder = exported_with(toy, change, tmp_path / "1")
    assert read_structure(folder).side_effects == {op}


def test_what_no_signature_reaches_may_do_as_it_likes(toy: Toy, tmp_path: Path) -> None:
    @tf.function(input_signature=[])  # type: ignore[untyped-decorator]
    def train() -> tf.Tensor:
        return printing(tf.constant(1))

    module = tf.Module()
    module.toy, module.train = toy, train
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=gate_toy.signatures_of(toy))
    structure = read_structure(tmp_path / "1")
    assert structure.ops >= {"PrintV2", "SaveV2"}
    assert structure.side_effects == set()


def test_what_is_done_when_the_model_is_loaded_counts(toy: Toy, tmp_path: Path) -> None:
    """A table is filled by a function of its own, from an asset or from anything else."""

    class Filled(tf.lookup.TextFileInitializer):  # type: ignore[misc] # TensorFlow has no types
        def initialize(self, table: object) -> object:
            tf.print("filled")
            return super().initialize(table)

    def with_table(kind: type[tf.lookup.TextFileInitializer]) -> Path:
        words = (str(tmp_path / "words"), tf.string, 0, tf.int64, 1)
        module = tf.Module()
        folder = tmp_path / str(kind.__name__)
        module.toy = toy
        module.table = tf.lookup.StaticHashTable(kind(*words, delimiter=" "), -1)
        tf.saved_model.save(module, str(folder), signatures=gate_toy.signatures_of(toy))
        return folder

    (tmp_path / "words").write_text("rock 1\npop 2\n")
    assert read_structure(with_table(tf.lookup.TextFileInitializer)).side_effects == set()
    assert read_structure(with_table(Filled)).side_effects == {"PrintV2"}


def test_a_large_variable_that_is_gathered_from_and_read_fails(
    subject: Subject, toy: Toy, dataset: Dataset, tmp_path: Path
) -> None:
    toy.large = tf.Variable(tf.zeros([300_000], tf.int32))

    def change(k: tf.Tensor) -> tf.Tensor:
        return k + tf.gather(toy.large, 0) + toy.large.read_value()[1]

    folder = exported_with(toy, change, tmp_path / "1")
    results = run(open_subject(folder, dataset, Limits()))
    assert failed(results) == ["variable-reads"]
    assert "1.2 MB" in results[3].detail


def test_a_large_variable_that_is_only_gathered_from_is_no_fault(
    toy: Toy, dataset: Dataset, tmp_path: Path
) -> None:
    toy.large = tf.Variable(tf.zeros([300_000], tf.int32))
    folder = exported_with(toy, lambda k: k + tf.gather(toy.large, 0), tmp_path / "1")
    [variable] = [one for one in read_structure(folder).variables.values() if one.size > 1e6]
    assert variable.reads >= {"ResourceGather"}
    assert "ReadVariableOp" not in variable.reads
