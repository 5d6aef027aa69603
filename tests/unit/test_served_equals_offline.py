"""The served graph ranks what was learned: the first hundred songs of a thousand listeners."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import segue_signature as sig
from ranking_oracle import Query
from ranking_use import ask, reloaded
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import silent
from segue_model.data.synthetic import synthetic_dataset
from segue_model.engines import ENGINES
from segue_model.learning import factors_fold_in, neighbor_table
from segue_model.learning.factors import fit_factors
from segue_model.learning.factors_options import FactorsOptions
from segue_model.learning.item_item import ItemItemOptions, fit_item_item

SONGS, LISTENERS, BATCH, K = 1_500, 1_000, 50, 100
Offline = Callable[[sparse.csr_matrix], np.ndarray]


def item_item(dataset: Dataset) -> tuple[np.ndarray, Offline]:
    table = fit_item_item(interactions_of(dataset), ItemItemOptions())
    return table.songs, lambda history: neighbor_table.scores(table, history)


def factors(dataset: Dataset) -> tuple[np.ndarray, Offline]:
    learned = fit_factors(interactions_of(dataset), FactorsOptions(), silent)
    return learned.songs, lambda history: factors_fold_in.scores(learned, history)


@pytest.mark.parametrize(("name", "offline"), [("item-item", item_item), ("factors", factors)])
def test_the_first_hundred_of_a_thousand_listeners_are_the_same(
    name: str, offline: Callable[[Dataset], tuple[np.ndarray, Offline]], tmp_path: Path
) -> None:
    dataset = synthetic_dataset(SONGS, LISTENERS, 9)
    engine, ids = ENGINES[name], dataset.songs.ids
    model = reloaded(engine.fit(dataset, engine.options(), silent), tmp_path / "model")
    songs, score = offline(dataset)
    histories = interactions_of(dataset).matrix
    assert histories.shape[0] == LISTENERS
    for start in range(0, LISTENERS, BATCH):
        history = histories[start : start + BATCH]
        queries = [Query(ids[row.indices].tolist(), K) for row in history]
        answer = ask(model, queries)
        whole = np.zeros(history.shape)
        whole[:, songs] = score(history)
        whole[history.toarray() > 0] = -np.inf
        best = -np.sort(-whole, axis=1)[:, :K]
        found = np.searchsorted(ids, answer[sig.RECOM_SONGS_IDS])
        np.testing.assert_allclose(answer[sig.RECOM_SONGS_SCORES], best, rtol=1e-5, atol=2e-6)
        # Which song it is, equal scores aside, which float32 may order either way.
        own = np.take_along_axis(whole, found, axis=1)
        np.testing.assert_allclose(own, best, rtol=1e-5, atol=2e-6)
        assert (np.diff(np.sort(found, axis=1), axis=1) > 0).all(), "a song twice"
