"""Trains engines and asks them: for the test listeners, and again where songs are cold."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from segue_model.data.columns import Ids
from segue_model.data.dataset import Dataset
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.evaluation.cold import ColdSplit
from segue_model.evaluation.metrics import Recommended, estimate, hits, recall
from segue_model.evaluation.recommenders import BATCH, Recommender
from segue_model.evaluation.results import Cold, Temperature
from segue_model.evaluation.scoring import DEPTH, RECALL
from segue_model.evaluation.split import Rows


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine by name, with the options that it is evaluated with."""

    name: str
    engine: Engine[Any]
    options: Any


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A contender's recommender and how long its training took."""

    recommender: Recommender
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was recommended, and how long a listener took when asked 32 at a time."""

    recommended: Recommended
    milliseconds_per_listener: float


def trained(contender: Contender, dataset: Dataset, ids: Ids, progress: Progress) -> Trained:
    """Return the contender trained on a dataset; its songs are rows of `ids`."""
    started = time.perf_counter()
    model = contender.engine.fit(dataset, contender.options, progress)
    seconds = time.perf_counter() - started
    return Trained(Recommender(contender.name, model, model.signatures(), ids), seconds)


def ask(recommender: Recommender, shown: sparse.csr_matrix, progress: Progress) -> Answers:
    """Return the best 100 songs for each listener of whom `shown` tells, CSR [B, N]."""
    # The first call prepares, so it does not count.
    recommender.recommend(shown[:BATCH], DEPTH)
    started = time.perf_counter()
    recommended = recommender.recommend(shown, DEPTH, progress=progress)
    return Answers(recommended, (time.perf_counter() - started) * 1000 / shown.shape[0])


def ask_cold(
    recommender: Recommender, cold: ColdSplit, songs: Rows, progress: Progress
) -> Cold | None:
    """Return recall of warm and cold songs; `songs` are all. `None` if nobody has cold targets."""
    if not cold.cold.nnz:
        return None
    warm_songs = np.setdiff1d(songs, cold.songs)
    among_all = _Question(recommender, cold.shown, progress)
    return Cold(
        among_all.recall(cold.warm, cold.songs) if cold.warm.nnz else None,
        among_all.recall(cold.cold, warm_songs),
        among_all.recall(cold.cold, songs[:0]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    recommender: Recommender
    shown: sparse.csr_matrix
    progress: Progress

    def recall(self, targets: sparse.csr_matrix, excluded: Rows) -> Temperature:
        """Return recall at 20 of the listeners that have targets."""
        asked = np.flatnonzero(np.diff(targets.indptr))
        shown, wanted = self.shown[asked], targets[asked]
        recommended = self.recommender.recommend(shown, RECALL, excluded, self.progress)
        return Temperature(len(asked), estimate(recall(hits(recommended, wanted), wanted, RECALL)))
