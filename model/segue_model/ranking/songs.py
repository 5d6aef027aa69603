"""The songs as the graph sees them: rows in the order of ids, and what filters ask about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.data.dataset import Dataset
from segue_model.ranking.blocks import Blocks

GENRES_A_WORD = 31  # the sign bit of an int32 stays clear


@dataclass(frozen=True)
class SongArrays:
    """The songs of a dataset, sorted by id: N rows each.

    `years` 0 and `tempos` NaN are unknown. Row `genre_rows[i]` is of the genre
    `genre_names[genre_positions[i]]`. `popularity` is the share of listeners, 0 to 1.
    """

    ids: npt.NDArray[np.int32]
    artists: npt.NDArray[np.int32]
    years: npt.NDArray[np.int32]
    tempos: npt.NDArray[np.float32]
    popularity: npt.NDArray[np.float32]
    genre_rows: npt.NDArray[np.int64]
    genre_positions: npt.NDArray[np.int64]
    genre_names: Sequence[str]


def song_arrays(dataset: Dataset) -> SongArrays:
    """Return the songs of a dataset."""
    songs = dataset.songs
    return SongArrays(
        ids=songs.ids,
        artists=songs.artists,
        years=songs.years,
        tempos=songs.tempos,
        popularity=songs.popularity.astype(np.float32),
        genre_rows=songs.genres.rows(),
        genre_positions=np.searchsorted(dataset.genres.ids, songs.genres.values),
        genre_names=tuple(dataset.genres.names),
    )


class SongTable(tf.Module):
    """The same as variables, padded to whole blocks; padding has id -1.

    Every read goes through `read_value`: one gather straight from a variable would make each
    later dense read copy it whole.
    """

    def __init__(self, songs: SongArrays) -> None:
        super().__init__()
        self.count = len(songs.ids)
        self.blocks = Blocks.of(self.count)
        self.rows = self.blocks.rows
        artist_ids, artist_index = np.unique(songs.artists, return_inverse=True)
        self.artist_count = len(artist_ids)
        self.genre_names = tuple(name.casefold() for name in songs.genre_names)
        self._ids = self._fixed(songs.ids, "ids")
        self._row_ids = self._fixed(self._pad(songs.ids, -1), "row_ids")
        self._artist_ids = self._fixed(artist_ids.astype(np.int32), "artist_ids")
        self._artists = self._fixed(self._pad(artist_index.astype(np.int32), 0), "artists")
        self._years = self._fixed(self._pad(songs.years, 0), "years")
        self._tempos = self._fixed(self._pad(songs.tempos, np.nan), "tempos")
        self._genres = self._fixed(_genre_bits(songs, self.rows), "genres")

    def _fixed(self, array: npt.NDArray[np.generic], name: str) -> tf.Variable:
        return tf.Variable(array, trainable=False, name=name)

    def _pad(self, array: npt.NDArray[np.generic], value: float) -> npt.NDArray[np.generic]:
        return np.pad(array, (0, self.rows - self.count), constant_values=value)

    @property
    def row_ids(self) -> tf.Tensor:
        """int32 [rows], -1 where padded."""
        return self._row_ids.read_value()

    @property
    def artists(self) -> tf.Tensor:
        """int32 [rows], 0-based positions among the artists."""
        return self._artists.read_value()

    @property
    def years(self) -> tf.Tensor:
        """int32 [rows], 0 where unknown."""
        return self._years.read_value()

    @property
    def tempos(self) -> tf.Tensor:
        """float32 [rows], NaN where unknown."""
        return self._tempos.read_value()

    @property
    def genres(self) -> tf.Tensor:
        """int32 [rows, words], a bit a genre."""
        return self._genres.read_value()

    def some_ids(self, count: int) -> list[int]:
        """Return at most `count` ids spread over the catalog."""
        ids: list[int] = self._ids.numpy()[:: max(1, self.count // count)][:count].tolist()
        return ids

    def rows_of(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the row of each id, -1 where the id is unknown; any shape."""
        return _positions(self._ids.read_value(), ids)

    def artists_of(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the position of each artist id, -1 where it is unknown; any shape."""
        return _positions(self._artist_ids.read_value(), ids)

    def ids_at(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the ids of `rows`, all at least 0; any shape."""
        return tf.gather(self.row_ids, rows)


def _positions(known: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """Return where each of `wanted` stands in the sorted `known`, -1 where it does not."""
    flat = tf.reshape(wanted, [-1])
    at = tf.minimum(tf.searchsorted(known, flat), tf.shape(known)[0] - 1)
    return tf.reshape(tf.where(tf.gather(known, at) == flat, at, -1), tf.shape(wanted))


def _genre_bits(songs: SongArrays, rows: int) -> npt.NDArray[np.int32]:
    words = max(1, -(-len(songs.genre_names) // GENRES_A_WORD))
    bits = np.zeros((rows, words), np.int32)
    one = np.left_shift(1, songs.genre_positions % GENRES_A_WORD).astype(np.int32)
    np.bitwise_or.at(bits, (songs.genre_rows, songs.genre_positions // GENRES_A_WORD), one)
    return bits
