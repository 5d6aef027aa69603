"""Content similarity: songs that sound like, and are tagged like, the songs listened to.

Over the features of all songs, brought to length 1. Listened songs are put in groups of alike
ones, tastes, and a song is scored by the taste that likes it best: its cosine with their mean, and
less the fewer they are (`learning.tastes`). The members of that taste are the song's reasons.
"""

from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

import segue_signature as sig
from segue_model.data.columns import Features
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.learning.clusters_probing import sampled
from segue_model.learning.tastes import MOST_TASTES
from segue_model.ranking.approximate import Search, approximate
from segue_model.ranking.inner_product import InnerProduct
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.profile import Profile
from segue_model.ranking.songs import SongTable, song_arrays
from segue_model.ranking.tastes import Tastes

LISTENERS: Final = 512


@dataclass(frozen=True)
class ContentOptions:
    """How listeners are seen, and how songs are searched.

    `tastes` is how many a listener has at most; 1 is one mean of everything, and fastest.
    `retrieval` is `exact`, or `approximate`: as many blocks of near songs are searched as it takes
    to find the share `recall` of the exact ten best, for listeners sampled by `seed`.
    """

    tastes: int = MOST_TASTES
    retrieval: str = "exact"
    recall: float = 0.99
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tastes < 1:
            raise ValueError("tastes: less than 1")
        if self.retrieval not in ("exact", "approximate"):
            raise ValueError(f"retrieval: {self.retrieval!r} is neither exact nor approximate")
        if not 0 < self.recall <= 1:
            raise ValueError("recall: not above 0 and at most 1")
        if self.seed < 0:
            raise ValueError("seed: negative")


def unit_vectors(features: Features) -> npt.NDArray[np.float32]:
    """Return the features [N, d] at length 1; a song without any feature stays at 0."""
    values = features.values
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)


def fit(dataset: Dataset, options: ContentOptions, progress: Progress) -> RankingModel[Profile]:
    """Return the model of a dataset."""
    arrays, vectors = song_arrays(dataset), unit_vectors(dataset.features)
    profiler = Tastes(options.tastes)
    description = Description(
        "content", sig.SOURCE_CONTENT, True, dataset.fingerprint, asdict(options)
    )
    if options.retrieval == "exact":
        songs = SongTable(arrays)
        exact = InnerProduct(songs, vectors, sig.SOURCE_CONTENT, profiler)
        return RankingModel(songs, exact, description)
    matrix = interactions_of(dataset).matrix
    listened = sampled(matrix, arrays.artists, LISTENERS, options.seed)
    search = Search(listened, options.recall, options.seed)
    found = approximate(arrays, vectors, profiler, search, progress)
    described = replace(description, recall_at_10=found.recall)
    return RankingModel(found.songs, found.scorer, described)


ENGINE = Engine(fit, ContentOptions, {"tastes": (1, 2, 4, 6)})
