"""Which songs may be recommended: the contract's filters and exclusions, inside the graph.

Whatever may remove many songs (artists, genres, years, tempos) is decided for all rows before
ranking; listened and excluded songs, which are few, are taken out of the ranked ones.
"""

from typing import NamedTuple

import tensorflow as tf

import segue_signature as sig
from segue_model.ranking.songs import GENRES_A_WORD, SongTable


class Constraints(NamedTuple):
    """The options of a batch as they come in, B rows each; see `docs/signature.md`."""

    excluded_songs: tf.Tensor
    excluded_artists: tf.Tensor
    exclude_seed_artists: tf.Tensor
    genres: tf.Tensor
    artists: tf.Tensor
    years: tf.Tensor
    tempos: tf.Tensor
    max_per_artist: tf.Tensor
    diversity: tf.Tensor


def no_constraints(batch: int) -> Constraints:
    """Return constraints that allow everything."""
    nobody = tf.fill([batch, 1], sig.PAD_ID)
    return Constraints(
        excluded_songs=nobody,
        excluded_artists=nobody,
        exclude_seed_artists=tf.zeros([batch], tf.bool),
        genres=tf.fill([batch, 1], sig.PAD_NAME),
        artists=nobody,
        years=tf.zeros([batch, 2], tf.int32),
        tempos=tf.zeros([batch, 2]),
        max_per_artist=tf.zeros([batch], tf.int32),
        diversity=tf.zeros([batch]),
    )


def is_filtered(constraints: Constraints) -> tf.Tensor:
    """Return whether any row of the batch asks for more than leaving single songs out, bool []."""
    asked = [
        constraints.excluded_artists != sig.PAD_ID,
        constraints.exclude_seed_artists,
        constraints.genres != sig.PAD_NAME,
        constraints.artists != sig.PAD_ID,
        constraints.years != 0,
        constraints.tempos != 0,
    ]
    return tf.reduce_any(tf.stack([tf.reduce_any(part) for part in asked]))


def allowed_rows(songs: SongTable, constraints: Constraints, listened: tf.Tensor) -> tf.Tensor:
    """Return which rows may be recommended, bool [B, rows]; `listened` int32 [B, L] are rows.

    One listener at a time, so that memory stays at a few values a song.
    """

    def allowed(row: tuple[Constraints, tf.Tensor]) -> tf.Tensor:
        options, seeds = row
        return (
            tf.gather(_artist_allowed(songs, options, seeds), songs.artists)
            & _genre_allowed(songs, options.genres)
            & _within(songs.years, options.years)
            & _within(songs.tempos, options.tempos)
            & (songs.row_ids >= 0)
        )

    return tf.map_fn(
        allowed,
        (constraints, listened),
        fn_output_signature=tf.TensorSpec([songs.rows], tf.bool),
        parallel_iterations=1,
    )


def _artist_allowed(songs: SongTable, options: Constraints, seeds: tf.Tensor) -> tf.Tensor:
    """Return whether each artist may be recommended, bool [artists]."""
    seed_artists = tf.where(seeds >= 0, tf.gather(songs.artists, tf.maximum(seeds, 0)), -1)
    seed_artists = tf.where(options.exclude_seed_artists, seed_artists, -1)
    out = tf.concat([songs.artists_of(options.excluded_artists), seed_artists], axis=0)
    anyone = tf.reduce_all(options.artists == sig.PAD_ID)
    wanted = _marked(songs.artists_of(options.artists), songs.artist_count)
    return (anyone | wanted) & ~_marked(out, songs.artist_count)


def _marked(positions: tf.Tensor, size: int) -> tf.Tensor:
    """Return a bool [size] that is true at `positions`; -1 marks nothing."""
    at = tf.where(positions >= 0, positions, size)[:, tf.newaxis]
    marks = tf.scatter_nd(at, tf.ones_like(positions), [size + 1])
    return marks[:size] > 0


def _genre_allowed(songs: SongTable, genres: tf.Tensor) -> tf.Tensor:
    """Return whether each row is of one of the genres named, bool [rows]; all when none is."""
    everything = tf.reduce_all(genres == sig.PAD_NAME)
    if not songs.genre_names:
        return tf.fill([songs.rows], everything)
    wanted = tf.reduce_any(
        tf.constant(songs.genre_names)[:, tf.newaxis] == genres[tf.newaxis, :], axis=1
    )
    words = songs.genres.shape[1]
    bits = tf.pad(tf.cast(wanted, tf.int32), [[0, words * GENRES_A_WORD - len(songs.genre_names)]])
    place = tf.bitwise.left_shift(1, tf.range(GENRES_A_WORD))
    mask = tf.reduce_sum(tf.reshape(bits, [words, GENRES_A_WORD]) * place, axis=1)
    return everything | tf.reduce_any(tf.bitwise.bitwise_and(songs.genres, mask) != 0, axis=1)


def _within(values: tf.Tensor, bounds: tf.Tensor) -> tf.Tensor:
    """Return whether each value is known and within [low, high]; 0 leaves a bound open."""
    low, high = bounds[0], bounds[1]
    known = values > 0  # false for NaN
    inside = known & (values >= low) & ((high == 0) | (values <= high))
    return tf.reduce_all(bounds == 0) | inside
