"""The attribution token of an answer: what the running call showed, and when."""

import time
from collections.abc import Callable

from segue_server.domain.attribution import Attribution, AttributionTokens
from segue_server.domain.model import Recommendations
from segue_server.transport.call import request_id


class AnswerTokens:
    """Issues a token for each answer."""

    def __init__(self, tokens: AttributionTokens, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock

    def of(self, answer: Recommendations) -> str:
        """Return the token of an answer of the running call."""
        return self._tokens.issue(
            Attribution(
                request_id=request_id(),
                time=round(self._clock() * 1000),
                engine=answer.engine,
                version=answer.version,
                songs=tuple(item.song_id for item in answer.items),
                arm=answer.arm,
            )
        )
