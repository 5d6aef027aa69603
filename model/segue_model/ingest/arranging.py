"""The step that arranges: the tracks of a part of the songs, in the order of ids, with these."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segue_model.ingest import plan as planned
from segue_model.ingest.job import Job
from segue_model.ingest.plan import Plan
from segue_model.ingest.recipe import measure
from segue_model.ingest.shards import tracks_path
from segue_model.ingest.storage import Folder
from segue_model.ingest.tracks import Arrow

IDS: Final = ("id", "artist_id", "album_id", "genre_ids")


def part_path(part: int) -> str:
    """Return the path of a part's tracks in the folder of the plan."""
    return f"parts/{part:06}.parquet"


def measures_path(part: int) -> str:
    """Return the path of a part's measures, which say that the part is arranged."""
    return f"measures/{part:06}.npz"


def arrange_part(job: Job, plan: Plan, part: int) -> None:
    """Leave the tracks and the measures of a part in the folder of the plan."""
    folder = plan.folder(job.work)
    if folder.exists(measures_path(part)):
        return
    songs = _songs(folder, part)
    tracks = _tracks(job.work, songs)
    for name in IDS:
        tracks = tracks.append_column(planned.SONG_ROWS.field(name), songs[name])
    folder.write_table(part_path(part), tracks)
    folder.write(measures_path(part), measure(tracks).to_bytes())


def _songs(folder: Folder, part: int) -> Arrow:
    with folder.open(planned.SONGS) as opened:
        return pq.ParquetFile(opened).read_row_group(part)


def _tracks(work: Folder, songs: Arrow) -> Arrow:
    """Return the tracks of songs, in the same order."""
    shards = pc.cast(songs["shard"], pa.string()).to_numpy()
    at = songs["at"].to_numpy()
    order = np.lexsort((at, shards))
    ends = np.flatnonzero(shards[order][1:] != shards[order][:-1]) + 1
    tables = [_rows(work, tracks_path(shards[rows[0]]), at[rows]) for rows in np.split(order, ends)]
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_tables(tables).take(pa.array(back)).combine_chunks()


def _rows(work: Folder, path: str, at: np.ndarray) -> Arrow:
    """Return rows of a file, in order, of which only the groups that hold them are read."""
    with work.open(path) as opened:
        file = pq.ParquetFile(opened)
        size = file.metadata.row_group(0).num_rows
        groups = np.unique(at // size)
        table = file.read_row_groups(groups.tolist())
    start = np.searchsorted(groups, at // size) * size
    return table.take(pa.array(start + at % size))
