"""A SavedModel from elsewhere is asked as an engine is; one that cannot be judged is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import segue_signature as sig
from evaluation_toys import TOYS, Toy, ToyOptions, fit_toy, save
from evaluation_use import run, written_sample
from segue_model.data.dataset import read_dataset
from segue_model.data.progress import silent
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.competing import compete
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.material import Material, material_of
from segue_model.evaluation.recommenders import Recommender, model_name, saved_model
from segue_model.evaluation.split import Plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_sample(tmp_path_factory.mktemp("data") / "sample")


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    return material_of(read_dataset(folder), Plan())


@pytest.fixture(scope="module")
def toy(material: Material) -> Toy:
    return fit_toy(material.training, ToyOptions(), silent)


@pytest.fixture
def toys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands know the toy engines alone: they train in no time."""
    monkeypatch.setattr("segue_model.evaluation.commands.ENGINES", TOYS)


def asked_for(name: str, model: Toy, material: Material) -> Recommender:
    return Recommender(name, model, model.signatures(), material.whole.songs.ids)


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
