"""What may be chosen about factors, and what is refused."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactorsOptions:
    """How factors are learned; the defaults did well on each of the data sets they were tried on.

    `dimensions` is the length of a vector. `regularization` shrinks vectors, and that of a listener
    of L out of W songs by `regularization * (L + unobserved_weight * W) ** nu`, that of a song
    likewise. A pair that is not observed weighs `unobserved_weight`, an observed one that and 1
    more. Songs with fewer than `min_listeners` listeners get no vector.
    Raises: ValueError, "name: reason", when a value is out of its range.
    """

    dimensions: int = 128
    regularization: float = 0.01
    unobserved_weight: float = 0.1
    nu: float = 1.0
    epochs: int = 16
    min_listeners: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("dimensions", "epochs", "min_listeners"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: not at least 1: {getattr(self, name)}")
        for name in ("regularization", "unobserved_weight"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name}: not a positive number: {value}")
        if not 0 <= self.nu <= 1:
            raise ValueError(f"nu: not from 0 to 1: {self.nu}")
        if self.seed < 0:
            raise ValueError(f"seed: negative: {self.seed}")
