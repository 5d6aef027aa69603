"""What the tests of a hosted model ask, and what a sound host answers."""

import segue_signature as sig
from predict_service import PredictService, reply
from segue_server.domain.deadline import Deadline
from segue_server.domain.model import Ranking, RankQuery
from segue_server.engines.rest_predict import RestEngine

QUERY = RankQuery((5, 15), 2, explain=True)
ROW = {
    sig.RECOM_SONGS_IDS: [7, 8],
    sig.RECOM_SONGS_SCORES: [0.5, 0.25],
    sig.RECOM_SONGS_SOURCES: [1, 1],
    sig.LISTENED_SONGS_KNOWN: [True, False],
    sig.RECOM_SONGS_CONTRIBUTIONS: [[0.5, 0.0], [0.25, 0.0]],
}
GOOD = {"predictions": [ROW]}


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(seconds)


async def ranked(service: PredictService, engine: RestEngine, answer: object = GOOD) -> Ranking:
    service.queue.append(reply(answer))
    return await engine.rank(QUERY, soon())
