"""Everything that can go wrong, in the caller's terms.

    SegueError
    ├── InvalidRequest       a field of the request is at fault
    ├── Unidentified         the call does not say whose it is
    ├── NotFound             a song, an engine or a playlist that does not exist
    ├── Changed              a thing that is no longer as the caller has seen it
    ├── LimitReached         there is no room for more
    ├── Unavailable          a part is down, and nothing can take its place
    │   ├── EngineUnavailable
    │   ├── CatalogUnavailable
    │   ├── ActivityUnavailable
    │   └── Overloaded       more calls run than the server takes
    └── DeadlineExceeded     the caller's time is up

Only these leave the engines and what keeps data; `transport/errors.py` maps each to a status.
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


class Unidentified(SegueError):
    """The call is of nobody, and what it asks for belongs to somebody."""

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("the call tells neither a user nor a visitor: send x-visitor-id")


class NotFound(SegueError):
    """The thing asked for does not exist; `kind` is `song`, `engine` or `playlist`."""

    def __init__(self, kind: str, name: str) -> None:
        """Name the thing."""
        super().__init__(f"{kind} {name!r} does not exist")
        self.kind = kind
        self.name = name


class Changed(SegueError):
    """The thing is no longer as the caller has seen it; `kind` and `name` as in NotFound."""

    def __init__(self, kind: str, name: str) -> None:
        """Name the thing."""
        super().__init__(f"{kind} {name!r} has changed; read it again")
        self.kind = kind
        self.name = name


class LimitReached(SegueError):
    """There is no room for more; `reason` is the contract's word for what is full."""

    def __init__(self, reason: str, text: str) -> None:
        """Take the reason, and the text for people."""
        super().__init__(text)
        self.reason = reason


class Unavailable(SegueError):
    """A part is down; trying again after `retry_after` seconds may help."""

    retry_after = 1.0


class EngineUnavailable(Unavailable):
    """The model behind an engine did not answer, or not with a ranking."""


class CatalogUnavailable(Unavailable):
    """The catalog did not answer."""


class ActivityUnavailable(Unavailable):
    """What listeners keep and do could not be read or written."""


class Overloaded(Unavailable):
    """As many calls run, or playlists are watched, as the server takes."""

    def __init__(self, text: str = "the server has as many calls as it takes") -> None:
        """Say what there are too many of."""
        super().__init__(text)


class DeadlineExceeded(SegueError):
    """The time that the caller gave is up."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the deadline of the call passed")
