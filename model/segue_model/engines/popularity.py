"""Popularity: the songs most listeners have listened to, whoever asks."""

import numpy as np

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.songs import SongTable, song_arrays


def fit(dataset: Dataset) -> RankingModel:
    """Return the model of a dataset; the score is the share of listeners, 0 to 1."""
    songs = song_arrays(dataset)
    nothing = np.zeros((len(songs.ids), 0), np.float32)
    description = Description("popularity", sig.SOURCE_POPULAR, False, dataset.fingerprint)
    return RankingModel(SongTable(songs), InnerProduct(nothing, songs.popularity), description)
