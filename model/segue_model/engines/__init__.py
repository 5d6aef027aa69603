"""The engines: one file an algorithm, each from a dataset to a model that can be exported."""

from collections.abc import Callable, Mapping

from segue_model.data.dataset import Dataset
from segue_model.engines import content, popularity
from segue_model.ranking.module import RankingModel

# A new engine is a file beside this one and a line here.
ENGINES: Mapping[str, Callable[[Dataset], RankingModel]] = {
    "content": content.fit,
    "popular": popularity.fit,
}
