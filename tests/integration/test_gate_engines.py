"""The conformance kit holds every engine of Segue's own to the signature."""

from pathlib import Path
from typing import Final

import pytest

from segue_model.data.dataset import Dataset, read_dataset, write_dataset
from segue_model.data.progress import silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines import ENGINES
from segue_model.export import export
from segue_model.gate import batch_checks, speed_checks, subject
from segue_model.gate.checks import Outcome, run_checks
from segue_model.gate.subject import Limits
from segue_model.gate.suite import GROUPS, open_subject

SONGS, LISTENERS = 1_200, 100
# Half of the best songs: found in fewer attempts, and far from exact.
APPROXIMATE: Final = {"retrieval": "approximate", "recall": 0.5}
TRAINED: Final = [*((name, {}) for name in ENGINES), ("content", APPROXIMATE)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("songs") / "dataset"
    write_dataset(folder, synthetic_dataset(SONGS, LISTENERS, 5))
    return read_dataset(folder)


def test_many_songs_are_equally_popular(dataset: Dataset) -> None:
    assert len(set(dataset.songs.popularity.tolist())) < SONGS / 10


@pytest.mark.parametrize(("name", "given"), TRAINED, ids=str)
def test_an_engine_passes_every_check(
    name: str,
    given: dict[str, object],
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "FEW", 0)
    monkeypatch.setattr(batch_checks, "REPEATS", 3)
    monkeypatch.setattr(speed_checks, "ROUNDS", 5)
    engine = ENGINES[name]
    model = engine.fit(dataset, engine.with_options(given), silent)
    folder = export(model, tmp_path / name, name, b"{}")
    results = list(run_checks(GROUPS, open_subject(folder, dataset, Limits())))
    assert {
        result.check.id: (result.detail, result.example)
        for result in results
        if result.outcome is not Outcome.PASSED
    } == {}
