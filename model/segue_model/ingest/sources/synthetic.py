"""The synthetic source: invented songs and listens, written raw and read as any table is."""

import io
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from segue_model.data.columns import Ids, Ragged, Songs, Text
from segue_model.data.dataset import Dataset
from segue_model.data.rejected import Rejected
from segue_model.data.synthetic import synthetic_dataset, synthetic_music
from segue_model.data.synthetic_genres import GENRES
from segue_model.data.synthetic_music import NO_GENRE, Artists
from segue_model.ingest.source import Annotations, Unit
from segue_model.ingest.sources.table import TableSource
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Arrow, Track

SONGS: Final = "songs.parquet"
LISTENS: Final = "listens.tsv"
ROWS_OF_A_UNIT: Final = 16_384
MINOR_BELOW_MAJOR: Final = 3


def write_raw(folder: Folder, songs: int, listeners: int, seed: int) -> None:
    """Leave invented songs and listens in the folder, unless they are there already.

    The songs are those of `segue-model dataset synthetic`, told as a catalog would tell them. The
    same numbers make the same bytes.
    """
    if folder.exists(SONGS):
        return
    dataset = synthetic_dataset(songs, listeners, seed)
    folder.write(LISTENS, _listens(dataset))
    # The songs come last: they say that all is there.
    folder.write_table(SONGS, _songs(dataset, seed), row_group_size=ROWS_OF_A_UNIT)


def _songs(dataset: Dataset, seed: int) -> Arrow:
    songs = dataset.songs
    artists, sung = synthetic_music(len(songs.ids), seed)
    tonic = np.where(sung.minor, sung.tonic - MINOR_BELOW_MAJOR, sung.tonic) % 12
    return pa.table(
        {
            "song_key": _named("S", songs.ids),
            "title": pa.array(songs.titles),
            "artist_key": _named("A", songs.artists),
            "artist": pa.array(_looked_up(dataset.artists.names, songs.artists)),
            "album_key": _named("L", songs.albums),
            "album": pa.array(_looked_up(dataset.albums.titles, songs.albums)),
            "year": pa.array(songs.years, mask=songs.years == 0),
            "duration": songs.durations,
            "tempo": pa.array(songs.tempos, from_pandas=True),
            "loudness": sung.loudness,
            "key": tonic.astype(np.int8),
            "key_confidence": np.ones(len(tonic)),
            "mode": (~sung.minor).astype(np.int8),
            "time_signature": np.where(sung.triple, 3, 4).astype(np.int32),
            "genres": _genres(songs.genres, dataset.genres.names),
            "terms": _terms(artists, songs),
        }
    )


def _genres(ids: Ragged, names: Text) -> Arrow:
    values = pa.array(_looked_up(names, ids.values), pa.string())
    return pa.ListArray.from_arrays(pa.array(ids.offsets, pa.int32()), values)


def _terms(artists: Artists, songs: Songs) -> Arrow:
    """Return the terms of each song's artist: its scene, then its genres."""
    names = [genre.name for genre in GENRES]
    of_artist: list[Sequence[str]] = []
    for scene, first, second in zip(artists.scene, artists.first, artists.second, strict=True):
        other = [] if second == NO_GENRE else [names[second]]
        of_artist.append([f"{names[first]} scene {scene}", names[first], *other])
    return pa.array(of_artist, pa.list_(pa.string())).take(pa.array(songs.artists - 1))


def _listens(dataset: Dataset) -> bytes:
    listens = dataset.listens
    table = pa.table(
        [_named("L", listens.listeners), _named("S", listens.songs), pa.array(listens.plays)],
        ["user", "song", "plays"],
    )
    text = io.BytesIO()
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    csv.write_csv(table, text, options)
    return text.getvalue()


def _named(letter: str, ids: Ids) -> Arrow:
    """Return keys whose order is that of the ids."""
    digits = pc.utf8_lpad(pa.array(ids).cast(pa.string()), 9, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def _looked_up(names: Text, ids: Ids) -> Text:
    found: Text = names[ids - 1]
    return found


@dataclass(frozen=True, slots=True)
class SyntheticSource:
    """Invented songs, written raw into the folder at `url` before they are read."""

    url: str
    songs: int
    listeners: int
    seed: int

    def units(self) -> Sequence[Unit]:
        """Return the units of the table, which is made now unless it is there."""
        write_raw(Folder(self.url), self.songs, self.listeners, self.seed)
        return self._table().units()

    def dialect(self) -> str:
        """Return where and how the table is read."""
        return self._table().dialect()

    def read(self, unit: Unit) -> Iterator[Track | Rejected]:
        """Yield the songs of a unit."""
        return self._table().read(unit)

    def annotations(self) -> Annotations:
        """Return nothing: the table tells all there is."""
        return Annotations()

    def listens(self) -> tuple[str, str]:
        """Return where the listens are."""
        return self.url, LISTENS

    def described(self) -> Mapping[str, object]:
        """Return the numbers that the songs were made of."""
        numbers = {"songs": self.songs, "listeners": self.listeners, "seed": self.seed}
        return {"kind": "synthetic", **numbers}

    def _table(self) -> TableSource:
        return TableSource(posixpath.join(self.url, SONGS))
