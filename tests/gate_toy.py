"""A model by another trainer: the whole model signature in the simplest TensorFlow.

It scores every song against every listened one, sorts all, and picks one by one. The variable
`defect` names a rule to break; empty, the model keeps them all. `docs/gate.md` points here.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

import segue_signature as sig
from segue_model.data.dataset import Dataset
from segue_model.serving.untyped import Message

NOTHING = float("-inf")
WARM_UP = Path("assets.extra/tf_serving_warmup_requests")
Outputs = dict[str, tf.Tensor]

FLAT = (
    tf.TensorSpec([None], tf.int32, sig.LISTENED_SONGS),
    tf.TensorSpec([], tf.int32, sig.NO_RECOM_SONGS),
)
SCHEMA = [tf.TensorSpec([], tf.int32, sig.DESCRIPTION_SCHEMA)]
BATCHED = (
    tf.TensorSpec([None, None], tf.int32, sig.LISTENED_SONGS),
    tf.TensorSpec([None], tf.int32, sig.NO_RECOM_SONGS),
    tf.TensorSpec([None, None], tf.int32, sig.EXCLUDED_SONGS),
    tf.TensorSpec([None, None], tf.int32, sig.EXCLUDED_ARTISTS),
    tf.TensorSpec([None], tf.bool, sig.EXCLUDE_SEED_ARTISTS),
    tf.TensorSpec([None, None], tf.string, sig.GENRES),
    tf.TensorSpec([None, None], tf.int32, sig.ARTISTS),
    tf.TensorSpec([None, 2], tf.int32, sig.YEARS),
    tf.TensorSpec([None, 2], tf.float32, sig.TEMPOS),
    tf.TensorSpec([None], tf.int32, sig.MAX_PER_ARTIST),
    tf.TensorSpec([None], tf.float32, sig.DIVERSITY),
)


class Toy(tf.Module):  # type: ignore[misc] # TensorFlow has no types
    """Cosine similarity of songs that somebody listened to; it knows nothing of the others."""

    def __init__(self, dataset: Dataset, defect: str = "") -> None:
        super().__init__()
        self.defect = tf.Variable(defect)
        songs, self.fingerprint = dataset.songs, dataset.fingerprint
        self.ids = tf.Variable(songs.ids)
        self.artists, self.years = tf.Variable(songs.artists), tf.Variable(songs.years)
        self.tempos = tf.Variable(songs.tempos)
        self.popularity = tf.Variable(songs.popularity.astype(np.float32))
        values = dataset.features.values
        self.vectors = tf.Variable(values / np.linalg.norm(values, axis=1, keepdims=True))
        self.genre_names = [name.casefold() for name in dataset.genres.names]
        genres = [np.isin(dataset.genres.ids, songs.genres[row]) for row in range(len(songs.ids))]
        self.genres = tf.Variable(np.array(genres))
        self.count = len(songs.ids)

    @tf.function(input_signature=BATCHED)  # type: ignore[untyped-decorator]
    def recommend_batched(self, listened: tf.Tensor, k: tf.Tensor, *given: tf.Tensor) -> Outputs:
        options = dict(zip([spec.name for spec in BATCHED[2:]], given, strict=True))
        hit = listened[:, :, tf.newaxis] == self.ids.read_value()  # [B, L, N]
        counts = hit & (tf.cumsum(tf.cast(hit, tf.int32), axis=1) == 1) & (self.popularity > 0)
        counts = tf.reduce_any(counts, axis=2)  # [B, L]: known, for the first time
        known = tf.reduce_any(hit & (self.popularity > 0), axis=2)
        parts = self._parts(listened, hit, counts)  # [B, L, N]
        anything = tf.reduce_any(known, axis=1, keepdims=True)
        scores = tf.where(anything, tf.reduce_sum(parts, axis=1), self.popularity)
        allowed = self._allowed(hit, options)
        missed = scores >= tf.reduce_max(tf.where(allowed, scores, NOTHING), 1, keepdims=True)
        enough = tf.math.count_nonzero(allowed, axis=1, keepdims=True) > 20
        missed &= (
            enough
            & anything
            & (k <= 10)[:, tf.newaxis]
            & (options[sig.DIVERSITY] == 0)[:, tf.newaxis]
        )
        for defect in ("retrieval", "recall", "approximate"):
            allowed = self._either(defect, allowed & ~missed, allowed)
        k = self._either("song-numbers", tf.abs(k), k)
        rows, found = self._ranked(tf.where(allowed, scores, NOTHING), k, options)
        ids = tf.gather(self.ids.read_value(), rows)
        doubled = tf.concat([ids[:, :1], ids[:, :-1]], axis=1)
        doubled = tf.where(tf.shape(ids)[1] < self.count, doubled, ids)
        ids = tf.where(found, self._either("no-duplicates", doubled, ids), sig.PAD_ID)
        explained = tf.gather(tf.transpose(parts, [0, 2, 1]), rows, batch_dims=1)
        explained = self._either("contributions", explained * 2.0, explained)
        noise = tf.random.uniform(tf.shape(explained), 1.0, 1.000001)
        explained *= self._either("determinism", noise, 1.0)
        own = self._either("sources", sig.SOURCE_BLEND, sig.SOURCE_CONTENT)
        source = tf.where(anything, own, self._either("popular-fallback", own, sig.SOURCE_POPULAR))
        nothing = self._either("answer-shapes", -1, 0)
        ranked = tf.gather(scores, rows, batch_dims=1)
        ranked = self._either("not-finite", ranked * np.nan, ranked)
        return {
            sig.RECOM_SONGS_IDS: ids,
            sig.RECOM_SONGS_SCORES: tf.where(found, ranked, 0.0),
            sig.RECOM_SONGS_CONTRIBUTIONS: tf.where(found[:, :, tf.newaxis], explained, 0.0),
            sig.RECOM_SONGS_SOURCES: tf.where(found, source, nothing),
            sig.LISTENED_SONGS_KNOWN: known,
        }

    @tf.function(input_signature=FLAT)  # type: ignore[untyped-decorator]
    def recommend(self, listened_songs: tf.Tensor, no_recom_songs: tf.Tensor) -> Outputs:
        nobody = tf.fill([1, 1], sig.PAD_ID)
        no, zero = tf.zeros([1], tf.bool), tf.zeros([1], tf.int32)
        wishes = (nobody, nobody, no, tf.fill([1, 1], sig.PAD_NAME), nobody)
        bounds = (tf.zeros([1, 2], tf.int32), tf.zeros([1, 2]), zero, tf.zeros([1]))
        answer = self.recommend_batched(
            listened_songs[tf.newaxis], no_recom_songs[tf.newaxis], *wishes, *bounds
        )
        found = tf.math.count_nonzero(answer[sig.RECOM_SONGS_IDS][0] != sig.PAD_ID)
        flat = {name: values[0][:found] for name, values in answer.items()}
        flat[sig.LISTENED_SONGS_KNOWN] = answer[sig.LISTENED_SONGS_KNOWN][0]
        scores = flat[sig.RECOM_SONGS_SCORES]
        flat[sig.RECOM_SONGS_SCORES] = self._either("flat-equals-batched", scores + 0.01, scores)
        return flat

    @tf.function(input_signature=SCHEMA)  # type: ignore[untyped-decorator]
    def describe(self, schema: tf.Tensor) -> Outputs:
        said = self.description()
        text = self._either("description", json.dumps({**said, "metrics": {}}), json.dumps(said))
        fewer = {**said, "song_count": self.count - 1}
        text = self._either("song-count", json.dumps(fewer), text)
        for defect, recall in (("recall", 0.999), ("approximate", 0.9)):
            stated = {"form": "approximate", "recall_at_10": recall}
            text = self._either(defect, json.dumps({**said, "retrieval": stated}), text)
        text = self._either("dataset", json.dumps({**said, "dataset": "another"}), text)
        return {sig.DESCRIPTION: text}

    def description(self) -> dict[str, Any]:
        return {
            "schema": sig.DESCRIPTION_SCHEMA_VERSION,
            "algorithm": "toy",
            "source": sig.SOURCE_CONTENT,
            "explains": True,
            "song_count": self.count,
            "dataset": self.fingerprint,
            "options": {},
            "retrieval": {"form": "exact"},
            "metrics": None,
        }

    def _either(self, defect: str, wrong: object, right: object) -> tf.Tensor:
        return tf.where(self.defect == defect, wrong, right)

    def _parts(self, listened: tf.Tensor, hit: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
        """Return each listened song's part in the score of every song, [B, L, N]."""
        weights = tf.cast(counts, tf.float32)
        all_weights = tf.reduce_sum(weights, axis=1, keepdims=True)
        first = tf.where(tf.cumsum(weights, axis=1) == 1, 2.0, 1.0)
        weights *= self._either("order-of-listened", first, 1.0)
        unknown = tf.cast((listened >= 0) & ~tf.reduce_any(hit, axis=2), tf.float32)
        unknown = tf.reduce_sum(unknown, axis=1, keepdims=True)
        all_weights += self._either("unknown-songs", unknown, 0.0)
        weights = tf.math.divide_no_nan(weights, all_weights)
        vectors = self.vectors.read_value()
        mine = tf.einsum("bln,nd->bld", tf.cast(hit, tf.float32), vectors)
        return tf.einsum("bld,nd->bln", mine, vectors) * weights[:, :, tf.newaxis]

    def _allowed(self, hit: tf.Tensor, options: Outputs) -> tf.Tensor:
        """Return which songs the options allow, [B, N]."""
        listened = tf.reduce_any(hit, axis=1)
        gone = listened & (self.popularity > 0)
        allowed = ~self._either("no-listened-songs", gone, listened)
        excluded = _among(self.ids, options[sig.EXCLUDED_SONGS])
        allowed &= ~self._either("excluded-songs", False, excluded)
        excluded = _among(self.artists, options[sig.EXCLUDED_ARTISTS])
        allowed &= ~self._either("excluded-artists", False, excluded)
        same = self.artists[:, tf.newaxis] == self.artists
        seeds = self._either("seed-artists", gone, listened)
        of_seeds = tf.reduce_any(seeds[:, :, tf.newaxis] & same, axis=1)
        allowed &= ~(of_seeds & options[sig.EXCLUDE_SEED_ARTISTS][:, tf.newaxis])
        return allowed & self._wanted(options)

    def _wanted(self, options: Outputs) -> tf.Tensor:
        names, artists = options[sig.GENRES], options[sig.ARTISTS]
        named = tf.reduce_any(names[:, :, tf.newaxis] == self.genre_names, axis=1)
        wanted = tf.reduce_any(named[:, tf.newaxis] & self.genres, axis=2)
        blank = tf.reduce_all(names == sig.PAD_NAME, axis=1, keepdims=True)
        wanted |= self._either("genres", ~tf.reduce_any(named, axis=1, keepdims=True), blank)
        of_artists = _among(self.artists, artists)
        blank = tf.reduce_all(artists == sig.PAD_ID, axis=1, keepdims=True)
        padded = tf.reduce_any(artists == sig.PAD_ID, axis=1, keepdims=True)
        none = ~tf.reduce_any(of_artists, axis=1, keepdims=True)
        blank = self._either("padding", padded, self._either("artists", none, blank))
        years, tempos = options[sig.YEARS], options[sig.TEMPOS]
        years -= self._either("years", tf.where(years[:, 1:] > 0, [[0, 1]], 0), 0)
        either = tf.where(tf.reduce_any(tempos > 0, axis=1, keepdims=True), 0, years)
        years = self._either("combined-wishes", either, years)
        of_tempo = _within(self.tempos, tempos)
        of_tempo |= self._either("tempos", tf.math.is_nan(self.tempos), False)
        return wanted & (of_artists | blank) & _within(self.years, years) & of_tempo

    def _ranked(
        self, scores: tf.Tensor, k: tf.Tensor, options: Outputs
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return rows best first, [B, K], and which of them there are; -inf is no song."""
        keys = self._either("best-first", tf.where(scores > NOTHING, -scores, scores), scores)
        order = tf.math.top_k(keys, self.count).indices
        turned = self.count - 1 - tf.math.top_k(keys[:, ::-1], self.count).indices
        order = self._either("ties", turned, order)
        ordered = tf.gather(scores, order, batch_dims=1)
        ordered = self._capped(order, ordered, options[sig.MAX_PER_ARTIST])
        # Those that the cap left, in the same order.
        left = tf.argsort(tf.cast(ordered == NOTHING, tf.int32), axis=1, stable=True)
        order = tf.gather(order, left, batch_dims=1)
        ordered = tf.gather(ordered, left, batch_dims=1)
        width = tf.clip_by_value(tf.reduce_max(k), 0, self.count)
        diversity = options[sig.DIVERSITY]
        anyone = tf.fill(tf.shape(diversity), tf.reduce_max(diversity))
        diversity = self._either("diversity-none", anyone, diversity)
        order = self._diverse(order, ordered, k, diversity)[:, :width]
        found = (tf.range(width) < k[:, tf.newaxis]) & (ordered[:, :width] > NOTHING)
        return order, found

    def _capped(self, order: tf.Tensor, ordered: tf.Tensor, most: tf.Tensor) -> tf.Tensor:
        artists = tf.gather(self.artists.read_value(), order)
        before = artists[:, :, tf.newaxis] == artists[:, tf.newaxis, :]  # [B, N, earlier]
        before = tf.linalg.band_part(before & (ordered > NOTHING)[:, tf.newaxis], -1, 0)
        place = tf.math.count_nonzero(before, axis=2, dtype=tf.int32)
        most = self._either("batched-equals-single", tf.zeros_like(most) + most[:1], most)
        loose = self._either("max-per-artist", 1, 0)
        over = (place > most[:, tf.newaxis] + loose) & (most > 0)[:, tf.newaxis]
        return tf.where(over, NOTHING, ordered)

    def _diverse(
        self, order: tf.Tensor, ordered: tf.Tensor, k: tf.Tensor, diversity: tf.Tensor
    ) -> tf.Tensor:
        """Return `order` with its first k replaced by picks, where `diversity` is more than 0."""
        pool = tf.range(self.count) < tf.maximum(50, 5 * k)[:, tf.newaxis]
        pool &= ordered > NOTHING
        low = tf.reduce_min(tf.where(pool, ordered, np.inf), axis=1, keepdims=True)
        relevance = tf.where(pool, ordered - low, 0.0)
        relevance = tf.math.divide_no_nan(relevance, relevance[:, :1])
        artists = tf.gather(self.artists.read_value(), order)
        genres = tf.cast(tf.gather(self.genres.read_value(), order), tf.float32)
        common = tf.matmul(genres, genres, transpose_b=True)
        sizes = tf.reduce_sum(genres, axis=2)
        either = sizes[:, :, tf.newaxis] + sizes[:, tf.newaxis] - common
        alike = tf.cast(artists[:, :, tf.newaxis] == artists[:, tf.newaxis], tf.float32) / 2
        shared = tf.math.divide_no_nan(common, either) / 2
        alike += self._either("diversity", 0.0, shared)
        share = diversity[:, tf.newaxis]

        def pick(
            number: tf.Tensor, left: tf.Tensor, closest: tf.Tensor, picks: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            value = (1 - share) * relevance - share * closest
            best = tf.argmax(tf.where(left, value, NOTHING), axis=1, output_type=tf.int32)
            chosen = tf.one_hot(best, self.count, True, False, dtype=tf.bool)
            closest = tf.maximum(closest, tf.gather(alike, best, batch_dims=1))
            return number + 1, left & ~chosen, closest, tf.concat([picks, best[:, tf.newaxis]], 1)

        none = tf.zeros([tf.shape(k)[0], 0], tf.int32)
        most = tf.clip_by_value(tf.reduce_max(tf.where(diversity > 0, k, 0)), 0, self.count)
        picks = tf.while_loop(
            lambda number, *_: number < most,
            pick,
            (0, pool, tf.zeros_like(relevance), none),
            shape_invariants=(
                tf.TensorShape([]),
                pool.shape,
                relevance.shape,
                tf.TensorShape([None, None]),
            ),
        )[3]
        rest = tf.tile(tf.range(most, self.count)[tf.newaxis], [tf.shape(k)[0], 1])
        places = tf.where(share > 0, tf.concat([picks, rest], axis=1), tf.range(self.count))
        return tf.gather(order, places, batch_dims=1)


def _among(values: tf.Variable, wanted: tf.Tensor) -> tf.Tensor:
    """Return whether each of `values` [N] is one of `wanted` [B, S], [B, N]."""
    return tf.reduce_any(wanted[:, :, tf.newaxis] == values.read_value(), axis=1)


def _within(values: tf.Variable, bounds: tf.Tensor) -> tf.Tensor:
    low, high = bounds[:, :1], bounds[:, 1:]
    inside = (values > 0) & (values >= low) & ((values <= high) | (high == 0))
    return inside | ((low == 0) & (high == 0))


def signatures_of(toy: Toy) -> dict[str, Any]:
    return {
        sig.RECOMMEND: toy.recommend,
        sig.RECOMMEND_BATCHED: toy.recommend_batched,
        sig.DESCRIBE: toy.describe,
        sig.DEFAULT: toy.recommend_batched,
    }


def export(toy: Toy, folder: Path, signatures: dict[str, Any] | None = None) -> Path:
    """Write the toy and its warm-up requests to `folder`."""
    tf.saved_model.save(toy, str(folder), signatures=signatures or signatures_of(toy))
    (folder / WARM_UP).parent.mkdir()
    write_warm_up(folder, [flat_request(), filtered_request()])
    return folder


def flat_request() -> Message:
    inputs = {sig.LISTENED_SONGS: tf.constant([1, 2]), sig.NO_RECOM_SONGS: tf.constant(5)}
    return request(sig.RECOMMEND, inputs)


def filtered_request(**changed: tf.Tensor) -> Message:
    nothing = {tf.int32: sig.PAD_ID, tf.string: sig.PAD_NAME, tf.bool: False, tf.float32: 0.0}
    inputs = {
        spec.name: tf.fill([size or 1 for size in spec.shape], nothing[spec.dtype])
        for spec in BATCHED
    }
    wishes = {sig.NO_RECOM_SONGS: tf.constant([5]), sig.YEARS: tf.constant([[1980, 0]])}
    return request(sig.RECOMMEND_BATCHED, {**inputs, **wishes, **changed})


def request(signature: str, inputs: dict[str, tf.Tensor]) -> Message:
    made = predict_pb2.PredictRequest()
    made.model_spec.name, made.model_spec.signature_name = "toy", signature
    for name, value in inputs.items():
        made.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return made


def write_warm_up(folder: Path, requests: list[Message]) -> None:
    with tf.io.TFRecordWriter(str(folder / WARM_UP)) as writer:
        for made in requests:
            log = prediction_log_pb2.PredictLog(request=made)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
