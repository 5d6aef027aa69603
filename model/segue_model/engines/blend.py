"""Blend: behavior where there is some, content where there is none yet.

Most songs of a catalog have no listens, so a collaborative engine never recommends them. Here the
score of a song is that of `item-item`, plus how much it is like the songs listened to. What that is
worth is measured on the listeners: the slope of item-item scores over likeness. Songs that have
listeners get a small part of it, all others more. Both are sums over the listened songs, and
so are the reasons.
"""

from dataclasses import asdict, dataclass

import numpy as np

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.content import unit_vectors
from segue_model.engines.engine import Engine
from segue_model.learning.item_item import ItemItemOptions, fit_item_item
from segue_model.learning.likeness import worth
from segue_model.ranking.blended import Blended, Both
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.neighbors import Neighbors
from segue_model.ranking.songs import SongTable, song_arrays
from segue_model.ranking.tastes import Tastes


@dataclass(frozen=True)
class BlendOptions:
    """How much content counts, beside the options of `item-item`.

    `warm_content` for songs that have listeners enough, `cold_content` for those that have not, in
    parts of what likeness was measured to be worth.
    """

    regularization: float = 100.0
    neighbors: int = 200
    min_listeners: int = 2
    warm_content: float = 0.1
    cold_content: float = 2.0

    def __post_init__(self) -> None:
        self.behavior()
        for name in ("warm_content", "cold_content"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: not 0 or a positive number")

    def behavior(self) -> ItemItemOptions:
        """Return the options of the collaborative part."""
        return ItemItemOptions(self.regularization, self.neighbors, self.min_listeners)


def fit(dataset: Dataset, options: BlendOptions, progress: Progress) -> RankingModel[Both]:
    """Return the model of a dataset."""
    listens = interactions_of(dataset)
    table = fit_item_item(listens, options.behavior(), progress)
    vectors = unit_vectors(dataset.features)
    unit = worth(table, vectors, listens)
    songs = SongTable(song_arrays(dataset))
    content = InnerProduct(songs, vectors, sig.SOURCE_CONTENT, Tastes())
    weights = np.full(songs.count, options.cold_content * unit, np.float32)
    weights[table.songs] = options.warm_content * unit
    description = Description("blend", sig.SOURCE_BLEND, True, dataset.fingerprint, asdict(options))
    scorer = Blended(songs, Neighbors(songs, table), content, weights)
    return RankingModel(songs, scorer, description)


ENGINE = Engine(
    fit,
    BlendOptions,
    {
        "regularization": (30.0, 100.0, 300.0),
        "warm_content": (0.0, 0.1, 0.3),
        "cold_content": (1.0, 2.0, 4.0),
    },
)
