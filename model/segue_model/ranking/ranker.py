"""From listeners and constraints to ranked rows: the scan, the winning blocks, the cut."""

from collections.abc import Callable
from typing import Generic, NamedTuple

import tensorflow as tf

from segue_model.ranking.blocks import NOTHING, best_blocks, blocks_for_exact
from segue_model.ranking.constraints import Constraints, allowed_rows, is_filtered
from segue_model.ranking.diversity import diversified, pool_sizes
from segue_model.ranking.listeners import Listeners
from segue_model.ranking.ranked import Ranked
from segue_model.ranking.scorer import Profiles, Scorer
from segue_model.ranking.songs import SongTable

# How many times as many songs are ranked when the limit for one artist took too many out.
WIDEN = 4


class Ranker(Generic[Profiles]):
    """Ranks the songs of a table by a scorer.

    Where block maxima are estimates, what is found depends on how many blocks are searched, and in
    a batch that is as many as its most demanding listener needs. So that an answer does not depend
    on who else asks, `alone` ranks one listener at a time.
    """

    def __init__(self, songs: SongTable, scorer: Scorer[Profiles], *, alone: bool = False) -> None:
        self._songs = songs
        self._scorer = scorer
        self._alone = alone

    def rank(
        self, profiles: Profiles, listeners: Listeners, constraints: Constraints, k: tf.Tensor
    ) -> Ranked:
        """Return the best rows that the constraints allow; `k` int32 [B] each, K the largest.

        Never a listened or excluded row; equal scores by id. Where diversity is asked for, rows
        are in the order in which they were picked.
        """
        if not self._alone:
            return self._together(profiles, listeners, constraints, k)
        width = tf.clip_by_value(tf.reduce_max(k), 0, self._songs.count)

        def one(listener: tuple[Profiles, Listeners, Constraints, tf.Tensor]) -> Ranked:
            ranked = self._together(*tf.nest.map_structure(lambda part: part[tf.newaxis], listener))
            return ranked.widened(width).of(0)

        return tf.map_fn(
            one,
            (profiles, listeners, constraints, k),
            fn_output_signature=Ranked(
                tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)
            ),
        )

    def _together(
        self, profiles: Profiles, listeners: Listeners, constraints: Constraints, k: tf.Tensor
    ) -> Ranked:
        diversity = constraints.diversity
        ranked = self._ranked(profiles, listeners, constraints, pool_sizes(k, diversity))
        return tf.cond(
            tf.reduce_any(diversity > 0),
            lambda: diversified(self._songs, ranked, k, diversity),
            lambda: ranked,
        )

    def _ranked(
        self, profiles: Profiles, listeners: Listeners, constraints: Constraints, k: tf.Tensor
    ) -> Ranked:
        out = tf.concat([listeners.rows, self._songs.rows_of(constraints.excluded_songs)], axis=1)

        def unfiltered() -> Ranked:
            maxima = self._scorer.block_maxima(profiles)

            def wanted(rows: tf.Tensor) -> tf.Tensor:
                return self._scorer.blocks_for(profiles, rows)

            return self._best(_Scan(profiles, maxima, wanted, out, None), constraints, k)

        def filtered() -> Ranked:
            allowed = allowed_rows(self._songs, constraints, listeners.rows)
            maxima = self._scorer.allowed_block_maxima(profiles, allowed)
            scan = _Scan(profiles, maxima, blocks_for_exact, out, allowed)
            return self._best(scan, constraints, k)

        ranked = tf.cond(is_filtered(constraints), filtered, unfiltered)
        return ranked.first(k)

    def _best(self, scan: "_Scan[Profiles]", constraints: Constraints, k: tf.Tensor) -> Ranked:
        """Return the best rows, at most as many an artist as the constraints say."""
        most = tf.clip_by_value(tf.reduce_max(k), 0, self._songs.count)
        return tf.cond(
            tf.reduce_any(constraints.max_per_artist > 0),
            lambda: self._best_of_artists(scan, constraints.max_per_artist, k, most),
            lambda: self._top(scan, most),
        )

    def _top(self, scan: "_Scan[Profiles]", count: tf.Tensor) -> Ranked:
        """Return the best `count` rows of a scan, int32 []."""
        listed = tf.math.count_nonzero(scan.out >= 0, axis=1, dtype=tf.int32)
        winners = best_blocks(scan.maxima, scan.blocks_for(count + tf.reduce_max(listed)))
        scores = self._scorer.scores(scan.profiles, winners)
        rows = self._songs.blocks.rows_of(winners)
        if scan.allowed is None:
            allowed = self._songs.are_songs(rows)
        else:
            allowed = tf.gather(scan.allowed, rows, batch_dims=1)
        scores = tf.where(allowed, scores, NOTHING)
        left = self._songs.blocks.without_rows(scores, winners, scan.out)
        if self._songs.blocks.order is not None:
            return self._first_by_id(Ranked(rows, left), count)
        best = tf.math.top_k(left, count)
        return Ranked(tf.gather(rows, best.indices, batch_dims=1), best.values)

    def _first_by_id(self, candidates: Ranked, count: tf.Tensor) -> Ranked:
        """Return the best `count` of candidates in any order of rows, equal ones by id.

        `top_k` would cut those that are as good as the last one by row, so these are cut apart.
        """
        ids = self._songs.ids_at(candidates.rows)
        best = tf.math.top_k(candidates.scores, count)
        last = best.values[:, -1:]
        as_good = tf.where(candidates.scores == last, -ids, tf.int32.min)
        equal = tf.math.top_k(as_good, count)
        better = candidates.taken(best.indices)
        better = Ranked(better.rows, tf.where(better.scores > last, better.scores, NOTHING))
        others = candidates.taken(equal.indices)
        others = Ranked(others.rows, tf.where(equal.values > tf.int32.min, others.scores, NOTHING))
        both = Ranked(*(tf.concat(parts, axis=1) for parts in zip(better, others, strict=True)))
        by_id = both.taken(tf.argsort(self._songs.ids_at(both.rows), axis=1))
        order = tf.argsort(by_id.scores, axis=1, direction="DESCENDING", stable=True)
        return by_id.taken(order[:, :count])

    def _best_of_artists(
        self, scan: "_Scan[Profiles]", cap: tf.Tensor, k: tf.Tensor, most: tf.Tensor
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
        return ranked.taken(tf.math.top_k(ranked.scores, tf.minimum(most, count)).indices)


class _Scan(NamedTuple, Generic[Profiles]):
    """One pass over all songs: what ranking the winning blocks needs to know."""

    profiles: Profiles
    maxima: tf.Tensor  # float32 [B, blocks]
    blocks_for: Callable[[tf.Tensor], tf.Tensor]  # of so many rows
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
