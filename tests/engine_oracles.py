"""What each engine's scores must be, in plain numpy: one entry an engine."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ranking_oracle import Oracle, Score, mean_product
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import silent
from segue_model.engines.blend import BlendOptions
from segue_model.engines.content import unit_vectors
from segue_model.learning import factors_fold_in, neighbor_table, tastes
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_options import FactorsOptions
from segue_model.learning.item_item import ItemItemOptions, fit_item_item
from segue_model.learning.likeness import likeness, worth
from segue_model.ranking.songs import song_arrays


def content(dataset: Dataset) -> Score:
    vectors = unit_vectors(dataset.features)

    def score(rows: list[int]) -> np.ndarray | None:
        return tastes.scores(vectors, history(rows, len(vectors)))[0] if rows else None

    return score


def popular(dataset: Dataset) -> Score:
    return mean_product(np.zeros((len(dataset.songs.ids), 0)))


def history(rows: list[int], songs: int) -> sparse.csr_matrix:
    there = (np.ones(len(rows), np.float32), (np.zeros(len(rows), int), rows))
    return sparse.csr_matrix(there, shape=(1, songs))


def item_item(dataset: Dataset) -> Score:
    table = fit_item_item(interactions_of(dataset), ItemItemOptions())
    return on_warm(dataset, table.songs, lambda h: neighbor_table.scores(table, h)[0])


def factors(dataset: Dataset) -> Score:
    learned = fit_factors(interactions_of(dataset), FactorsOptions(), silent)
    return on_warm(dataset, learned.songs, lambda h: factors_fold_in.scores(learned, h)[0])


def on_warm(
    dataset: Dataset, warm: np.ndarray, scores: Callable[[sparse.csr_matrix], np.ndarray]
) -> Score:
    """Return what gives the songs `warm` their scores, and all others 0."""

    def score(rows: list[int]) -> np.ndarray | None:
        if not set(rows) & set(warm.tolist()):
            return None
        whole = np.zeros(len(dataset.songs.ids))
        whole[warm] = scores(history(rows, len(whole)))
        return whole

    return score


def blend(dataset: Dataset) -> Score:
    options = BlendOptions()
    behavior, alike = item_item(dataset), content(dataset)
    table = fit_item_item(interactions_of(dataset), options.behavior())
    unit = worth(table, unit_vectors(dataset.features), interactions_of(dataset))
    weights = np.full(len(dataset.songs.ids), options.cold_content * unit)
    weights[table.songs] = options.warm_content * unit

    def score(rows: list[int]) -> np.ndarray | None:
        heard = behavior(rows)
        similar = alike(rows)
        if similar is None:
            return None
        return weights * likeness(similar) + (0 if heard is None else heard)

    return score


def _of(score: Callable[[Dataset], Score]) -> Callable[[Dataset], Oracle]:
    return lambda dataset: Oracle(song_arrays(dataset), score(dataset), popular=score is popular)


ORACLES: dict[str, Callable[[Dataset], Oracle]] = {
    "content": _of(content),
    "item-item": _of(item_item),
    "factors": _of(factors),
    "blend": _of(blend),
    "popular": _of(popular),
}
