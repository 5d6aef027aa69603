"""From listeners and constraints to ranked rows: the scan, the winning blocks, the cut."""

from typing import NamedTuple, Protocol

import tensorflow as tf

from segue_model.ranking.blocks import NOTHING, best_blocks
from segue_model.ranking.constraints import Constraints, allowed_rows, is_filtered
from segue_model.ranking.listeners import Listeners
from segue_model.ranking.songs import SongTable

# How many times as many songs are ranked when the limit for one artist took too many out.
WIDEN = 4


class Scorer(Protocol):
    """What an engine must be able to do in the graph; see `InnerProduct` for shapes."""

    def profiles(self, listened: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Return what the other methods need to know of each listener."""

    def block_maxima(self, profiles: tf.Tensor) -> tf.Tensor:
        """Return the highest score of each block."""

    def allowed_block_maxima(self, profiles: tf.Tensor, allowed: tf.Tensor) -> tf.Tensor:
        """Return the highest score of each block among the rows allowed."""

    def scores(self, profiles: tf.Tensor, blocks: tf.Tensor) -> tf.Tensor:
        """Return the scores of all rows of the blocks."""

    def contributions(
        self, ranked: tf.Tensor, listened: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """Return the part of each listened song in each ranked song's score."""


class Ranked(NamedTuple):
    """Rows best first, int32 [B, K], and their scores, -inf beyond the rows found."""

    rows: tf.Tensor
    scores: tf.Tensor


class Ranker:
    """Ranks the songs of a table by a scorer, exactly."""

    def __init__(self, songs: SongTable, scorer: Scorer) -> None:
        self._songs = songs
        self._scorer = scorer

    def rank(self, listeners: Listeners, constraints: Constraints, k: tf.Tensor) -> Ranked:
        """Return the best rows that the constraints allow; `k` int32 [B] each, K the largest.

        Never a listened or excluded row; equal scores by id.
        """
        profiles = self._scorer.profiles(listeners.rows, listeners.weights)
        out = tf.concat([listeners.rows, self._songs.rows_of(constraints.excluded_songs)], axis=1)

        def unfiltered() -> Ranked:
            return self._best(
                _Scan(profiles, self._scorer.block_maxima(profiles), out, None), constraints, k
            )

        def filtered() -> Ranked:
            allowed = allowed_rows(self._songs, constraints, listeners.rows)
            maxima = self._scorer.allowed_block_maxima(profiles, allowed)
            return self._best(_Scan(profiles, maxima, out, allowed), constraints, k)

        ranked = tf.cond(is_filtered(constraints), filtered, unfiltered)
        beyond = tf.range(tf.shape(ranked.rows)[1]) >= k[:, tf.newaxis]
        return Ranked(ranked.rows, tf.where(beyond, NOTHING, ranked.scores))

    def _best(self, scan: "_Scan", constraints: Constraints, k: tf.Tensor) -> Ranked:
        """Return the best rows, at most as many an artist as the constraints say."""
        most = tf.clip_by_value(tf.reduce_max(k), 0, self._songs.count)
        return tf.cond(
            tf.reduce_any(constraints.max_per_artist > 0),
            lambda: self._best_of_artists(scan, constraints.max_per_artist, k, most),
            lambda: self._top(scan, most),
        )

    def _top(self, scan: "_Scan", count: tf.Tensor) -> Ranked:
        """Return the best `count` rows of a scan, int32 []."""
        listed = tf.math.count_nonzero(scan.out >= 0, axis=1, dtype=tf.int32)
        winners = best_blocks(scan.maxima, count + tf.reduce_max(listed))
        scores = self._scorer.scores(scan.profiles, winners)
        rows = self._songs.blocks.rows_of(winners)
        if scan.allowed is None:
            allowed = rows < self._songs.count
        else:
            allowed = tf.gather(scan.allowed, rows, batch_dims=1)
        scores = tf.where(allowed, scores, NOTHING)
        left = self._songs.blocks.without_rows(scores, winners, scan.out)
        best = tf.math.top_k(left, count)
        return Ranked(tf.gather(rows, best.indices, batch_dims=1), best.values)

    def _best_of_artists(
        self, scan: "_Scan", cap: tf.Tensor, k: tf.Tensor, most: tf.Tensor
    ) -> Ranked:
        """Return the best `most` rows with at most `cap` [B] of one artist (0: any number).

        Ranks ever more rows until each listener has enough or none is left.
        """
        songs = self._songs

        def attempt(count: tf.Tensor) -> tuple[Ranked, tf.Tensor]:
            ranked = self._top(scan, count)
            scores = tf.where(_over_cap(songs, ranked, cap), NOTHING, ranked.scores)
            left = tf.math.count_nonzero(scores > NOTHING, axis=1, dtype=tf.int32)
            exhausted = ranked.scores[:, -1] == NOTHING
            enough = tf.reduce_all((left >= k) | exhausted) | (count >= songs.count)
            return Ranked(ranked.rows, scores), enough

        def wider(count: tf.Tensor, _: Ranked, __: tf.Tensor) -> tuple[object, ...]:
            count = tf.minimum(count * WIDEN, songs.count)
            return count, *attempt(count)

        first = tf.clip_by_value(most * WIDEN, 1, songs.count)
        count, ranked, _ = tf.while_loop(
            lambda _, __, enough: ~enough,
            wider,
            (first, *attempt(first)),
            shape_invariants=(
                tf.TensorShape([]),
                Ranked(tf.TensorShape([None, None]), tf.TensorShape([None, None])),
                tf.TensorShape([]),
            ),
        )
        best = tf.math.top_k(ranked.scores, tf.minimum(most, count))
        return Ranked(tf.gather(ranked.rows, best.indices, batch_dims=1), best.values)


class _Scan(NamedTuple):
    """One pass over all songs: what ranking the winning blocks needs to know."""

    profiles: tf.Tensor
    maxima: tf.Tensor  # float32 [B, blocks]
    out: tf.Tensor  # int32 [B, S], rows that are never ranked; -1 is none
    allowed: tf.Tensor | None  # bool [B, rows]; all when None


def _over_cap(songs: SongTable, ranked: Ranked, cap: tf.Tensor) -> tf.Tensor:
    """Return whether each ranked row comes after `cap` [B] rows of its artist, bool [B, K]."""
    artists = tf.gather(songs.artists, ranked.rows)
    order = tf.argsort(artists, axis=1, stable=True)
    ordered = tf.gather(artists, order, batch_dims=1)
    # Among the rows of one artist, in ranked order, how many come before.
    before = tf.range(tf.shape(artists)[1]) - tf.searchsorted(ordered, ordered)
    before = tf.gather(before, tf.argsort(order, axis=1), batch_dims=1)
    return (cap[:, tf.newaxis] > 0) & (before >= cap[:, tf.newaxis])
