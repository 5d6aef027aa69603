"""How work that takes long tells how far it is."""

from collections.abc import Callable
from typing import TypeAlias

# Told the name of a step and the share of it that is done, 0 to 1.
Progress: TypeAlias = Callable[[str, float], None]


def silent(step: str, share: float) -> None:
    """Tell nobody."""
