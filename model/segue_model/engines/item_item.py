"""Item-item: songs that listeners to these songs listen to as well.

EASE (Steck, WWW 2019): each song is foretold by a listener's others, with weights that a ridge
regression gives in closed form. The score of a song is the sum of its weights with the listened
songs, which are its reasons.
"""

from dataclasses import asdict, dataclass

import numpy as np

import segue_signature as sig
from segue_model.bulk.errors import BulkError
from segue_model.bulk.gram_files import read_gram
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.ingest.storage import Folder
from segue_model.learning.gram import Gram
from segue_model.learning.item_item import ItemItemOptions, fit_counted, fit_item_item
from segue_model.learning.neighbor_table import NeighborTable
from segue_model.ranking.module import Description, RankingModel
from segue_model.ranking.neighbors import Neighbors, Sums
from segue_model.ranking.songs import SongTable, song_arrays


@dataclass(frozen=True)
class Options:
    """Those of `ItemItemOptions`, and `gram`, a folder in which common listeners are counted.

    Where it is not given they are counted here. A folder that `segue-model gram` left is of one
    dataset, and of all its listeners.
    """

    regularization: float = 100.0
    neighbors: int = 200
    min_listeners: int = 2
    form: str = "auto"
    gram: str = ""

    def __post_init__(self) -> None:
        self.learning()

    def learning(self) -> ItemItemOptions:
        """Return the options of what is learned."""
        return ItemItemOptions(self.regularization, self.neighbors, self.min_listeners, self.form)


def fit(dataset: Dataset, options: Options, progress: Progress) -> RankingModel[Sums]:
    """Return the model of a dataset; songs with too few listeners score 0.

    Raises: ValueError naming the option, when the Gram is not the dataset's.
    """
    table = learned(dataset, options, progress)
    songs = SongTable(song_arrays(dataset))
    described = {name: value for name, value in asdict(options).items() if name != "gram"}
    description = Description(
        "item-item", sig.SOURCE_COLLABORATIVE, True, dataset.fingerprint, described
    )
    return RankingModel(songs, Neighbors(songs, table), description)


def learned(dataset: Dataset, options: Options, progress: Progress) -> NeighborTable:
    """Return the table, of common listeners that are counted here or were elsewhere."""
    if not options.gram:
        return fit_item_item(interactions_of(dataset), options.learning(), progress)
    try:
        counted = read_gram(Folder(options.gram))
    except (BulkError, OSError) as error:
        raise ValueError(f"gram: {error}") from error
    if counted.dataset != dataset.fingerprint:
        raise ValueError(f"gram: {options.gram} was counted of another dataset")
    if counted.listeners != len(np.unique(dataset.listens.listeners)):
        raise ValueError(f"gram: {options.gram} was counted of other listeners than these")
    if counted.min_listeners != options.min_listeners:
        found = f"{counted.min_listeners}, not {options.min_listeners}"
        raise ValueError(f"gram: {options.gram} was counted with min_listeners {found}")
    rows = np.searchsorted(dataset.songs.ids, counted.songs).astype(np.int32)
    return fit_counted(Gram(rows, counted.rows), options.learning(), progress)


ENGINE = Engine(
    fit,
    Options,
    {"regularization": (10.0, 30.0, 100.0, 300.0, 1000.0), "min_listeners": (1, 2)},
)
