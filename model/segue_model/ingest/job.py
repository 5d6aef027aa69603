"""What a run is about: every step gets it, on whatever machine the step runs."""

import re
from dataclasses import dataclass
from typing import Final, Self

from segue_model.ingest.source import Source
from segue_model.ingest.storage import Folder

# What the work folder holds, beside the folder of the plan.
SHARDS: Final = "shards.parquet"
REGISTRY: Final = "ids.parquet"
CURRENT: Final = "current.json"
REJECTED: Final = "rejected.csv"

# How many songs are arranged and given features in one go.
PART: Final = 8_192


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may be set aside before a run fails: a number, or a share of all."""

    number: float
    is_share: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the limit in `100` or `2.5%`. Raises: ValueError."""
        if not re.fullmatch(r"\d+|\d+(\.\d+)?%", text):
            raise ValueError(f"{text!r} is neither a number nor a percentage such as 2.5%")
        if text.endswith("%"):
            return cls(float(text[:-1]) / 100, is_share=True)
        return cls(int(text), is_share=False)

    def allows(self, rejected: int, read: int) -> bool:
        """Whether `rejected` of `read` things may be set aside."""
        return rejected <= (self.number * read if self.is_share else self.number)

    def __str__(self) -> str:
        return f"{self.number * 100:g}%" if self.is_share else f"{self.number:,.0f}"


@dataclass(frozen=True, slots=True)
class Job:
    """Make a dataset called `name` of the source; `work` is where the steps leave their results."""

    source: Source
    work: Folder
    name: str
    limit: Limit
