"""Evaluations from end to end: engines and SavedModels meet held-out listeners."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner, Result
from scipy import sparse

import segue_signature as sig
from evaluation_toys import TOYS, Toy, ToyOptions, fit_toy, save
from listens_only import triplets
from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.progress import Progress, silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines.engine import Engine
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.asking import Contender
from segue_model.evaluation.commands import evaluate
from segue_model.evaluation.competing import compete
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.json_files import as_json, read_evaluation
from segue_model.evaluation.material import Material, material_of
from segue_model.evaluation.metrics import Recommended
from segue_model.evaluation.recommenders import Recommender, model_name, saved_model
from segue_model.evaluation.results import Evaluation
from segue_model.evaluation.search import candidates, search
from segue_model.evaluation.split import Plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "sample"
    write_dataset(path, synthetic_dataset(300, 400, 3))
    return path


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    return material_of(read_dataset(folder), Plan())


@pytest.fixture(scope="module")
def evaluation(material: Material) -> Evaluation:
    return compete(material, Asked(trials=4), TOYS, silent)


@pytest.fixture(scope="module")
def toy(material: Material) -> Toy:
    return fit_toy(material.training, ToyOptions(), silent)


@pytest.fixture
def toys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands know the toy engines alone: they train in no time."""
    monkeypatch.setattr("segue_model.evaluation.commands.ENGINES", TOYS)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def without_times(evaluation: Evaluation) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(as_json(evaluation))
    for engine in fields["engines"].values():
        del engine["times"]
        for trial in engine["trials"]:
            del trial["fit_seconds"]
    return fields


def asked_for(name: str, model: Toy, material: Material) -> Recommender:
    return Recommender(name, model, model.signatures(), material.whole.songs.ids)


def test_what_learned_beats_popularity_by_standard_errors(evaluation: Evaluation) -> None:
    popular, toy = evaluation.results
    assert (popular.name, toy.name) == ("popular", "toy")
    beyond = toy.beyond_popularity.ndcg_at_100
    assert beyond.value > 3 * beyond.standard_error > 0
    assert beyond.value == pytest.approx(
        toy.metrics.ndcg_at_100.value - popular.metrics.ndcg_at_100.value
    )
    assert toy.metrics.popularity_ndcg_at_100 == popular.metrics.ndcg_at_100.value
    assert toy.metrics.coverage_at_10 > popular.metrics.coverage_at_10
    assert toy.metrics.gini_at_10 < popular.metrics.gini_at_10
    assert popular.popularity_percentile_at_10 > 0.95


def test_popularity_is_what_counting_gives(evaluation: Evaluation, material: Material) -> None:
    songs = material.split.songs
    order = songs[np.argsort(-material.listens[songs], kind="stable")]
    recalls = []
    for at in range(len(material.split.test)):
        shown = set(material.split.test.shown[at].indices.tolist())
        wanted = set(material.split.test.targets[at].indices.tolist())
        first = [song for song in order.tolist() if song not in shown][:20]
        recalls.append(len(wanted & set(first)) / min(20, len(wanted)))
    assert evaluation.results[0].metrics.recall_at_20.value == pytest.approx(np.mean(recalls))


def test_the_same_seed_gives_the_same_figures(
    evaluation: Evaluation, material: Material, folder: Path
) -> None:
    again = material_of(read_dataset(folder), Plan())
    assert without_times(compete(again, Asked(trials=4), TOYS, silent)) == without_times(evaluation)
    other = material_of(material.whole, Plan(seed=1, cold=0))
    found = compete(other, Asked(), TOYS, silent).results[1].metrics
    assert found.ndcg_at_100 != evaluation.results[1].metrics.ndcg_at_100
    assert found.seed == 1


def test_the_figures_of_the_command_are_those_read_back(
    folder: Path, evaluation: Evaluation, tmp_path: Path, toys_only: None
) -> None:
    file, page = tmp_path / "e.json", tmp_path / "pages" / "e.html"
    done = run(folder, "--search", "--trials", 4, "--json", file, "--page", page)
    assert done.exit_code == 0, done.output
    assert without_times(evaluation)["engines"] == {
        name: {**found, "trials": [drop(trial) for trial in found["trials"]]}
        for name, found in json.loads(file.read_text("utf-8"))["engines"].items()
        if found.pop("times")
    }
    read = read_evaluation(file)
    assert read.fingerprint == read_dataset(folder).fingerprint
    assert read.engines["toy"].options == evaluation.results[1].options
    assert "learned from" in done.stdout
    assert "Recall@20 with" in done.stdout
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def drop(trial: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in trial.items() if name != "fit_seconds"}


