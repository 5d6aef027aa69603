"""Reads who played what how often: files of user, song id and plays, of any length."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from segue_model.data.columns import Listens
from segue_model.data.errors import DatasetError
from segue_model.data.rejected import Reason, Rejected
from segue_model.ingest.storage import Folder

Longs = npt.NDArray[np.int64]

BLOCK: Final = 32 << 20
FIELDS: Final = 3
# Up to nine digits, which fit an int32.
PLAYS: Final = "^[1-9][0-9]{0,8}$"
REJECTED_AT_MOST: Final = 1_000
# Of a bad line.
TOLD: Final = 100


class Triplets(NamedTuple):
    """What a file tells: the listens, how many rows it has, and what was left out of it.

    `bad` counts the rows that are none, `strangers` those about songs that are not in the dataset.
    """

    listens: Listens
    rows: int
    bad: int
    strangers: int
    rejected: list[Rejected]


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    path: str
    known: Any
    ids: Longs
    rows: int = 0
    strangers: int = 0
    bad: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    users: list[Any] = field(default_factory=list)
    songs: list[Longs] = field(default_factory=list)
    plays: list[Longs] = field(default_factory=list)


def read_triplets(folder: Folder, path: str, song_ids: Mapping[str, int]) -> Triplets:
    """Return the listens of a file without a header, fields divided by tabs.

    `song_ids` are the dataset's ids by what the file calls the songs. Listeners are numbered from 1
    in the order of their names; the plays of a pair that is there twice are added up. The first
    thousand bad rows are named, the others counted. Raises: DatasetError when the file is missing
    or no row is sound.
    """
    known = pa.array([song.encode() for song in song_ids], pa.binary())
    reading = _Reading(path, known, np.array(list(song_ids.values()), np.int64))
    try:
        opened = folder.open(path)
    except FileNotFoundError as error:
        raise DatasetError(path, None, "no such file") from error
    with opened:
        for lines in _blocks(opened):
            _take(reading, lines)
    if reading.rows and reading.bad == reading.rows:
        first = reading.rejected[0]
        raise DatasetError(path, None, f"no row is a triplet; the first: {first.detail}")
    if reading.bad > REJECTED_AT_MOST:
        more = f"{reading.bad - REJECTED_AT_MOST} more rows are malformed"
        reading.rejected.append(Rejected(path, None, Reason.MALFORMED, more))
    return Triplets(
        _listens(reading), reading.rows, reading.bad, reading.strangers, reading.rejected
    )


def _blocks(opened: BinaryIO) -> Iterator[Any]:
    """Yield the lines of a file, block by block, each as one value.

    Of a line longer than a block there is only the beginning, without tabs: it is no triplet.
    """
    begun, is_too_long = b"", False
    while block := opened.read(BLOCK):
        first, newline, others = block.partition(b"\n")
        if not is_too_long:
            begun += first
        if len(begun) > BLOCK:
            begun, is_too_long = begun[:TOLD].replace(b"\t", b" "), True
        if newline:
            ended, more, rest = others.rpartition(b"\n")
            yield _lines(begun + newline + ended if more else begun)
            begun, is_too_long = rest, False
    if begun:
        yield _lines(begun)


def _lines(text: bytes) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Return the lines of a text, of which the last one has no end."""
    ended = (text + b"\n").replace(b"\r\n", b"\n")
    return pc.split_pattern(pa.array([ended[:-1]], pa.binary()), "\n").flatten()


def _take(reading: _Reading, lines: Any) -> None:  # noqa: ANN401 - pyarrow ships no types
    parts = pc.split_pattern(lines, "\t")
    sound = pc.list_value_length(parts).to_numpy(zero_copy_only=False) == FIELDS
    fields = parts.filter(pa.array(sound))
    users, songs, plays = (pc.list_element(fields, at) for at in range(FIELDS))
    counted = pc.match_substring_regex(plays, PLAYS)
    sound[sound] = counted.to_numpy(zero_copy_only=False)
    _reject(reading, lines, np.flatnonzero(~sound))
    reading.rows += len(lines)
    found = pc.index_in(songs, reading.known)
    ours = pc.and_(counted, pc.is_valid(found))
    reading.strangers += int(sound.sum()) - ours.true_count
    reading.users.append(users.filter(ours).dictionary_encode())
    reading.songs.append(reading.ids[found.filter(ours).to_numpy(zero_copy_only=False)])
    numbers = plays.filter(ours).cast(pa.string()).cast(pa.int64())
    reading.plays.append(numbers.to_numpy())


def _reject(reading: _Reading, lines: Any, bad: Longs) -> None:  # noqa: ANN401 - pyarrow ships no types
    reading.bad += len(bad)
    for at in bad[: REJECTED_AT_MOST - len(reading.rejected)]:
        text = (lines[int(at)].as_py() or b"").decode("utf-8", "replace")[:TOLD]
        row = reading.rows + int(at) + 1
        detail = f"not user, song, plays: {text!r}"
        reading.rejected.append(Rejected(reading.path, row, Reason.MALFORMED, detail))


def _listens(reading: _Reading) -> Listens:
    users = pa.chunked_array(reading.users, pa.dictionary(pa.int32(), pa.binary()))
    users = users.unify_dictionaries().combine_chunks()
    names = users.dictionary
    rank = np.empty(len(names), np.int64)
    rank[pc.array_sort_indices(names).to_numpy()] = np.arange(1, len(names) + 1)
    listener = rank[users.indices.to_numpy()]
    song = np.concatenate([np.empty(0, np.int64), *reading.songs])
    plays = np.concatenate([np.empty(0, np.int64), *reading.plays])
    pairs = listener << 32 | song
    order = np.argsort(pairs, kind="stable")
    pairs, first = np.unique(pairs[order], return_index=True)
    total = np.add.reduceat(plays[order], first) if len(first) else plays
    return Listens(
        (pairs >> 32).astype(np.int32),
        (pairs & 0xFFFFFFFF).astype(np.int32),
        np.minimum(total, np.iinfo(np.int32).max).astype(np.int32),
    )
