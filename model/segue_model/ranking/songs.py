"""The songs as the graph sees them: in rows, with what filters ask about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.data.dataset import Dataset
from segue_model.ranking.blocks import Blocks

GENRES_A_WORD = 31  # the sign bit of an int32 stays clear

Number = TypeVar("Number", bound=np.generic)


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
    """The same as variables, padded to whole blocks of rows; padding has id -1.

    Every read goes through `read_value`: one gather straight from a variable would make each
    later dense read copy it whole.
    """

    def __init__(self, songs: SongArrays, blocks: Blocks | None = None) -> None:
        """Take the songs and the blocks of their rows, by default in the order of ids."""
        super().__init__()
        self.arrays = songs
        self.count = len(songs.ids)
        self.blocks = blocks or Blocks.of(self.count)
        self.rows = self.blocks.rows
        artist_ids, artist_index = np.unique(songs.artists, return_inverse=True)
        self.artist_count = len(artist_ids)
        self.genre_names = tuple(name.casefold() for name in songs.genre_names)
        self._ids = self._fixed(songs.ids, "ids")
        self._artist_ids = self._fixed(artist_ids.astype(np.int32), "artist_ids")
        self._row_ids = self._fixed(self._padded(songs.ids, -1), "row_ids")
        self._artists = self._fixed(self.laid_out(artist_index.astype(np.int32)), "artists")
        self._years = self._fixed(self._padded(songs.years, 0), "years")
        self._tempos = self._fixed(self._padded(songs.tempos, np.nan), "tempos")
        self._genres = self._fixed(self.laid_out(_genre_bits(songs)), "genres")
        order = self.blocks.order
        self._places = None if order is None else self._fixed(_places(order), "places")

    def laid_out(self, array: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Return `array` [N, ...], an entry a song, by row; padding repeats the song before it."""
        return array[self.blocks.positions(fill=True)]

    def _padded(self, array: npt.NDArray[Number], value: float) -> npt.NDArray[Number]:
        positions = self.blocks.positions()
        return np.where(positions >= 0, array[positions], value).astype(array.dtype)

    def _fixed(self, array: npt.NDArray[Number], name: str) -> tf.Variable:
        return tf.Variable(array, trainable=False, name=name)

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
        found = _positions(self._ids.read_value(), ids)
        if self._places is None:
            return found
        rows = tf.gather(self._places.read_value(), tf.maximum(found, 0))
        return tf.where(found >= 0, rows, -1)

    def are_songs(self, rows: tf.Tensor) -> tf.Tensor:
        """Return which of `rows`, any shape, are no padding."""
        return rows < self.count if self._places is None else self.ids_at(rows) >= 0

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


def _places(order: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the row of each song, given the song (-1: none) of each row."""
    rows = np.flatnonzero(order >= 0)
    places = np.empty(len(rows), np.int32)
    places[order[rows]] = rows
    return places


def _genre_bits(songs: SongArrays) -> npt.NDArray[np.int32]:
    words = max(1, -(-len(songs.genre_names) // GENRES_A_WORD))
    bits = np.zeros((len(songs.ids), words), np.int32)
    one = np.left_shift(1, songs.genre_positions % GENRES_A_WORD).astype(np.int32)
    np.bitwise_or.at(bits, (songs.genre_rows, songs.genre_positions // GENRES_A_WORD), one)
    return bits
