"""What engines are evaluated with: the splits, and the datasets that they are trained on."""

from dataclasses import dataclass

import numpy as np

from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.evaluation.cold import ColdSplit, cold_split
from segue_model.evaluation.metrics import Counts
from segue_model.evaluation.results import SplitFacts
from segue_model.evaluation.split import Plan, Split, split
from segue_model.evaluation.training_data import training_dataset


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A dataset split for evaluation.

    `listens` [N] is how many training listeners each song of `whole` has. `cold_training` is
    `training` without the listens of the cold songs.
    """

    whole: Dataset
    split: Split
    training: Dataset
    listens: Counts
    cold: ColdSplit | None
    cold_training: Dataset | None


def material_of(dataset: Dataset, plan: Plan) -> Material:
    """Return the dataset split by the plan. Raises: EvaluationError."""
    parts = split(interactions_of(dataset), plan)
    training = training_dataset(dataset, parts)
    heard = np.searchsorted(dataset.songs.ids, training.listens.songs)
    listens = np.bincount(heard, minlength=len(dataset.songs.ids))
    cold = cold_split(parts)
    left = training_dataset(dataset, parts, cold.songs) if cold else None
    return Material(dataset, parts, training, listens, cold, left)


def facts(material: Material) -> SplitFacts:
    """Return how large the parts are."""
    parts, plan = material.split, material.split.plan
    return SplitFacts(
        songs=len(parts.songs),
        training_listeners=len(parts.training),
        training_listens=len(material.training.listens.songs),
        validation_listeners=len(parts.validation),
        test_listeners=len(parts.test),
        dropped_listeners=parts.dropped,
        shown=parts.test.shown.nnz,
        targets=parts.test.targets.nnz,
        cold_songs=len(material.cold.songs) if material.cold else 0,
        held_out=plan.held_out,
        min_songs=plan.min_songs,
        min_listeners=plan.min_listeners,
        cold=plan.cold,
    )
