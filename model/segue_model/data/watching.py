"""How far a long reading is, for whoever wants to see it."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Watch(Protocol):
    """Sees items go by."""

    def __call__(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """Yield `items`, about `total` of them, telling how far it is with `label`."""


def unwatched(items: Iterable[Item], label: str, total: int) -> Iterator[Item]:  # noqa: ARG001 - a Watch
    """Yield `items` and tell nobody."""
    yield from items
