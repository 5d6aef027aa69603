"""A search tries the options of an engine on validation listeners and takes the best."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from scipy import sparse

from evaluation_toys import TOYS, ToyOptions
from evaluation_use import written_sample
from segue_model.data.dataset import read_dataset
from segue_model.data.progress import Progress, silent
from segue_model.engines.engine import Engine
from segue_model.evaluation.asking import Contender
from segue_model.evaluation.material import Material, material_of
from segue_model.evaluation.metrics import Recommended
from segue_model.evaluation.recommenders import Recommender
from segue_model.evaluation.search import candidates, search
from segue_model.evaluation.split import Plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_sample(tmp_path_factory.mktemp("data") / "sample")


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    return material_of(read_dataset(folder), Plan())


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
