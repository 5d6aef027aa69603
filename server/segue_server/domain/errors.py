"""Everything that can go wrong, in the caller's terms.

    SegueError
    ├── InvalidRequest       a field of the request is at fault
    ├── NotFound             a song or an engine that does not exist
    ├── Unavailable          a part is down, and nothing can take its place
    │   ├── EngineUnavailable
    │   ├── CatalogUnavailable
    │   └── Overloaded       more calls run than the server takes
    └── DeadlineExceeded     the caller's time is up

Only these leave the engines and the catalog; `transport/errors.py` maps each to a status.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of the request, by its path in the contract, and what is wrong with it."""

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field}: {self.description}" if self.field else self.description


class SegueError(Exception):
    """The root: every error that Segue raises on purpose."""


class InvalidRequest(SegueError):
    """One or more fields of the request are at fault."""

    def __init__(self, *violations: Violation) -> None:
        """Take at least one violation."""
        super().__init__("; ".join(map(str, violations)))
        self.violations = violations


class NotFound(SegueError):
    """The thing asked for does not exist; `kind` is `song` or `engine`."""

    def __init__(self, kind: str, name: str) -> None:
        """Name the thing."""
        super().__init__(f"{kind} {name!r} does not exist")
        self.kind = kind
        self.name = name


class Unavailable(SegueError):
    """A part is down; trying again after `retry_after` seconds may help."""

    retry_after = 1.0


class EngineUnavailable(Unavailable):
    """The model behind an engine did not answer, or not with a ranking."""


class CatalogUnavailable(Unavailable):
    """The catalog did not answer."""


class Overloaded(Unavailable):
    """As many calls run as the server takes."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the server has as many calls as it takes")


class DeadlineExceeded(SegueError):
    """The time that the caller gave is up."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the deadline of the call passed")
