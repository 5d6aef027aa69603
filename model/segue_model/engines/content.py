"""Content similarity: songs that sound like, and are tagged like, the songs listened to.

Exact, over the normalized features of all songs in memory. The score of a song is the mean of
its cosines with the listened songs, so a listened song's contribution is its cosine divided by
their number.
"""

import numpy as np

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.songs import SongTable, song_arrays


def fit(dataset: Dataset) -> RankingModel:
    """Return the model of a dataset; a song without any feature is similar to none (cosine 0)."""
    songs = song_arrays(dataset)
    features = dataset.features.values
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, lengths, out=np.zeros_like(features), where=lengths > 0)
    description = Description("content", sig.SOURCE_CONTENT, True, dataset.fingerprint)
    return RankingModel(SongTable(songs), InnerProduct(unit, songs.popularity), description)
