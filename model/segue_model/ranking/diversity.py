"""Maximal marginal relevance: a list whose songs are good, and not all of one kind.

Carbonell and Goldstein, SIGIR 1998. What is alike is told by artists and genres, which every
model knows, so that a level of diversity means the same whatever the engine.
"""

import tensorflow as tf

from segue_model.ranking.blocks import NOTHING
from segue_model.ranking.ranked import Ranked
from segue_model.ranking.songs import SongTable

Step = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]

# Picked from so many songs for each one asked for, and from so many at least.
POOL_A_SONG = 5
SMALLEST_POOL = 50
# So many at most; what is asked for beyond them follows as it is ranked.
MOST_PICKS = 500
# What the same artist and the same genres make alike, 1 in all.
ARTIST_SHARE = 0.5


def pool_sizes(k: tf.Tensor, diversity: tf.Tensor) -> tf.Tensor:
    """Return how many songs are ranked for each listener to pick `k` from, all int32 [B]."""
    pool = tf.maximum(POOL_A_SONG * tf.minimum(k, tf.int32.max // POOL_A_SONG), SMALLEST_POOL)
    return tf.where((diversity > 0) & (k > 0), pool, k)


def diversified(songs: SongTable, pool: Ranked, k: tf.Tensor, diversity: tf.Tensor) -> Ranked:
    """Return `k` [B] of each pool, picked one by one; K is the largest k, as far as there are.

    The next is the one of highest (1 - w) r - w a, in which w is `diversity` [B], r the
    relevance, 0 to 1 over the pool, and a how much alike it is to the most similar one picked.
    Of equals the one ranked first.
    """
    found = pool.scores > NOTHING
    relevance = _relevance(pool.scores, found)
    weight = diversity[:, tf.newaxis]
    artists = tf.gather(songs.artists, pool.rows)
    genres = tf.gather(songs.genres, pool.rows)
    ranks = tf.range(tf.shape(pool.rows)[1])
    # Who asks for no diversity is in the same batch, and may want many more songs.
    wanted = tf.reduce_max(tf.where(diversity > 0, k, 0))
    steps = tf.minimum(wanted, MOST_PICKS)

    def pick(at: tf.Tensor, places: tf.Tensor, alike: tf.Tensor, free: tf.Tensor) -> Step:
        value = tf.where(free, (1 - weight) * relevance - weight * alike, NOTHING)
        best = tf.argmax(value, axis=1, output_type=tf.int32)
        picked = free & (ranks == best[:, tf.newaxis])
        places = tf.where(picked, at, places)
        return at + 1, places, tf.maximum(alike, _alike(artists, genres, best)), free & ~picked

    unpicked = tf.broadcast_to(ranks + MOST_PICKS, tf.shape(pool.rows))
    start = (tf.constant(0), unpicked, tf.zeros(tf.shape(pool.rows)), found)
    _, places, _, _ = tf.while_loop(lambda at, *_: at < steps, pick, start)
    order = tf.argsort(tf.where(weight > 0, places, ranks), axis=1)
    return pool.taken(order[:, : tf.maximum(tf.reduce_max(k), 0)]).first(k)


def _relevance(scores: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """Return the scores [B, P] moved and stretched to 0 to 1; all 0 where they are equal."""
    high = tf.reduce_max(tf.where(found, scores, NOTHING), axis=1, keepdims=True)
    low = tf.reduce_min(tf.where(found, scores, -NOTHING), axis=1, keepdims=True)
    return tf.where(found, tf.math.divide_no_nan(scores - low, high - low), 0.0)


def _alike(artists: tf.Tensor, genres: tf.Tensor, best: tf.Tensor) -> tf.Tensor:
    """Return how much alike each of the pool is to the one at `best` [B], 0 to 1, [B, P]."""
    artist = tf.gather(artists, best, batch_dims=1)[:, tf.newaxis]
    genre = tf.gather(genres, best, batch_dims=1)[:, tf.newaxis, :]
    common = _bits(tf.bitwise.bitwise_and(genres, genre))
    either = _bits(tf.bitwise.bitwise_or(genres, genre))
    return ARTIST_SHARE * tf.cast(artists == artist, tf.float32) + (
        1 - ARTIST_SHARE
    ) * tf.math.divide_no_nan(common, either)


def _bits(words: tf.Tensor) -> tf.Tensor:
    """Return how many bits are set in the words [B, P, words] of each, float32 [B, P]."""
    counts = tf.raw_ops.PopulationCount(x=words)
    return tf.reduce_sum(tf.cast(counts, tf.float32), axis=2)
