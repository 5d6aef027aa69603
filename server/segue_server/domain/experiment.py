"""Which engine an experiment gives a visitor: always the same one, without remembering anyone."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

# As many bits as a float holds with a half added, so that no hash becomes 0 or 1.
BITS = 52


@dataclass(frozen=True, slots=True)
class Arm:
    """A part in an experiment, both by name."""

    experiment: str
    engine: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """Visitors shared out to engines, the `arms`, in proportion to their weights.

    Weights are 0 or more, and not all 0.
    """

    name: str
    arms: Mapping[str, float]

    def arm_of(self, visitor: str) -> Arm:
        """Return the visitor's arm; it depends on the names and weights alone.

        Weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): every arm draws a number
        for the visitor, the best one wins. A visitor moves only to an arm whose weight grew
        against that of the arm before; an arm that comes or goes moves no visitor between others.
        """
        return Arm(self.name, max(self.arms, key=lambda arm: self._draw(visitor, arm)))

    def share(self, engine: str) -> float:
        """Return the share of the visitors, 0 to 1, that the engine gets."""
        return self.arms.get(engine, 0.0) / sum(self.arms.values())

    def _draw(self, visitor: str, arm: str) -> float:
        """Return a number above 0 that is largest among the arms as often as the weights say."""
        seed = f"{self.name}\0{visitor}\0{arm}".encode()
        digest = hashlib.blake2b(seed, digest_size=8).digest()
        chance = ((int.from_bytes(digest) >> (64 - BITS)) + 0.5) / 2**BITS
        return self.arms[arm] / -math.log(chance)