def test_an_engine_meets_training_listeners_only(material: Material) -> None:
    met: list[Dataset] = []

    def fit(dataset: Dataset, options: ToyOptions, progress: Progress) -> Toy:
        met.append(dataset)
        return fit_toy(dataset, options, progress)

    spy = {**TOYS, "toy": replace(TOYS["toy"], fit=fit)}
    compete(material, Asked(engines=("toy",), trials=3), spy, silent)
    assert len(met) == 5  # three trials, the test, the cold protocol
    training = set(material.split.training.tolist())
    assert material.cold
    cold = set(material.whole.songs.ids[material.cold.songs].tolist())
    for dataset in met:
        assert set(dataset.listens.listeners.tolist()) <= training
    assert cold & set(met[3].listens.songs.tolist())
    assert not cold & set(met[4].listens.songs.tolist())


def test_the_search_looks_at_validation_listeners_only(
    material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    recommend = Recommender.recommend

    def spied(
        self: Recommender, shown: sparse.csr_matrix, k: int, **named: Progress
    ) -> Recommended:
        asked.append(shown.nnz)
        return recommend(self, shown, k, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Recommender, "recommend", spied)
    found = search(Contender("toy", TOYS["toy"], ToyOptions()), material, 4, silent)
    validation, test = material.split.validation, material.split.test
    assert validation.shown.nnz != test.shown.nnz
    assert set(asked) == {validation.shown.nnz, validation.shown[:32].nnz}
    assert [trial.options["shrink"] for trial in found.trials] == [0.0, 3.0, 1000.0]


def test_the_search_takes_what_was_best_on_validation(material: Material) -> None:
    found = search(Contender("toy", TOYS["toy"], ToyOptions(shrink=50.0)), material, 4, silent)
    worth = {
        trial.options["shrink"]: trial.ndcg_at_100.value
        for trial in found.trials
        if trial.ndcg_at_100
    }
    assert len(worth) == 4
    assert next(iter(worth)) == 50.0
    assert len(set(worth.values())) > 1
    assert worth[found.contender.options.shrink] == max(worth.values())


def test_options_that_will_not_do_are_told_of_and_passed_over(material: Material) -> None:
    engine = replace(TOYS["toy"], search={"shrink": (-1.0, 3.0)})
    found = search(Contender("toy", engine, ToyOptions()), material, 9, silent)
    assert [trial.refused for trial in found.trials] == ["", "shrink: below 0", ""]
    assert found.trials[1].ndcg_at_100 is None


@dataclass(frozen=True)
class Grid:
    a: int = 1
    b: str = "x"


def test_candidates_are_the_whole_grid_when_it_is_small_enough() -> None:
    engine: Engine[Any] = Engine(lambda *_: None, Grid, {"a": (1, 2, 3), "b": ("x", "y")})  # type: ignore[arg-type]
    first = {"a": 1, "b": "x"}
    found = list(candidates(engine, first, 6, 1))
    assert found[0] == first
    assert [(one["a"], one["b"]) for one in found] == [
        (1, "x"),
        (1, "y"),
        (2, "x"),
        (2, "y"),
        (3, "x"),
        (3, "y"),
    ]


def test_candidates_of_a_large_grid_are_drawn_the_same_for_the_same_seed() -> None:
    engine: Engine[Any] = Engine(lambda *_: None, Grid, {"a": tuple(range(100)), "b": ("x", "y")})  # type: ignore[arg-type]
    first = {"a": 1, "b": "x"}
    found = list(candidates(engine, first, 7, 1))
    assert len(found) == len({(one["a"], one["b"]) for one in found}) == 7
    assert found == list(candidates(engine, first, 7, 1))
    assert found != list(candidates(engine, first, 7, 2))
    assert list(candidates(engine, first, 1, 1)) == [first]


def test_nothing_to_search_is_one_candidate() -> None:
    assert list(candidates(TOYS["popular"], {}, 5, 1)) == [{}]


def test_a_saved_model_reaches_what_its_engine_reaches(
    material: Material, folder: Path, tmp_path: Path, toys_only: None
) -> None:
    done = run("split", folder, "--output", tmp_path / "training")
    assert done.exit_code == 0, done.output
    training = read_dataset(tmp_path / "training")
    save(fit_toy(training, ToyOptions(), silent), tmp_path / "toys" / "3", options={"shrink": 0})
    asked = Asked(models=(tmp_path / "toys" / "3",), engines=("toy",))
    found = {one.name: one for one in compete(material, asked, TOYS, silent).results}
    assert list(found) == ["popular", "toy", "toys/3"]
    assert found["toys/3"].trained_on == "training listeners"
    assert found["toys/3"].metrics == replace(found["toy"].metrics, cold_recall_at_20=None)
    assert found["toys/3"].by_popularity == found["toy"].by_popularity
    assert found["toys/3"].times.fit_seconds is None
    assert found["toys/3"].options == {"shrink": 0}


def test_a_model_that_has_seen_the_listeners_is_refused(
    folder: Path, toy: Toy, tmp_path: Path, toys_only: None
) -> None:
    save(toy, tmp_path / "seen", dataset=read_dataset(folder).fingerprint)
    refused = run(folder, "--model", tmp_path / "seen", "--cold", 0)
    assert refused.exit_code == 1
    assert "Error: seen: was trained on all listens of this dataset" in refused.output
    assert "segue-model evaluate split" in refused.output


def test_a_model_that_has_seen_the_listeners_is_marked_where_it_is_let_be(
    folder: Path, toy: Toy, tmp_path: Path, toys_only: None
) -> None:
    save(toy, tmp_path / "seen", dataset=read_dataset(folder).fingerprint)
    files = ("--json", tmp_path / "e.json", "--page", tmp_path / "e.html")
    done = run(folder, "--model", tmp_path / "seen", "--cold", 0, "--seen-listeners", *files)
    assert done.exit_code == 0, done.output
    assert "seen [seen listeners]" in done.stdout
    engines = json.loads((tmp_path / "e.json").read_text("utf-8"))["engines"]
    assert engines["seen"]["trained_on"] == "all listeners"
    assert list(engines) == ["popular", "seen"]
    assert "has learned from the listeners it was asked for" in (tmp_path / "e.html").read_text()


def test_a_model_of_other_data_is_marked_as_unknown(
    material: Material, toy: Toy, tmp_path: Path
) -> None:
    save(toy, tmp_path / "other", dataset="e" * 64)
    found = compete(material, Asked(models=(tmp_path / "other",)), TOYS, silent)
    assert [one.trained_on for one in found.results] == ["training listeners", "unknown"]


def test_models_are_called_by_name_and_version(tmp_path: Path) -> None:
    assert model_name(tmp_path / "item-item" / "12") == "item-item/12"
    assert model_name(tmp_path / "mine") == "mine"


def test_two_models_of_one_name_are_refused(material: Material, toy: Toy, tmp_path: Path) -> None:
    folders = (tmp_path / "one" / "mine", tmp_path / "two" / "mine")
    for each in folders:
        save(toy, each, dataset="e" * 64)
    with pytest.raises(EvaluationError, match="another model is called mine too"):
        compete(material, Asked(models=folders), TOYS, silent)


def test_a_folder_without_a_model_is_told(material: Material, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"no saved_model\.pb there"):
        saved_model(tmp_path, material.whole.songs.ids)
    (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(EvaluationError, match="not a SavedModel that can be loaded"):
        saved_model(tmp_path, material.whole.songs.ids)


def test_a_model_without_the_signatures_is_refused(material: Material, toy: Toy) -> None:
    for name in (sig.RECOMMEND_BATCHED, sig.DESCRIBE):
        left = {key: it for key, it in toy.signatures().items() if key != name}
        with pytest.raises(EvaluationError, match=f"toy: no signature '{name}'"):
            Recommender("toy", toy, left, material.whole.songs.ids)


class Answering:
    """A model that gives an answer of its own."""

    structured_input_signature = ((), dict.fromkeys((sig.LISTENED_SONGS, sig.NO_RECOM_SONGS)))

    def __init__(self, answer: Callable[[np.ndarray, int], Any]) -> None:
        self.answer = answer

    def __call__(self, **inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        listened = inputs[sig.LISTENED_SONGS].numpy()
        k = int(inputs[sig.NO_RECOM_SONGS].numpy()[0])
        return {sig.RECOM_SONGS_IDS: tf.constant(self.answer(listened, k), tf.int32)}


def _new(listened: np.ndarray, first: int) -> list[list[int]]:
    """Return for each listener the next song from `first` that was not listened to."""
    return [[next(one for one in range(first, 400) if one not in row)] for row in listened]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda listened, k: np.full((len(listened), 1), 9_999), "recommends 9999, no song known"),
        (lambda listened, k: listened[:, :1], "a song that was listened to"),
        (lambda listened, k: np.full((len(listened), 2), 17), "a song twice"),
        (lambda listened, k: _new(listened, 201), "a song that was excluded"),
        (lambda listened, k: np.full((len(listened), k + 1), -1), r"answers \(32, 11\), not"),
        (lambda listened, k: np.full((1, 1), -1), r"answers \(1, 1\), not \(32, 10\)"),
    ],
)
def test_a_model_that_breaks_the_rules_is_refused(
    material: Material, toy: Toy, answer: Callable[[np.ndarray, int], Any], message: str
) -> None:
    signatures = {**toy.signatures(), sig.RECOMMEND_BATCHED: Answering(answer)}
    model = Recommender("liar", toy, signatures, material.whole.songs.ids)
    with pytest.raises(EvaluationError, match=f"liar: .*{message}"):
        model.recommend(material.split.test.shown, 10, np.arange(200, 300))


