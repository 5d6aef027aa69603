"""Passes who listened to what on to the workers, in chunks of listeners."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segue_model.data.columns import Ids, Ragged
from segue_model.ingest.storage import Folder


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """The songs, in order, of listeners in order: row i of `songs` is of `listeners[i]`."""

    listeners: Ids
    songs: Ragged

    def part(self, start: int, stop: int) -> "Listening":
        """Return the listeners from `start` to before `stop`."""
        offsets = self.songs.offsets[start : stop + 1]
        values = self.songs.values[offsets[0] : offsets[-1]]
        return Listening(self.listeners[start:stop], Ragged(offsets - offsets[0], values))


def leave(folder: Folder, listening: Listening, starts: Sequence[int]) -> None:
    """Leave a file for each chunk, which begin at `starts` and end where the next one begins."""
    for chunk, (start, stop) in enumerate(
        zip(starts, [*starts[1:], len(listening.listeners)], strict=True)
    ):
        part = listening.part(start, stop)
        songs = pa.ListArray.from_arrays(part.songs.offsets.astype(np.int32), part.songs.values)
        table = pa.table({"listener": part.listeners, "songs": songs})
        folder.write_table(_path(chunk), table)


def chunk_of(folder: Folder, chunk: int) -> Listening:
    """Return a chunk that was left. Raises: OSError."""
    table = folder.read_table(_path(chunk)).combine_chunks()
    songs = table["songs"].chunk(0)
    offsets = songs.offsets.to_numpy().astype(np.int64)
    return Listening(
        table["listener"].to_numpy(),
        Ragged(offsets, songs.values.to_numpy()),
    )


def starts_by_listens(songs: Ragged, most: int) -> list[int]:
    """Return where chunks begin that hold `most` listens, or one listener with more."""
    starts = [0]
    for row in range(1, len(songs)):
        if songs.offsets[row + 1] - songs.offsets[starts[-1]] > most:
            starts.append(row)
    return starts


def _path(chunk: int) -> str:
    return f"listens/{chunk:05}.parquet"
