"""Chooses, of all tracks that were read, the ones that become songs: each track and song once."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.job import Job
from segue_model.ingest.shards import tracks_path
from segue_model.ingest.tracks import TRACKS, Arrow

Rows = npt.NDArray[np.int64]


def _large(kind: Arrow) -> Arrow:
    return pa.large_string() if kind == pa.string() else kind


KEYS: Final = (
    *("path", "row", "song_key", "artist_key", "artist", "album_key", "album"),
    *("msd_track_id", "msd_song_id", "genres", "stands_in"),
)
LARGE: Final = pa.schema(
    [
        *(pa.field(name, _large(TRACKS.field(name).type)) for name in KEYS),
        pa.field("shard", pa.int32()),
        pa.field("at", pa.int32()),
    ]
)
# The order in which new songs are numbered; it is total, as no two tracks stand in one place.
ORDER: Final = ("msd_track_id", "path", "row")


class Chosen(NamedTuple):
    """The keys of the songs in order, and the tracks that were set aside for them."""

    keys: Arrow
    rejected: list[Rejected]


def read_keys(job: Job, shards: Sequence[str]) -> Arrow:
    """Return `KEYS` of all tracks; with `shard`, the position of its key, and `at`, its row."""
    tables = []
    for position, shard in enumerate(shards):
        table = job.work.read_table(tracks_path(shard), KEYS)
        table = table.append_column("shard", pa.array(np.full(len(table), position, np.int32)))
        tables.append(table.append_column("at", pa.array(np.arange(len(table), dtype=np.int32))))
    # Beyond 2 GiB of text a column needs longer offsets than those of its files.
    return pa.concat_tables(tables).cast(LARGE)


def choose(keys: Arrow, mismatches: Collection[tuple[str, str]]) -> Chosen:
    """Return one track of each song, in `ORDER`, with the column `mismatched`.

    Of a track that is there twice, one that is no stand-in counts, then the first by place; of a
    song with several tracks, one that is no mismatch, then the first by `ORDER`.
    """
    row = pc.fill_null(keys["row"], 0)
    keys = keys.set_column(keys.schema.get_field_index("row"), "row", row)
    keys = keys.append_column("mismatched", _mismatched(keys, mismatches))
    nameless = pc.equal(keys["msd_track_id"], "")
    named, rejected_tracks = _first_of_each(
        keys.filter(pc.invert(nameless)), "msd_track_id", ("stands_in", "path", "row")
    )
    keys = pa.concat_tables([named, keys.filter(nameless)])
    songs, rejected_songs = _first_of_each(keys, "song_key", ("mismatched", *ORDER))
    duplicates = [
        *_rejected(rejected_tracks, Reason.DUPLICATE_TRACK),
        *_rejected(rejected_songs, Reason.DUPLICATE_SONG),
    ]
    return Chosen(songs.take(_sorted(songs, ORDER)), duplicates)


def _mismatched(keys: Arrow, mismatches: Collection[tuple[str, str]]) -> Arrow:
    pairs = pc.binary_join_element_wise(
        keys["msd_song_id"], keys["msd_track_id"], pa.scalar(" ", pa.large_string())
    )
    known = pa.array([f"{song} {track}" for song, track in sorted(mismatches)], pa.large_string())
    return pc.is_in(pairs, known)


def _first_of_each(keys: Arrow, name: str, order: Sequence[str]) -> tuple[Arrow, Arrow]:
    """Return the first row by `order` of each value of a column; and the others.

    Those have the columns `kept_path` and `kept_row`: where the first one stands.
    """
    rows = keys.take(_sorted(keys, (name, *order)))
    first = np.ones(len(rows), np.bool_)
    if len(rows):
        column = rows[name].combine_chunks()
        first[1:] = pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    kept = np.maximum.accumulate(np.where(first, np.arange(len(rows)), 0))
    others = rows.filter(pa.array(~first))
    beside = rows.select(["path", "row"]).take(pa.array(kept[~first]))
    others = others.append_column("kept_path", beside["path"])
    return rows.filter(pa.array(first)), others.append_column("kept_row", beside["row"])


def _sorted(keys: Arrow, names: Sequence[str]) -> Arrow:
    return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names])


def _rejected(others: Arrow, reason: Reason) -> Iterator[Rejected]:
    """Yield what is set aside; a stand-in that is not needed is not: nothing is wrong with it."""
    wanted = others.filter(pc.invert(others["stands_in"]))
    for each in wanted.select(["path", "row", "kept_path", "kept_row"]).to_pylist():
        kept = place(each["kept_path"], each["kept_row"] or None)
        yield Rejected(each["path"], each["row"] or None, reason, f"the same as {kept}")


def place(path: str, row: int | None) -> str:
    """Return where something stands, for people."""
    return path if row is None else f"{path}:{row}"
