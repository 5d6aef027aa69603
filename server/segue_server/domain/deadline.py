"""How much time is left for a call, carried to every part that it waits for."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from segue_server.domain.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point in time by which an answer must be out; `expires_at` is on `clock`'s scale."""

    expires_at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """Return the deadline `seconds` from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Return the seconds left, more than 0; raise `DeadlineExceeded` when none are."""
        left = self.expires_at - self.clock()
        if left <= 0:
            raise DeadlineExceeded
        return left

    def share(self, part: float) -> "Deadline":
        """Return the deadline by which `part` (0 to 1) of the remaining time has passed."""
        return Deadline(self.clock() + part * self.remaining(), self.clock)