def test_a_model_that_asks_for_more_than_the_signature_has_is_refused(
    material: Material, toy: Toy
) -> None:
    asking = Answering(lambda listened, k: listened)
    asking.structured_input_signature = ((), {"mood": None})
    signatures = {**toy.signatures(), sig.RECOMMEND_BATCHED: asking}
    with pytest.raises(EvaluationError, match="liar: unknown inputs mood"):
        Recommender("liar", toy, signatures, material.whole.songs.ids)


def test_excluded_songs_are_not_recommended_and_all_others_can_be(
    material: Material, toy: Toy
) -> None:
    allowed = material.split.songs[::7]
    excluded = np.setdiff1d(material.split.songs, allowed)
    found = asked_for("toy", toy, material).recommend(material.split.test.shown, 300, excluded)
    for at, row in enumerate(found):
        shown = set(material.split.test.shown[at].indices.tolist())
        assert set(row[row >= 0].tolist()) == set(allowed.tolist()) - shown


def test_cold_songs_are_found_by_chance_only_by_what_learns_from_listens(
    evaluation: Evaluation, material: Material
) -> None:
    popular, toy = (one.cold for one in evaluation.results)
    assert popular
    assert toy
    assert material.cold
    assert popular.mixed.recall_at_20.value == 0
    chance = 20 / len(material.cold.songs)
    assert toy.cold.recall_at_20.value == pytest.approx(chance, abs=0.25)
    assert toy.warm
    assert popular.warm
    assert toy.warm.recall_at_20.value > popular.warm.recall_at_20.value
    assert evaluation.results[1].metrics.cold_recall_at_20 == toy.cold.recall_at_20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "deep"), "no engine deep; there are toy, popular"),
        (("--set", "shrink"), "shrink: not OPTION=VALUE"),
        (("--set", "depth=3"), "have no option 'depth'"),
        (("--set", "deep.shrink=3"), "deep is not evaluated"),
        (("--set", "popular.shrink=3"), "popular have no option 'shrink'"),
        (("--set", "shrink=-1"), "toy: shrink: below 0"),
        (("--set", "shrink=much"), "toy: shrink: 'much' is not of type float"),
        (("--min-songs", "99"), "listeners with 99 songs or more are too few"),
        (("--model", "nowhere"), "nowhere: no saved_model.pb there"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    folder: Path, toys_only: None, arguments: tuple[str, ...], message: str
) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 1
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_options_out_of_range_are_usage_errors(folder: Path) -> None:
    for name, value in (("--held-out", "0.7"), ("--cold", "2"), ("--min-songs", "1")):
        done = run(folder, name, value)
        assert done.exit_code == 2
        assert f"Error: {name}: " in done.output


def test_a_setting_reaches_the_engines_that_have_it(
    folder: Path, toys_only: None, tmp_path: Path
) -> None:
    for setting in ("shrink=2.5", "toy.shrink=2.5"):
        done = run("run", folder, "--cold", 0, "--set", setting, "--json", tmp_path / "e.json")
        assert done.exit_code == 0, done.output
        assert read_evaluation(tmp_path / "e.json").engines["toy"].options == {"shrink": 2.5}


def test_a_dataset_that_is_none_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "nowhere: no such folder" in done.output
    assert "TensorFlow" not in done.output


def test_help_tells_of_both_commands() -> None:
    assert "split" in run("--help").output
    assert "--search" in run("run", "--help").output


def test_real_listens_without_features_are_evaluated(real_data: Path) -> None:
    listens = triplets(real_data, "taste_profile_msd10k_songs.tsv")
    # Short histories too: more listeners, so smaller errors.
    plan = Plan(held_out=0.3, min_songs=3, cold=0)
    found = compete(material_of(listens, plan), Asked(), TOYS, silent)
    beyond = found.results[1].beyond_popularity.ndcg_at_100
    assert beyond.value > 3 * beyond.standard_error > 0
    assert found.split.test_listeners > 100
