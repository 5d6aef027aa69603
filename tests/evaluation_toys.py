"""A small engine, quick to train and to ask, for tests of what evaluates engines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import segue_signature as sig
from segue_model.data.columns import Ids
from segue_model.data.dataset import Dataset
from segue_model.data.interactions import interactions_of
from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine, NoOptions

INPUTS = {
    sig.LISTENED_SONGS: ([None, None], tf.int32),
    sig.NO_RECOM_SONGS: ([None], tf.int32),
    sig.EXCLUDED_SONGS: ([None, None], tf.int32),
}


@dataclass(frozen=True)
class ToyOptions:
    shrink: float = 0.0

    def __post_init__(self) -> None:
        if self.shrink < 0:
            raise ValueError("shrink: below 0")


class Toy(tf.Module):  # type: ignore[misc]
    """Ranks by rows of `weights` [N, N] summed over the listened songs, plus a prior [N]."""

    def __init__(
        self, ids: Ids, weights: np.ndarray, prior: np.ndarray, told: Mapping[str, object]
    ) -> None:
        super().__init__()
        self.ids = tf.constant(ids)
        self.weights, self.prior = tf.Variable(weights, dtype=tf.float32), tf.constant(prior)
        self.told = json.dumps(told)

    @tf.function  # type: ignore[untyped-decorator]
    def recommend(self, listened: tf.Tensor, k: tf.Tensor, excluded: tf.Tensor) -> dict[str, Any]:
        marked = self._marked(listened)
        scores = tf.matmul(marked, self.weights) + tf.cast(self.prior, tf.float32)
        scores = tf.where(marked + self._marked(excluded) > 0, -np.inf, scores)
        best = tf.math.top_k(scores, tf.minimum(tf.reduce_max(k), len(self.ids)))
        ids = tf.gather(self.ids, best.indices)
        return {sig.RECOM_SONGS_IDS: tf.where(tf.math.is_finite(best.values), ids, sig.PAD_ID)}

    @tf.function  # type: ignore[untyped-decorator]
    def describe(self, schema: tf.Tensor) -> dict[str, Any]:
        return {sig.DESCRIPTION: tf.constant(self.told)}

    def signatures(self) -> dict[str, Any]:
        specs = [tf.TensorSpec(*given, name=name) for name, given in INPUTS.items()]
        return {
            sig.RECOMMEND_BATCHED: self.recommend.get_concrete_function(*specs),
            sig.DESCRIBE: self.describe.get_concrete_function(
                tf.TensorSpec([], tf.int32, sig.DESCRIPTION_SCHEMA)
            ),
        }

    def _marked(self, songs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_max(tf.cast(songs[:, :, None] == self.ids, tf.float32), axis=1)


def fit_toy(dataset: Dataset, options: ToyOptions, progress: Progress) -> Toy:
    """Cosines of songs by their listeners, shrunk where there are few."""
    progress("toy", 1)
    matrix = interactions_of(dataset).binary()
    common = (matrix.T @ matrix).toarray().astype(np.float64)
    counts = common.diagonal()
    weights = common / (np.sqrt(np.outer(counts, counts)) + options.shrink + 1e-9)
    np.fill_diagonal(weights, 0)
    told = {"algorithm": "toy", "dataset": dataset.fingerprint}
    return Toy(dataset.songs.ids, weights, np.zeros(len(counts)), told)


def fit_popular(dataset: Dataset, options: NoOptions, progress: Progress) -> Toy:
    count = len(dataset.songs.ids)
    told = {"algorithm": "popularity", "dataset": dataset.fingerprint}
    return Toy(dataset.songs.ids, np.zeros((count, count)), dataset.songs.popularity, told)


TOYS: dict[str, Engine[Any]] = {
    "toy": Engine(fit_toy, ToyOptions, {"shrink": (0.0, 3.0, 1000.0)}),
    "popular": Engine(fit_popular, NoOptions),
}


def save(model: Toy, folder: Path, **told: object) -> None:
    """Save a toy as a SavedModel that tells what is `told`."""
    prior, weights = model.prior.numpy(), model.weights.numpy()
    saying = Toy(model.ids.numpy(), weights, prior, json.loads(model.told) | told)
    tf.saved_model.save(saying, str(folder), saying.signatures())
