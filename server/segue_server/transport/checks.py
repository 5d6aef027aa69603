"""Checks of request fields that find everything wrong before they say so."""

from collections.abc import Sequence

from segue_server.domain.errors import InvalidRequest, Violation
from segue_server.transport import limits


class Checks:
    """Collects violations; `done` raises them together."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def fail(self, field: str, description: str) -> None:
        """Note that a field is at fault."""
        self._violations.append(Violation(field, description))

    def ids(self, field: str, values: Sequence[int], most: int) -> tuple[int, ...]:
        """Return ids without duplicates, each at least 1, at most so many as were sent."""
        if len(values) > most:
            self.fail(field, f"{len(values)} ids; at most {most:,} are allowed")
            return ()
        for at, value in enumerate(values):
            if value < 1:
                self.fail(f"{field}[{at}]", f"{value} is not an id; ids are at least 1")
        return tuple(dict.fromkeys(values))

    def id(self, field: str, value: int) -> int:
        """Return an id of at least 1."""
        if value < 1:
            self.fail(field, f"{value} is not an id; ids are at least 1")
        return value

    def size(self, field: str, value: int, default: int, most: int) -> int:
        """Return a number of results: the default for 0, at most `most`."""
        if value < 0:
            self.fail(field, f"{value} is negative")
        return min(value or default, most)

    def bounds(self, fields: tuple[str, str], low: float | None, high: float | None) -> None:
        """Check that two bounds, where both are given, are in order."""
        if low is not None and high is not None and low > high:
            self.fail(fields[1], f"{high:g} is less than {fields[0]} {low:g}")

    def within(self, field: str, value: float | None, most: float) -> None:
        """Check that a bound, where given, is from 1 to `most`."""
        if value is not None and not 1 <= value <= most:  # NaN is in no order
            self.fail(field, f"{value:g} is not from 1 to {most:g}")

    def name(self, field: str, value: str, most: int = limits.MAX_NAME) -> str:
        """Return a name of a length that a name has."""
        if len(value) > most:
            self.fail(field, f"{len(value)} characters; at most {most} are allowed")
        return value

    def done(self) -> None:
        """Raise InvalidRequest with the violations found, if any; of many only the first."""
        if self._violations:
            raise InvalidRequest(*self._violations[: limits.MAX_VIOLATIONS])
