"""Turns the tables of a plan and its parts into the columns of a dataset."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.columns import (
    Albums,
    Artists,
    Genres,
    Ids,
    Listens,
    Numbers,
    Ragged,
    Songs,
    Text,
    popularity,
)
from segue_model.ingest import plan as planned
from segue_model.ingest.arranging import part_path
from segue_model.ingest.plan import Plan
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Arrow

OF_A_SONG: Final = (
    *("id", "title", "artist_id", "album_id", "year", "genre_ids", "duration", "tempo"),
    *("popularity", "msd_track_id", "msd_song_id"),
)


def artists_of(folder: Folder) -> Artists:
    """Return the artists of the plan in a folder."""
    table = folder.read_table(planned.ARTISTS)
    return Artists(_ids(table["id"]), _texts(table["name"]), _texts(table["msd_artist_id"]))


def albums_of(folder: Folder) -> Albums:
    """Return the albums of the plan in a folder."""
    table = folder.read_table(planned.ALBUMS)
    return Albums(_ids(table["id"]), _texts(table["title"]), _ids(table["artist_id"]))


def genres_of(folder: Folder) -> Genres:
    """Return the genres of the plan in a folder."""
    table = folder.read_table(planned.GENRES)
    return Genres(_ids(table["id"]), _texts(table["name"]))


def songs_of(folder: Folder, plan: Plan, listens: Listens) -> Songs:
    """Return the songs; their popularity is counted in the listens, else what the source says."""
    table = pa.concat_tables(_parts(folder, plan))
    ids = _ids(table["id"])
    given = pc.fill_null(table["popularity"], 0.0).to_numpy()
    return Songs(
        ids=ids,
        titles=_texts(table["title"]),
        artists=_ids(table["artist_id"]),
        albums=_ids(table["album_id"]),
        years=_ids(pc.fill_null(table["year"], 0)),
        genres=_ragged(table["genre_ids"].combine_chunks()),
        durations=_numbers(table["duration"]),
        tempos=_numbers(table["tempo"]),
        popularity=popularity(ids, listens) if len(listens.songs) else given,
        msd_track_ids=_texts(table["msd_track_id"]),
        msd_song_ids=_texts(table["msd_song_id"]),
    )


def _parts(folder: Folder, plan: Plan) -> Iterator[Arrow]:
    for part in range(plan.parts):
        yield folder.read_table(part_path(part), OF_A_SONG)


def _ids(column: Arrow) -> Ids:
    ids: Ids = column.to_numpy()
    return ids.astype(np.int32, copy=False)


def _texts(column: Arrow) -> Text:
    text: Text = column.to_numpy()
    return text


def _numbers(column: Arrow) -> Numbers:
    numbers: Numbers = column.cast(pa.float32()).to_numpy(zero_copy_only=False)
    return numbers


def _ragged(lists: Arrow) -> Ragged:
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return Ragged(offsets, pc.list_flatten(lists).to_numpy(zero_copy_only=False))
