"""Item-item: songs that listeners to these songs listen to as well.

EASE (Steck, WWW 2019): each song is foretold by a listener's others, with weights that a ridge
regression gives in closed form. The score of a song is the sum of its weights with the listened
songs, which are its reasons.
"""

from dataclasses import asdict

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.learning.item_item import ItemItemOptions, fit_item_item
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.neighbors import Neighbors, Sums
from segue_model.ranking.songs import SongTable, song_arrays


def fit(dataset: Dataset, options: ItemItemOptions, progress: Progress) -> RankingModel[Sums]:
    """Return the model of a dataset; songs with too few listeners score 0."""
    table = fit_item_item(interactions_of(dataset), options, progress)
    songs = SongTable(song_arrays(dataset))
    description = Description(
        "item-item", sig.SOURCE_COLLABORATIVE, True, dataset.fingerprint, asdict(options)
    )
    return RankingModel(songs, Neighbors(songs, table), description)


ENGINE = Engine(
    fit,
    ItemItemOptions,
    {"regularization": (10.0, 30.0, 100.0, 300.0, 1000.0), "min_listeners": (1, 2)},
)
