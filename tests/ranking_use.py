"""Asks models by the batched signature what random listeners might."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import segue_signature as sig
from ranking_oracle import Query
from segue_model.ranking.module import BATCHED, RankingModel
from segue_model.ranking.songs import SongArrays

Model = dict[str, Any]  # the loaded module, and its signatures by name
UNKNOWN = 10**9


def reloaded(model: RankingModel[Any], folder: Path) -> Model:
    """Return a model as it is after its export to `folder`."""
    tf.saved_model.save(model, str(folder), signatures=model.signatures())
    loaded = tf.saved_model.load(str(folder))
    # The loaded module must outlive the functions taken from it.
    return {"module": loaded, **loaded.signatures}


def random_query(rng: np.random.Generator, songs: SongArrays) -> Query:
    """A query whose listened songs are a power of two, so that their mean is exact too."""

    def some(values: Any, most: int) -> list[Any]:  # noqa: ANN401 - whatever is chosen from
        chosen: list[Any] = rng.choice(values, rng.integers(0, most), replace=False).tolist()
        return chosen

    genre_names = [name.casefold() for name in songs.genre_names]
    listened = rng.choice(songs.ids, rng.choice([0, 1, 2, 4, 8]), replace=False).tolist()
    listened += [UNKNOWN] * int(rng.integers(0, 2)) + listened[: rng.integers(0, 2)]
    low, high = sorted(rng.integers(1960, 2010, 2).tolist())
    slow, fast = sorted(rng.uniform(60, 180, 2).astype(np.float32).tolist())
    k = int(rng.choice([0, 1, 3, 10, 100, 3 * len(songs.ids)]))
    return Query(
        listened=listened,
        k=k,
        excluded_songs=some(songs.ids, 40) if rng.random() < 0.3 else [],
        excluded_artists=some(np.unique(songs.artists), 20) if rng.random() < 0.3 else [],
        exclude_seed_artists=bool(rng.random() < 0.3),
        genres=some(genre_names, 4) if rng.random() < 0.4 else [],
        artists=some(np.unique(songs.artists), 9) if rng.random() < 0.2 else [],
        years=[(0, 0), (low, 0), (0, high), (low, high)][rng.choice(4, p=[0.6, 0.1, 0.1, 0.2])],
        tempos=[(0, 0), (slow, 0), (0, fast), (slow, fast)][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])],
        max_per_artist=int(rng.choice([0, 0, 0, 1, 2])),
        diversity=float(rng.choice([0, 0, 0, 0.25, 0.5, 1])) if k <= 100 else 0.0,
    )


def ask(model: Model, queries: Sequence[Query]) -> dict[str, np.ndarray]:
    """Return the outputs of the batched signature, a query a row."""

    def padded(lists: Sequence[Sequence[object]], pad: object, dtype: tf.DType) -> tf.Tensor:
        width = max(1, *(len(values) for values in lists)) if lists else 1
        return tf.constant([[*v, *[pad] * (width - len(v))] for v in lists], dtype)

    def ids(name: str) -> tf.Tensor:
        return padded([getattr(query, name) for query in queries], sig.PAD_ID, tf.int32)

    inputs = (
        ids("listened"),
        tf.constant([query.k for query in queries]),
        ids("excluded_songs"),
        ids("excluded_artists"),
        tf.constant([query.exclude_seed_artists for query in queries]),
        padded([query.genres for query in queries], sig.PAD_NAME, tf.string),
        ids("artists"),
        tf.constant([query.years for query in queries], tf.int32),
        tf.constant([query.tempos for query in queries], tf.float32),
        tf.constant([query.max_per_artist for query in queries]),
        tf.constant([query.diversity for query in queries], tf.float32),
    )
    outputs = model[sig.RECOMMEND_BATCHED](**dict(zip(BATCHED, inputs, strict=True)))
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def found(answer: dict[str, np.ndarray], row: int) -> list[int]:
    """Return the songs recommended in a row of an answer."""
    return [song for song in answer[sig.RECOM_SONGS_IDS][row].tolist() if song != sig.PAD_ID]
