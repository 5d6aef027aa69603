"""What checks look at: the model, its files, what is known of its songs, and requests to try."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import segue_signature as sig
from segue_model.gate.answers import Answer
from segue_model.gate.attributes import Attributes
from segue_model.gate.errors import Failed, Skipped
from segue_model.gate.model import Model
from segue_model.gate.requests import Problem, Request, shrunk
from segue_model.gate.structure import Structure

# Above this many songs, checks try fewer requests: each listener's whole ranking takes a second.
FEW: Final = 50_000
# Ids that no model knows.
UNKNOWN: Final = (2_000_000_011, 2_000_000_033)
TRIED_IDS, IDS_A_ROW = 2_000, 50


@dataclass(frozen=True)
class Limits:
    """The most that is allowed, no matter what where `None`; times are 99th percentiles."""

    ms: float | None = None
    batch_ms: float | None = None
    load_s: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True)
class Measured:
    """What loading took: seconds, bytes of memory, and the milliseconds of the first call."""

    load_s: float
    memory: int | None
    first_ms: float | None


@dataclass(eq=False)
class Subject:
    """A loaded model under check; what is found out about it is kept."""

    folder: Path
    model: Model
    structure: Structure
    measured: Measured
    attributes: Attributes | None = None
    limits: Limits = field(default_factory=Limits)
    seed: int = 1
    _whole: dict[tuple[int, ...], Answer] = field(default_factory=dict)

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the model says of itself. Raises: Failed when it is no JSON object."""
        text = self.model.description(sig.DESCRIPTION_SCHEMA_VERSION)
        try:
            said = json.loads(text, parse_constant=_no_constant)
        except ValueError as error:
            raise Failed(f"no JSON: {error}", {"output": text.decode(errors="replace")}) from error
        if not isinstance(said, dict):
            raise Failed("no JSON object", {"output": said})
        return said

    @property
    def song_count(self) -> int:
        """The number of songs that the model says it has."""
        return int(self.description["song_count"])

    @property
    def large(self) -> bool:
        """Whether there are so many songs that checks try fewer requests."""
        return self.song_count > FEW

    @property
    def sampled(self) -> bool:
        """Whether checks tried a part of the songs and fewer requests; not where none could."""
        try:
            return self.large
        except (Failed, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return False

    @property
    def exact(self) -> bool:
        """Whether the model says that it finds the best songs, and not most of them."""
        return bool(self.description["retrieval"]["form"] == "exact")

    @cached_property
    def song_ids(self) -> npt.NDArray[np.int32]:
        """The songs that come to a listener of nothing who wants them all, in order."""
        return np.sort(self.whole(()).ids)

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which of `tried_ids` the model knows something of, found by listening to them."""
        ids = self.tried_ids.tolist()
        rows = [tuple(ids[at : at + IDS_A_ROW]) for at in range(0, len(ids), IDS_A_ROW)]
        answers = self.model.rank(*(Request(row, 1) for row in rows))
        return np.concatenate([answer.known for answer in answers])

    @cached_property
    def tried_ids(self) -> npt.NDArray[np.int32]:
        """All songs, or a sample of them."""
        count = min(TRIED_IDS, len(self.song_ids))
        return np.sort(self.random("ids").choice(self.song_ids, count, replace=False))

    def random(self, name: str) -> np.random.Generator:
        """Return a stream of random numbers of its own for each name."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def listeners(self, count: int) -> list[tuple[int, ...]]:
        """Return lists of 1 to 20 different known songs; always the same ones first."""
        known = self.tried_ids[self.known]
        pool = known if len(known) else self.tried_ids
        if not len(pool):
            raise Skipped("the model has no songs")
        rng, sizes = self.random("listeners"), (3, 1, 5, 2) if self.large else (3, 1, 20, 7, 2, 5)
        return [
            tuple(rng.choice(pool, min(sizes[at % len(sizes)], len(pool)), replace=False).tolist())
            for at in range(count)
        ]

    def cold_listeners(self) -> list[tuple[int, ...]]:
        """Return a list with songs that the engine knows nothing of, and one of such songs only."""
        cold = tuple(self.tried_ids[~self.known][:3].tolist())
        return [(*self.listeners(1)[0], *cold), cold] if cold else []

    def tries(self, few: int, many: int) -> int:
        """Return how many requests a check should try."""
        return few if self.large else many

    def whole(self, listened: tuple[int, ...]) -> Answer:
        """Return all songs, ranked for a listener without any wish."""
        if listened not in self._whole:
            self._whole[listened] = self.model.rank_one(Request(listened, self.song_count))
        return self._whole[listened]

    def known_attributes(self) -> Attributes:
        """Return the dataset's attributes. Raises: Skipped when no dataset was given."""
        if self.attributes is None:
            raise Skipped("needs --dataset")
        return self.attributes

    def expect_all(self, requests: Iterable[Request], problem: Problem) -> int:
        """Return how many requests there were. Raises: Failed with a small one that has one."""
        tried = list(requests)
        for request in tried:
            if problem(request):
                smallest = shrunk(request, problem)
                raise Failed(str(problem(smallest)), self.example(smallest))
        return len(tried)

    def example(self, request: Request) -> dict[str, object]:
        """Return a request and what came back, as plain values."""
        return {"input": request.options(), "output": self.model.rank_one(request).first()}


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
