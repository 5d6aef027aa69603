"""What a kind of source must be able to do: one file and one line in `SOURCES` add another."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from segue_model.data.rejected import Rejected
from segue_model.ingest.tracks import Track


@dataclass(frozen=True, slots=True)
class Unit:
    """A file, or the rows of it from `start` up to `stop`, that is read in one go.

    `size` (bytes) and `stamp` change when the file does; `songs` is about how many it holds.
    """

    path: str
    size: int
    stamp: str
    start: int = 0
    stop: int | None = None
    songs: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """What is known beside the songs: terms by `artist_key`, genre labels by `msd_track_id`.

    `mismatches` are pairs of MSD song id and track id whose listens belong to another song;
    `rejected` are rows of the files that told all this.
    """

    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mismatches: Collection[tuple[str, str]] = ()
    rejected: Sequence[Rejected] = ()


class Source(Protocol):
    """Raw songs somewhere. A source is a value that can be pickled: workers get copies of it."""

    def units(self) -> Sequence[Unit]:
        """Return all there is to read, in an order that is always the same.

        Raises: DatasetError when there is nothing, or something that is needed is missing.
        """

    def dialect(self) -> str:
        """Return a text that is another one where the same units would tell something else."""

    def read(self, unit: Unit) -> Iterator[Track | Rejected]:
        """Yield what a unit holds, in its order; a fault in a song costs that song only."""

    def annotations(self) -> Annotations:
        """Return what is known beside the songs. Raises: DatasetError."""

    def listens(self) -> tuple[str, str] | None:
        """Return folder URL and path of the triplets, `None` where there are none."""

    def described(self) -> Mapping[str, object]:
        """Return what the manifest says of the source; nothing of where it lies."""
