"""The dataset that engines may learn from: the listens of training listeners, nobody else's."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from segue_model.data.columns import Listens, Ragged, Songs, popularity
from segue_model.data.dataset import Dataset
from segue_model.evaluation.split import Rows, Split

NO_SONGS: Rows = np.zeros(0, np.int64)


def training_dataset(dataset: Dataset, split: Split, cold: Rows = NO_SONGS) -> Dataset:
    """Return the songs of the split with the listens of its training listeners.

    `cold` songs are there without listens. Popularity is counted anew, the fingerprint is that of
    `dataset`, and `source` tells of the split.
    """
    chosen = _mask(len(dataset.songs.ids), split.songs)
    heard = chosen & ~_mask(len(chosen), cold)
    listens = _listens(dataset, split, heard)
    songs = _songs(dataset.songs, chosen)
    songs = replace(songs, popularity=popularity(songs.ids, listens))
    features = replace(dataset.features, values=dataset.features.values[chosen])
    plan = split.plan
    told = {
        "of": dataset.fingerprint,
        "seed": plan.seed,
        "held_out": plan.held_out,
        "min_songs": plan.min_songs,
        "min_listeners": plan.min_listeners,
    }
    source = {**dataset.source, "training_split": told}
    return replace(dataset, songs=songs, features=features, listens=listens, source=source)


def _listens(dataset: Dataset, split: Split, heard: npt.NDArray[np.bool_]) -> Listens:
    listens = dataset.listens
    kept = np.isin(listens.listeners, split.training)
    kept &= heard[np.searchsorted(dataset.songs.ids, listens.songs)]
    return Listens(listens.listeners[kept], listens.songs[kept], listens.plays[kept])


def _songs(songs: Songs, chosen: npt.NDArray[np.bool_]) -> Songs:
    columns: dict[str, Any] = {each.name: getattr(songs, each.name) for each in fields(Songs)}
    for name, column in columns.items():
        columns[name] = _ragged(column, chosen) if isinstance(column, Ragged) else column[chosen]
    return Songs(**columns)


def _ragged(lists: Ragged, chosen: npt.NDArray[np.bool_]) -> Ragged:
    lengths = np.diff(lists.offsets)
    offsets = np.concatenate([[0], np.cumsum(lengths[chosen])]).astype(np.int64)
    return Ragged(offsets, lists.values[np.repeat(chosen, lengths)])


def _mask(size: int, rows: Rows) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask
