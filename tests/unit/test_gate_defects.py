"""A model that breaks one rule fails the check of that rule, and no other."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import gate_toy
import segue_signature as sig
from gate_toy import Toy
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.gate import batch_checks
from segue_model.gate import subject as subjects
from segue_model.gate.checks import Check, Outcome, Passed, Result, run_checks
from segue_model.gate.description_checks import description
from segue_model.gate.errors import Failed, Unsafe
from segue_model.gate.model import Model
from segue_model.gate.structure import read_structure
from segue_model.gate.subject import Limits, Measured, Subject
from segue_model.gate.suite import GROUPS, open_subject, results_of_unsafe
from segue_model.serving.untyped import Message

Signatures: TypeAlias = Any  # a map of messages, which have no types
Edit = Callable[[Signatures], object]
Change = Callable[[tf.Tensor], tf.Tensor]
SONGS, LISTENERS = 120, 12  # so few listeners that some songs have none
BEHAVIOR = {name: checks for name, checks in GROUPS.items() if name != "Speed"}

# The defect of the toy, and the check that finds it.
DEFECTS = {
    name: name
    for name in (
        "description",
        "song-count",
        "dataset",
        "answer-shapes",
        "song-numbers",
        "no-listened-songs",
        "no-duplicates",
        "best-first",
        "sources",
        "contributions",
        "order-of-listened",
        "unknown-songs",
        "popular-fallback",
        "padding",
        "determinism",
        "batched-equals-single",
        "flat-equals-batched",
        "retrieval",
        "excluded-songs",
        "excluded-artists",
        "seed-artists",
        "genres",
        "artists",
        "years",
        "tempos",
        "max-per-artist",
        "combined-wishes",
        "diversity-none",
        "diversity",
    )
} | {"ties": "best-first", "not-finite": "best-first", "recall": "retrieval"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("gate") / "dataset"
    write_dataset(folder, synthetic_dataset(SONGS, LISTENERS, 5))
    return read_dataset(folder)


@pytest.fixture(scope="module")
def toy(dataset: Dataset) -> Toy:
    return Toy(dataset)


@pytest.fixture(scope="module")
def opened(dataset: Dataset, toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = gate_toy.export(toy, tmp_path_factory.mktemp("toy") / "1")
    return open_subject(folder, dataset, Limits())


@pytest.fixture
def subject(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """The toy as if it had many songs, so that few requests are tried: rules are found by few."""
    monkeypatch.setattr(subjects, "FEW", 0)
    monkeypatch.setattr(batch_checks, "REPEATS", 3)
    yield fresh(opened)
    set_defect(opened, "")


def fresh(opened: Subject, **changed: object) -> Subject:
    parts: dict[str, Any] = {"_whole": {}, **changed}
    return replace(opened, **parts)


def set_defect(opened: Subject, defect: str) -> None:
    loaded: Any = opened.model._loaded
    loaded.defect.assign(defect)


def run(subject: Subject) -> list[Result]:
    return list(run_checks(BEHAVIOR, subject))


def failed(results: list[Result]) -> list[str]:
    return [result.check.id for result in results if result.outcome is Outcome.FAILED]


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_check_of_a_broken_rule_fails_and_no_other(subject: Subject, defect: str) -> None:
    set_defect(subject, defect)
    results = run(subject)
    assert failed(results) == [DEFECTS[defect]], [
        (result.check.id, result.detail) for result in results if result.example
    ]
    [broken] = [result for result in results if result.outcome is Outcome.FAILED]
    assert broken.example, "a failure without an example"


def test_a_sound_model_passes_everything(opened: Subject) -> None:
    results = run(fresh(opened))
    assert {result.outcome for result in results} == {Outcome.PASSED}


def test_a_model_that_finds_most_of_the_best_and_says_so_passes(subject: Subject) -> None:
    set_defect(subject, "approximate")
    assert failed(run(subject)) == []


def test_without_a_dataset_what_needs_one_is_skipped(subject: Subject) -> None:
    subject.attributes = None
    results = run(subject)
    needing = {result.check.id for result in results if result.detail == "needs --dataset"}
    assert failed(results) == []
    assert needing == {
        "dataset",
        "excluded-artists",
        "seed-artists",
        "genres",
        "artists",
        "years",
        "tempos",
        "max-per-artist",
        "combined-wishes",
        "diversity",
    }
    assert {result.outcome for result in results if result.check.id not in needing} == {
        Outcome.PASSED
    }


def test_every_check_but_those_of_speed_has_a_model_that_fails_it() -> None:
    ids = {check.id for checks in BEHAVIOR.values() for check in checks}
    others = {"default-equals-batched", "signatures", "default-signature", "stock-ops"}
    others |= {"variable-reads", "warm-up-file", "warm-up-coverage", "warm-up-runs"}
    assert ids == set(DEFECTS.values()) | others


def test_a_check_that_breaks_off_is_a_failure_that_says_why_and_the_next_one_runs(
    subject: Subject,
) -> None:
    def breaking(_: Subject) -> Passed:
        raise ZeroDivisionError("songs\nby none")

    checks = [
        Check("one", "", "", breaking),
        Check("two", "", "", lambda _: Passed("well")),
        Check("three", "", "", lambda _: Passed("well"), ("one",)),
    ]
    one, two, three = run_checks({"Group": checks}, subject)
    assert one.outcome is Outcome.FAILED
    assert one.detail == "the check broke off: ZeroDivisionError: songs by none"
    assert one.example == {"exception": "ZeroDivisionError: songs by none"}
    assert two.outcome is Outcome.PASSED
    assert three.outcome is Outcome.SKIPPED


# --- faults of the description ---

ESTIMATE = {"value": 0.3, "standard_error": 0.01}
METRICS = {
    "protocol": "strong generalization",
    "listeners": 500,
    "recall_at_20": ESTIMATE,
    "recall_at_50": ESTIMATE,
    "ndcg_at_100": ESTIMATE,
    "coverage_at_10": 0.5,
    "gini_at_10": 1,
    "cold_recall_at_20": None,
    "popularity_ndcg_at_100": 0.05,
    "seed": 7,
}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"schema": 1}, "schema is 1, not 2"),
        ({"algorithm": " "}, "algorithm"),
        ({"source": 5}, "source is 5, not 1 to 4"),
        ({"source": True}, "source is True"),
        ({"explains": 1}, "explains is 1, not true or false"),
        ({"song_count": 0}, "song_count is 0"),
        ({"dataset": None}, "dataset is None, not a text"),
        ({"options": []}, "options"),
        ({"retrieval": "exact"}, "retrieval"),
        ({"retrieval": {}}, "retrieval.form is None"),
        ({"retrieval": {"form": "approximate"}}, "retrieval.recall_at_10"),
        ({"retrieval": {"form": "approximate", "recall_at_10": 1.5}}, "retrieval.recall_at_10"),
        ({"metrics": []}, "metrics is [], not an object or null"),
        ({"metrics": {**METRICS, "seed": 0.5}}, "metrics.seed"),
        ({"metrics": {**METRICS, "gini_at_10": -0.1}}, "metrics.gini_at_10"),
        ({"metrics": {**METRICS, "ndcg_at_100": 0.3}}, "metrics.ndcg_at_100"),
        ({"metrics": {**METRICS, "ndcg_at_100": {"value": 0.3}}}, "metrics.ndcg_at_100"),
        ({"metrics": METRICS}, None),
        ({"retrieval": {"form": "approximate", "recall_at_10": 1.0}}, None),
        ({"more": "of a later schema"}, None),
    ],
)
def test_each_field_of_the_description_is_looked_at(
    subject: Subject, toy: Toy, changed: dict[str, object], what: str | None
) -> None:
    subject.__dict__["description"] = toy.description() | changed
    if what is None:
        description(subject)
    else:
        with pytest.raises(Failed, match=re.escape(what)):
            description(subject)


@pytest.mark.parametrize("field", ["schema", "options", "retrieval", "metrics", "song_count"])
def test_a_field_that_is_missing_is_told(subject: Subject, toy: Toy, field: str) -> None:
    said = toy.description()
    del said[field]
    subject.__dict__["description"] = said
    with pytest.raises(Failed, match=field):
        description(subject)


# --- faults of the structure ---


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


# --- faults of the warm-up file ---


def with_warm_up(subject: Subject, folder: Path, requests: list[Message] | bytes | None) -> Subject:
    file = folder / gate_toy.WARM_UP
    file.parent.mkdir()
    if isinstance(requests, list):
        gate_toy.write_warm_up(folder, requests)
    elif requests is not None:
        file.write_bytes(requests)
    return fresh(subject, folder=folder)


def _of_another_model() -> Message:
    request = gate_toy.filtered_request()
    del request.inputs[sig.DIVERSITY]
    return request


def _unfiltered() -> Message:
    return gate_toy.filtered_request(years=tf.zeros([1, 2], tf.int32))


@pytest.mark.parametrize(
    ("requests", "check"),
    [
        (None, "warm-up-file"),
        (b"no records", "warm-up-file"),
        (b"", "warm-up-file"),
        ([gate_toy.flat_request()] * 1001, "warm-up-file"),
        ([gate_toy.flat_request(), _unfiltered()], "warm-up-coverage"),
        ([gate_toy.filtered_request()], "warm-up-coverage"),
        ([gate_toy.flat_request()], "warm-up-coverage"),
        (
            [gate_toy.flat_request(), gate_toy.filtered_request(), _of_another_model()],
            "warm-up-runs",
        ),
    ],
)
def test_a_warm_up_file_that_does_not_warm_up_fails(
    subject: Subject, tmp_path: Path, requests: list[Message] | bytes | None, check: str
) -> None:
    checked = with_warm_up(subject, tmp_path, requests)
    assert failed(list(run_checks({"Warm-up": GROUPS["Warm-up"]}, checked))) == [check]


# --- limits of speed ---


@pytest.mark.parametrize(
    ("limits", "check"),
    [
        (Limits(), None),
        (Limits(load_s=1e-6), "load-time"),
        (Limits(ms=1e-6), "latency-single"),
        (Limits(batch_ms=1e-6), "latency-batch"),
        (Limits(memory_mb=1e-6), "memory"),
    ],
)
def test_a_limit_that_is_passed_fails_and_says_what_was_measured(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, limits: Limits, check: str | None
) -> None:
    monkeypatch.setattr("segue_model.gate.speed_checks.ROUNDS", 5)
    subject.limits = limits
    subject.measured = Measured(0.5, 2_000_000, 10.0)
    results = list(run_checks({"Speed": GROUPS["Speed"]}, subject))
    assert failed(results) == ([check] if check else [])
    assert all(result.figures for result in results)
