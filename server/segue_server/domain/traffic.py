"""Which engine a request goes to: the one it names, its arm of the experiment, or the default."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from segue_server.domain.errors import NotFound
from segue_server.domain.experiment import Arm, Experiment
from segue_server.domain.model import RecommendRequest
from segue_server.domain.route import Route


@dataclass(frozen=True, slots=True, eq=False)
class Lineup:
    """The engines in use by name, the default among them, and the arms of the experiment too."""

    routes: Mapping[str, Route]
    default: str
    experiment: Experiment | None = None

    def share(self, name: str) -> float:
        """Return the share, 0 to 1, of the requests that name no engine."""
        if self.experiment:
            return self.experiment.share(name)
        return float(name == self.default)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The engine that a request goes to; `arm` when an experiment chose it."""

    name: str
    route: Route
    arm: Arm | None = None


class Traffic:
    """Sends each request to an engine of the lineup, which can be replaced while requests run.

    A request goes the way that was chosen for it, whatever is replaced meanwhile.
    """

    def __init__(
        self, lineup: Lineup, anyone: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        """Take the first lineup, and whom a request is from that tells no visitor."""
        self.lineup = lineup
        self._anyone = anyone

    def use(self, lineup: Lineup) -> None:
        """Send all further requests by this lineup."""
        self.lineup = lineup

    def choose(self, request: RecommendRequest) -> Choice:
        """Return the engine for a request; raise NotFound when it names one that is not there."""
        lineup, arm = self.lineup, None
        name = request.engine or lineup.default
        if lineup.experiment and not request.engine and request.visitor is not None:
            arm = lineup.experiment.arm_of(request.visitor or self._anyone())
            name = arm.engine
        if name not in lineup.routes:
            raise NotFound("engine", name)
        return Choice(name, lineup.routes[name], arm)
