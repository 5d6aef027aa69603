"""An engine that answers by a substitute when the first one cannot, and says so."""

from dataclasses import replace

import structlog

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable, SegueError, Unavailable
from segue_server.domain.model import Degradation, Ranking, RankQuery
from segue_server.domain.ports import Engine

# A model that hangs must leave time for the substitute.
SHARE_OF_TIME = 0.7
# One that hangs alone must be known to have hung before the call is cancelled.
ALONE_SHARE_OF_TIME = 0.95
# A substitute that hangs must leave time to say that nothing answers.
STAND_IN_SHARE_OF_TIME = 0.9

log = structlog.get_logger()


class FallbackEngine:
    """Ranks by the engine of a name, or by `substitute` where the query allows one."""

    def __init__(self, name: str, engine: Engine, substitute: Engine) -> None:
        self._name = name
        self._engine = engine
        self._substitute = substitute

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the engine's ranking or else the substitute's, marked as degraded.

        Raises: EngineUnavailable when both are down, DeadlineExceeded.
        """
        if not query.substitute:
            return await self._engine.rank(query, deadline.share(ALONE_SHARE_OF_TIME))
        try:
            return await self._engine.rank(query, deadline.share(SHARE_OF_TIME))
        except (EngineUnavailable, DeadlineExceeded) as error:
            log.warning("model unavailable", engine=self._name, error=str(error))
            return await self._stand_in(query, deadline, error)

    async def _stand_in(self, query: RankQuery, deadline: Deadline, cause: SegueError) -> Ranking:
        try:
            ranking = await self._substitute.rank(query, deadline.share(STAND_IN_SHARE_OF_TIME))
        except (Unavailable, DeadlineExceeded) as error:
            log.warning("substitute unavailable", error=str(error))
            if isinstance(cause, DeadlineExceeded) and isinstance(error, DeadlineExceeded):
                raise
            trouble = EngineUnavailable(f"neither model nor catalog answers: {cause}")
            if isinstance(cause, Unavailable):
                trouble.retry_after = cause.retry_after
            raise trouble from error
        return replace(ranking, degraded=(Degradation.MODEL_UNAVAILABLE, *ranking.degraded))
