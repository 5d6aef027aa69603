"""Popularity: the songs most listeners have listened to, whoever asks."""

import numpy as np

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine, NoOptions
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.profile import Profile
from segue_model.ranking.songs import SongTable, song_arrays


def fit(dataset: Dataset, options: NoOptions, progress: Progress) -> RankingModel[Profile]:
    """Return the model of a dataset; the score is the share of listeners, 0 to 1."""
    del options
    progress("popularity", 0)
    songs = SongTable(song_arrays(dataset))
    nothing = np.zeros((songs.count, 0), np.float32)
    scorer = InnerProduct(songs, nothing, sig.SOURCE_POPULAR)
    progress("popularity", 1)
    description = Description("popularity", sig.SOURCE_POPULAR, False, dataset.fingerprint)
    return RankingModel(songs, scorer, description)


ENGINE = Engine(fit, NoOptions)
