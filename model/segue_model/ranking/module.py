"""The exported model: the signatures of `segue_signature` around a ranker."""

import json
from typing import NamedTuple

import tensorflow as tf

import segue_signature as sig
from segue_model.ranking.constraints import Constraints, no_constraints
from segue_model.ranking.listeners import Listeners, clean
from segue_model.ranking.ranker import Ranked, Ranker, Scorer
from segue_model.ranking.songs import SongTable

Outputs = dict[str, tf.Tensor]


class Description(NamedTuple):
    """What an engine says of itself; `source` is a `SOURCE_` code of the signature."""

    algorithm: str
    source: int
    explains: bool
    dataset: str


class RankingModel(tf.Module):
    """Songs and a scorer, as a module that `tf.saved_model.save` writes whole."""

    def __init__(self, songs: SongTable, scorer: Scorer, description: Description) -> None:
        super().__init__()
        self._songs = songs
        self._scorer = scorer
        self._description = description

    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """Return the concrete functions to export, by signature name."""
        return {
            sig.RECOMMEND: self.recommend.get_concrete_function(*_spec(FLAT)),
            sig.RECOMMEND_BATCHED: self.recommend_batched.get_concrete_function(*_spec(BATCHED)),
            sig.DESCRIBE: self.describe.get_concrete_function(
                tf.TensorSpec([], tf.int32, sig.DESCRIPTION_SCHEMA)
            ),
        }

    def some_song_ids(self) -> list[int]:
        """Return ids spread over the catalog, to make requests of."""
        return self._songs.some_ids(20)

    @tf.function
    def recommend(self, listened_songs: tf.Tensor, no_recom_songs: tf.Tensor) -> Outputs:
        """Rank for one listener: int32 [n] and [] in, [m] out."""
        options = no_constraints(1)
        answer = self._answer(
            listened_songs[tf.newaxis, :], tf.reshape(no_recom_songs, [1]), options
        )
        found = tf.math.count_nonzero(answer[sig.RECOM_SONGS_IDS][0] != sig.PAD_ID)
        flat = {name: tensor[0][:found] for name, tensor in answer.items()}
        flat[sig.LISTENED_SONGS_KNOWN] = answer[sig.LISTENED_SONGS_KNOWN][0]
        return flat

    @tf.function
    def recommend_batched(
        self, listened_songs: tf.Tensor, no_recom_songs: tf.Tensor, *options: tf.Tensor
    ) -> Outputs:
        """Rank for B listeners: int32 [B, L], [B] and the options in, [B, K] out."""
        return self._answer(listened_songs, no_recom_songs, Constraints(*options))

    @tf.function
    def describe(self, schema: tf.Tensor) -> Outputs:
        """Return the description as JSON, whichever schema the caller reads.

        The input is there because serving wants each signature to have one.
        """
        del schema
        text = json.dumps(
            {
                "schema": sig.DESCRIPTION_SCHEMA_VERSION,
                **self._description._asdict(),
                "song_count": self._songs.count,
            },
            sort_keys=True,
        )
        return {sig.DESCRIPTION: tf.constant(text)}

    def _answer(self, listened: tf.Tensor, k: tf.Tensor, constraints: Constraints) -> Outputs:
        listeners = clean(self._songs, listened)
        ranked = Ranker(self._songs, self._scorer).rank(listeners, constraints, k)
        return self._outputs(listeners, ranked)

    def _outputs(self, listeners: Listeners, ranked: Ranked) -> Outputs:
        found = tf.math.is_finite(ranked.scores)
        anything_known = tf.reduce_any(listeners.known, axis=1, keepdims=True)
        source = tf.where(anything_known, self._description.source, sig.SOURCE_POPULAR)
        parts = self._scorer.contributions(ranked.rows, listeners.rows, listeners.weights)
        return {
            sig.RECOM_SONGS_IDS: tf.where(found, self._songs.ids_at(ranked.rows), sig.PAD_ID),
            sig.RECOM_SONGS_SCORES: tf.where(found, ranked.scores, 0.0),
            sig.RECOM_SONGS_CONTRIBUTIONS: tf.where(found[:, :, tf.newaxis], parts, 0.0),
            sig.RECOM_SONGS_SOURCES: tf.where(found, source, 0),
            sig.LISTENED_SONGS_KNOWN: listeners.known,
        }


Tensors = dict[str, tuple[list[int | None], tf.DType]]

FLAT: Tensors = {sig.LISTENED_SONGS: ([None], tf.int32), sig.NO_RECOM_SONGS: ([], tf.int32)}
BATCHED: Tensors = {
    sig.LISTENED_SONGS: ([None, None], tf.int32),
    sig.NO_RECOM_SONGS: ([None], tf.int32),
    # In the order of the fields of Constraints.
    sig.EXCLUDED_SONGS: ([None, None], tf.int32),
    sig.EXCLUDED_ARTISTS: ([None, None], tf.int32),
    sig.EXCLUDE_SEED_ARTISTS: ([None], tf.bool),
    sig.GENRES: ([None, None], tf.string),
    sig.ARTISTS: ([None, None], tf.int32),
    sig.YEARS: ([None, 2], tf.int32),
    sig.TEMPOS: ([None, 2], tf.float32),
    sig.MAX_PER_ARTIST: ([None], tf.int32),
}


def _spec(tensors: Tensors) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in tensors.items()]
