"""The figures of an evaluation are those of held-out listeners, and the same for the same seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation_toys import TOYS, Toy, ToyOptions, fit_toy
from evaluation_use import without_times, written_sample
from listens_only import triplets
from segue_model.data.dataset import Dataset, read_dataset
from segue_model.data.progress import Progress, silent
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.competing import compete
from segue_model.evaluation.material import Material, material_of
from segue_model.evaluation.results import Evaluation
from segue_model.evaluation.split import Plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_sample(tmp_path_factory.mktemp("data") / "sample")


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    return material_of(read_dataset(folder), Plan())


@pytest.fixture(scope="module")
def evaluation(material: Material) -> Evaluation:
    return compete(material, Asked(trials=4), TOYS, silent)


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


def test_real_listens_without_features_are_evaluated(real_data: Path) -> None:
    listens = triplets(real_data, "taste_profile_msd10k_songs.tsv")
    # Short histories too: more listeners, so smaller errors.
    plan = Plan(held_out=0.3, min_songs=3, cold=0)
    found = compete(material_of(listens, plan), Asked(), TOYS, silent)
    beyond = found.results[1].beyond_popularity.ndcg_at_100
    assert beyond.value > 3 * beyond.standard_error > 0
    assert found.split.test_listeners > 100
