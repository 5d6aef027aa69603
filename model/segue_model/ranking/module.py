"""The exported model: the signatures of `segue_signature` around a ranker."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Generic

import tensorflow as tf

import segue_signature as sig
from segue_model.ranking.constraints import Constraints, no_constraints
from segue_model.ranking.listeners import Listeners, clean
from segue_model.ranking.ranked import Ranked
from segue_model.ranking.ranker import Ranker
from segue_model.ranking.scorer import Profiles, Scorer
from segue_model.ranking.songs import SongTable

Outputs = dict[str, tf.Tensor]
Functions = dict[str, tf.types.experimental.ConcreteFunction]


@dataclass(frozen=True)
class Description:
    """What an engine says of itself; `source` is a `SOURCE_` code of the signature.

    `options` are those it was trained with, `dataset` the fingerprint of what it was trained on,
    `metrics` what it reached where it was evaluated (`docs/evaluation.md`), `recall_at_10` the
    share of the exact ten best songs that it finds; of an exact engine that is no question.
    """

    algorithm: str
    source: int
    explains: bool
    dataset: str
    options: Mapping[str, object] = field(default_factory=dict)
    recall_at_10: float | None = None
    metrics: Mapping[str, object] | None = None

    def as_json(self, song_count: int) -> str:
        """Return the answer of `describe_engine`."""
        said = asdict(self)
        recall = said.pop("recall_at_10")
        form = {"form": "exact"} if recall is None else {"form": "approximate"}
        retrieval = form if recall is None else {**form, "recall_at_10": recall}
        said |= {"schema": sig.DESCRIPTION_SCHEMA_VERSION, "song_count": song_count}
        return json.dumps(said | {"retrieval": retrieval}, sort_keys=True)


class RankingModel(tf.Module, Generic[Profiles]):
    """Songs and a scorer, as a module that `tf.saved_model.save` writes whole."""

    def __init__(
        self, songs: SongTable, scorer: Scorer[Profiles], description: Description
    ) -> None:
        super().__init__()
        self._songs = songs
        self._scorer = scorer
        self._ranker = Ranker(songs, scorer, alone=description.recall_at_10 is not None)
        self._description = description

    def with_metrics(self, metrics: Mapping[str, object]) -> "RankingModel[Profiles]":
        """Return the same model, telling that it reached `metrics`."""
        return RankingModel(self._songs, self._scorer, replace(self._description, metrics=metrics))

    def signatures(self) -> Functions:
        """Return the concrete functions to export, by signature name."""
        return self._functions

    @cached_property
    def _functions(self) -> Functions:
        # Traced here and kept in a dict, for a tf.function that is found on a module is traced anew
        # when it is saved, and the file would hold each graph twice.
        batched = _concrete(self._answer, BATCHED)

        def flat(listened_songs: tf.Tensor, no_recom_songs: tf.Tensor) -> Outputs:
            k = tf.reshape(no_recom_songs, [1])
            answer = batched(listened_songs[tf.newaxis, :], k, *no_constraints(1))
            found = tf.math.count_nonzero(answer[sig.RECOM_SONGS_IDS][0] != sig.PAD_ID)
            first = {name: tensor[0][:found] for name, tensor in answer.items()}
            first[sig.LISTENED_SONGS_KNOWN] = answer[sig.LISTENED_SONGS_KNOWN][0]
            return first

        return {
            sig.RECOMMEND: _concrete(flat, FLAT),
            sig.RECOMMEND_BATCHED: batched,
            sig.DEFAULT: batched,
            sig.DESCRIBE: _concrete(self._describe, SCHEMA),
        }

    def some_song_ids(self) -> list[int]:
        """Return ids spread over the catalog, to make requests of."""
        return self._songs.some_ids(20)

    def _describe(self, schema: tf.Tensor) -> Outputs:
        # Whichever schema the caller reads; it is there because serving wants each signature to
        # have an input.
        del schema
        return {sig.DESCRIPTION: tf.constant(self._description.as_json(self._songs.count))}

    def _answer(self, listened: tf.Tensor, k: tf.Tensor, *options: tf.Tensor) -> Outputs:
        # One place more, so that no list is empty; the outputs leave it out again.
        padded = tf.pad(listened, [[0, 0], [0, 1]], constant_values=sig.PAD_ID)
        listeners = clean(self._songs, padded, self._scorer.knows)
        profiles = self._scorer.profiles(listeners.seeds)
        ranked = self._ranker.rank(profiles, listeners, Constraints(*options), k)
        return self._outputs(profiles, listeners, ranked)

    def _outputs(self, profiles: Profiles, listeners: Listeners, ranked: Ranked) -> Outputs:
        found = tf.math.is_finite(ranked.scores)
        anything_known = tf.reduce_any(listeners.known, axis=1, keepdims=True)
        own = self._scorer.sources(ranked.rows)
        source = tf.where(anything_known, own, sig.SOURCE_POPULAR)
        parts = self._scorer.contributions(profiles, ranked.rows)
        explained = found & anything_known
        parts = tf.where(explained[:, :, tf.newaxis], parts, 0.0)
        as_given = tf.gather(tf.transpose(parts, [0, 2, 1]), listeners.places[:, :-1], batch_dims=1)
        return {
            sig.RECOM_SONGS_IDS: tf.where(found, self._songs.ids_at(ranked.rows), sig.PAD_ID),
            sig.RECOM_SONGS_SCORES: tf.where(found, ranked.scores, 0.0),
            sig.RECOM_SONGS_CONTRIBUTIONS: tf.transpose(as_given, [0, 2, 1]),
            sig.RECOM_SONGS_SOURCES: tf.where(found, source, 0),
            sig.LISTENED_SONGS_KNOWN: listeners.known[:, :-1],
        }


Tensors = dict[str, tuple[list[int | None], tf.DType]]

SCHEMA: Tensors = {sig.DESCRIPTION_SCHEMA: ([], tf.int32)}
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
    sig.DIVERSITY: ([None], tf.float32),
}


def _concrete(
    function: Callable[..., Outputs], inputs: Tensors
) -> tf.types.experimental.ConcreteFunction:
    specs = [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in inputs.items()]
    return tf.function(function, autograph=False).get_concrete_function(*specs)
