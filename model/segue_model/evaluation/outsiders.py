"""Models that come trained: one that has met the test listeners proves nothing."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from segue_model.data.dataset import write_dataset
from segue_model.data.manifest import fingerprint
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.material import Material
from segue_model.evaluation.recommenders import Recommender, saved_model
from segue_model.evaluation.results import SEEN, TRAINING, UNKNOWN
from segue_model.evaluation.run import Outsider


def outsiders(
    material: Material, folders: Sequence[Path], *, may_have_seen: bool
) -> list[Outsider]:
    """Return the SavedModels in the folders, each with what it was trained on.

    Raises: EvaluationError when one was trained on the whole dataset, unless it `may_have_seen` the
    listeners, or when two have one name.
    """
    if not folders:
        return []
    training = _training_fingerprint(material)
    found: list[Outsider] = []
    for folder in folders:
        model = saved_model(folder, material.whole.songs.ids)
        if model.name in {one.recommender.name for one in found}:
            raise EvaluationError(f"{folder}: another model is called {model.name} too")
        told = _trained_on(model, material, training, may_have_seen=may_have_seen)
        found.append(Outsider(model, told))
    return found


def _trained_on(
    recommender: Recommender, material: Material, training: str, *, may_have_seen: bool
) -> str:
    """Return what a model was trained on; `training` is the fingerprint of the training data.

    Raises: EvaluationError when it is the whole dataset, unless it `may_have_seen` the listeners.
    """
    if recommender.dataset == training:
        return TRAINING
    if recommender.dataset != material.whole.fingerprint:
        return UNKNOWN
    if may_have_seen:
        return SEEN
    raise EvaluationError(
        f"{recommender.name}: was trained on all listens of this dataset, those to be guessed "
        "among them; train it on what `segue-model evaluate split` writes, or pass "
        "--seen-listeners to have figures that flatter it, marked as such"
    )


def _training_fingerprint(material: Material) -> str:
    """Return the fingerprint of the folder that `evaluate split` writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "training"
        write_dataset(path, material.training)
        return fingerprint(path)
