"""What ends a check, or all of them.

GateError
├── LoadError   there is no model to check
├── Unsafe      the model would do things outside itself, and is not run
├── Failed      a check found a fault
└── Skipped     a check does not apply
"""

from collections.abc import Iterable, Mapping


class GateError(Exception):
    """What leaves this room."""


class LoadError(GateError):
    """The folder holds no model that can be loaded; the text says why in a line."""


class Unsafe(GateError):
    """The model reaches outside itself, and was neither loaded nor called."""

    def __init__(self, operations: Iterable[str]) -> None:
        """Name the operations that do."""
        self.operations = sorted(operations)
        super().__init__(f"reads, writes or sends beyond the model: {', '.join(self.operations)}")


class Failed(GateError):
    """A check found a fault; `example` holds a small input and its output as plain values."""

    def __init__(
        self,
        reason: str,
        example: Mapping[str, object] | None = None,
        figures: Mapping[str, float] | None = None,
    ) -> None:
        """Say what is wrong, where it shows, and what was measured."""
        super().__init__(reason)
        self.example = example
        self.figures = figures or {}


class Skipped(GateError):
    """A check does not apply; the text says why."""
