"""What callers see of the traffic: the arm that ranked, the token of the answer, the counts."""

import pytest

from fakes import FakeEngine
from segue.v1 import engine_service_pb2 as epb
from segue.v1 import engine_service_pb2_grpc as egrpc
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain.attribution import AttributionTokens
from segue_server.domain.evaluation import Estimate, OfflineMetrics, Retrieval
from segue_server.domain.experiment import Arm, Experiment
from segue_server.domain.model import EngineInfo, Source
from segue_server.domain.route import Route
from segue_server.domain.traffic import Lineup
from served import TOKEN_KEY, Served

TOKENS = AttributionTokens(TOKEN_KEY)
METRICS = OfflineMetrics(
    protocol="strong generalization",
    listeners=500,
    recall_at_20=Estimate(0.2, 0.01),
    recall_at_50=Estimate(0.3, 0.02),
    ndcg_at_100=Estimate(0.25, 0.015),
    seed=7,
    coverage_at_10=0.4,
    gini_at_10=0.8,
    cold_recall_at_20=Estimate(0.05, 0.005),
    popularity_ndcg_at_100=0.1,
)


def experiment(served: Served, **arms: float) -> Experiment:
    made = Experiment("try", arms)
    lineup = served.traffic.lineup
    served.traffic.use(Lineup(lineup.routes, lineup.default, made))
    return made


async def test_an_answer_tells_the_arm_that_it_is_of(served: Served) -> None:
    made = experiment(served, main=1, other=1)
    names = {"main": "fake", "other": "other"}
    for visitor in map(str, range(20)):
        answer = await served.recommendations.RecommendSongs(
            rpb.RecommendSongsRequest(songs=[5], visitor_id=visitor)
        )
        assert answer.experiment.name == "try"
        assert answer.experiment.arm == made.arm_of(visitor).engine
        assert answer.model.engine == names[answer.experiment.arm]


async def test_an_answer_outside_the_experiment_tells_none(served: Served) -> None:
    experiment(served, other=1)
    named = await served.recommendations.RecommendSongs(
        rpb.RecommendSongsRequest(songs=[5], engine="main", visitor_id="x")
    )
    assert (named.model.engine, named.HasField("experiment")) == ("fake", False)
    similar = await served.recommendations.FindSimilarSongs(rpb.FindSimilarSongsRequest(song_id=5))
    assert similar.model.engine == "fake"


async def test_each_request_of_a_batch_is_in_its_visitors_arm(served: Served) -> None:
    made = experiment(served, main=1, other=1)
    visitors = [str(number) for number in range(20)]
    answer = await served.recommendations.BatchRecommendSongs(
        rpb.BatchRecommendSongsRequest(
            requests=[rpb.RecommendSongsRequest(songs=[5], visitor_id=one) for one in visitors]
        )
    )
    seen = [outcome.response.experiment.arm for outcome in answer.outcomes]
    assert seen == [made.arm_of(one).engine for one in visitors]


async def test_the_token_tells_what_the_answer_showed(served: Served) -> None:
    experiment(served, main=1)
    call = served.recommendations.RecommendSongs(
        rpb.RecommendSongsRequest(songs=[5], k=3), metadata=(("x-request-id", "mine-1"),)
    )
    shown = TOKENS.read((await call).attribution_token)
    assert (shown.request_id, shown.engine, shown.version) == ("mine-1", "fake", "7")
    assert (shown.songs, shown.arm) == ((100, 99, 98), Arm("try", "main"))
    assert shown.time > 1_700_000_000_000


async def test_similar_songs_and_every_answer_of_a_batch_have_a_token(served: Served) -> None:
    similar = await served.recommendations.FindSimilarSongs(
        rpb.FindSimilarSongsRequest(song_id=5, k=2)
    )
    assert TOKENS.read(similar.attribution_token).songs == (100, 99)
    one, two = (rpb.RecommendSongsRequest(songs=[5], k=k) for k in (1, 2))
    batch = rpb.BatchRecommendSongsRequest(requests=[one, two])
    answer = await served.recommendations.BatchRecommendSongs(batch)
    tokens = [outcome.response.attribution_token for outcome in answer.outcomes]
    assert [TOKENS.read(token).songs for token in tokens] == [(100,), (100, 99)]


async def test_diversity_reaches_the_engine(served: Served) -> None:
    request = rpb.RecommendSongsRequest(songs=[5], diversity=rpb.DIVERSITY_HIGH)
    await served.recommendations.RecommendSongs(request)
    assert served.engine.queries[-1].diversity == pytest.approx(0.6)


async def test_engines_tell_what_they_are_asked(served: Served) -> None:
    experiment(served, main=3, other=1)
    request = rpb.RecommendSongsRequest(songs=[5], engine="main")
    for _ in range(3):
        await served.recommendations.RecommendSongs(request)
    served.engine.down = True
    await served.recommendations.RecommendSongs(request)
    engines = egrpc.EngineServiceStub(served.channel)
    main, other = (await engines.ListEngines(epb.ListEnginesRequest())).engines
    told = main.traffic
    assert main.state == epb.ENGINE_STATE_UNAVAILABLE
    assert (told.share, told.answered, told.degraded, told.failed) == (0.75, 3, 1, 0)
    assert 0 < told.median_latency.ToMicroseconds() < 1_000_000
    assert (other.traffic.share, other.traffic.answered) == (0.25, 0)
    assert not other.traffic.HasField("median_latency")


class Evaluated(FakeEngine):
    info = EngineInfo("3", "ials", Source.COLLABORATIVE, 10, False, "f00d")

    async def describe(self, deadline: object) -> EngineInfo:
        return self.info


async def test_an_engine_tells_how_it_was_evaluated_and_how_it_finds_songs(served: Served) -> None:
    engine = Evaluated()
    engine.info = EngineInfo(
        "3", "ials", Source.COLLABORATIVE, 10, False, "f00d", METRICS, Retrieval(0.99)
    )
    served.traffic.use(Lineup({"main": Route(engine, engine)}, "main"))
    stub = egrpc.EngineServiceStub(served.channel)
    told = (await stub.GetEngine(epb.GetEngineRequest(engine="main"))).engine
    assert told.metrics == epb.OfflineMetrics(
        protocol="strong generalization",
        listeners=500,
        recall_at_20=epb.Estimate(value=0.2, standard_error=0.01),
        recall_at_50=epb.Estimate(value=0.3, standard_error=0.02),
        ndcg_at_100=epb.Estimate(value=0.25, standard_error=0.015),
        coverage_at_10=0.4,
        gini_at_10=0.8,
        cold_recall_at_20=epb.Estimate(value=0.05, standard_error=0.005),
        popularity_ndcg_at_100=0.1,
        seed=7,
    )
    approximate = epb.Retrieval(form=epb.RETRIEVAL_FORM_APPROXIMATE, recall_at_10=0.99)
    assert told.retrieval == approximate
    engine.info = EngineInfo(
        "3", "ials", Source.COLLABORATIVE, 10, False, "f00d", None, Retrieval()
    )
    told = (await stub.GetEngine(epb.GetEngineRequest(engine="main"))).engine
    assert told.retrieval == epb.Retrieval(form=epb.RETRIEVAL_FORM_EXACT)
    assert not told.HasField("metrics")
