"""Requests go to the engine they name, to their arm of the experiment, or to the default."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog

from fakes import FakeEngine
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable, NotFound
from segue_server.domain.experiment import Arm, Experiment
from segue_server.domain.model import RankQuery, RecommendRequest
from segue_server.domain.route import Route, Tally
from segue_server.domain.traffic import Lineup, Traffic
from segue_server.engines.fallback import FallbackEngine

QUERY = RankQuery(songs=(5,), k=3)
VISITORS = [f"visitor {number}" for number in range(10_000)]
EXPERIMENT = Experiment("try", {"old": 90, "new": 10})


def soon() -> Deadline:
    return Deadline.after(5)


def route_of(engine: FakeEngine) -> Route:
    return Route(engine, engine)


@pytest.fixture
def traffic() -> Traffic:
    routes = {name: route_of(FakeEngine(name)) for name in ("old", "new", "other")}
    return Traffic(Lineup(routes, "old", EXPERIMENT))


def arms(experiment: Experiment) -> list[str]:
    return [experiment.arm_of(visitor).engine for visitor in VISITORS]


@pytest.mark.parametrize(
    "weights",
    [{"a": 50, "b": 50}, {"a": 90, "b": 10}, {"a": 0.5, "b": 0.2, "c": 0.3}, {"a": 1}],
    ids=str,
)
def test_arms_get_their_shares(weights: dict[str, float]) -> None:
    experiment = Experiment("try", weights)
    seen = Counter(arms(experiment))
    for arm in weights:
        # Four standard deviations of 10,000 draws at the most.
        assert seen[arm] / len(VISITORS) == pytest.approx(experiment.share(arm), abs=0.02)


def test_an_arm_of_weight_0_gets_nobody() -> None:
    assert set(arms(Experiment("try", {"a": 0, "b": 1, "c": 0}))) == {"b"}


def test_a_visitor_stays_whatever_order_the_arms_are_written_in() -> None:
    one, other = {"a": 30, "b": 70}, {"b": 70, "a": 30}
    assert arms(Experiment("try", one)) == arms(Experiment("try", other))


def test_a_visitors_arm_is_the_same_for_all_processes_and_releases() -> None:
    experiment = Experiment("try", {"old": 60, "new": 40})
    seen = [experiment.arm_of(f"visitor {number}").engine for number in range(12)]
    assert "".join(arm[0] for arm in seen) == "oooonnoooooo"


def test_another_experiment_shares_out_anew() -> None:
    one = arms(Experiment("one", {"a": 1, "b": 1}))
    two = arms(Experiment("two", {"a": 1, "b": 1}))
    same = sum(first == second for first, second in zip(one, two, strict=True))
    assert same / len(VISITORS) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ({"a": 90, "b": 10}, {"a": 80, "b": 20}, {("a", "b")}),
        ({"a": 60, "b": 20, "c": 20}, {"a": 60, "b": 60, "c": 20}, {("a", "b"), ("c", "b")}),
        ({"a": 60, "b": 20}, {"a": 60, "b": 20, "c": 20}, {("a", "c"), ("b", "c")}),
        ({"a": 60, "b": 20, "c": 20}, {"a": 60, "b": 20}, {("c", "a"), ("c", "b")}),
        ({"a": 90, "b": 10}, {"a": 9, "b": 1}, set()),
    ],
    ids=["one grows", "another grows", "one comes", "one goes", "the same shares"],
)
def test_only_those_visitors_move_that_must(
    before: dict[str, float], after: dict[str, float], moves: set[tuple[str, str]]
) -> None:
    old, new = Experiment("try", before), Experiment("try", after)
    moved = [pair for pair in zip(arms(old), arms(new), strict=True) if pair[0] != pair[1]]
    assert set(moved) == moves
    needed = sum(max(0.0, new.share(arm) - old.share(arm)) for arm in {**before, **after})
    assert len(moved) / len(VISITORS) == pytest.approx(needed, abs=0.02)


def test_a_named_engine_is_outside_the_experiment(traffic: Traffic) -> None:
    choice = traffic.choose(RecommendRequest(QUERY, engine="other", visitor="v"))
    assert (choice.name, choice.arm) == ("other", None)


def test_a_visitor_is_in_an_arm_and_the_answer_can_tell(traffic: Traffic) -> None:
    visitor = next(one for one in VISITORS if EXPERIMENT.arm_of(one).engine == "new")
    for _ in range(3):
        choice = traffic.choose(RecommendRequest(QUERY, visitor=visitor))
        assert (choice.name, choice.arm) == ("new", Arm("try", "new"))


def test_who_is_nobody_is_drawn_anew_for_each_request(traffic: Traffic) -> None:
    seen = Counter(traffic.choose(RecommendRequest(QUERY)).name for _ in range(2_000))
    assert seen["new"] / 2_000 == pytest.approx(0.1, abs=0.03)


def test_what_takes_no_part_goes_to_the_default(traffic: Traffic) -> None:
    choices = [traffic.choose(RecommendRequest(QUERY, visitor=None)) for _ in range(100)]
    assert {(choice.name, choice.arm) for choice in choices} == {("old", None)}


def test_without_an_experiment_all_goes_to_the_default(traffic: Traffic) -> None:
    traffic.use(Lineup(traffic.lineup.routes, "new"))
    choice = traffic.choose(RecommendRequest(QUERY, visitor="v"))
    assert (choice.name, choice.arm) == ("new", None)
    assert [traffic.lineup.share(name) for name in ("new", "old")] == [1.0, 0.0]


def test_an_engine_that_left_is_not_found(traffic: Traffic) -> None:
    traffic.use(Lineup({"old": traffic.lineup.routes["old"]}, "old"))
    with pytest.raises(NotFound, match="engine 'new'"):
        traffic.choose(RecommendRequest(QUERY, engine="new"))


async def test_what_came_of_requests_is_counted() -> None:
    engine, substitute = FakeEngine(), FakeEngine("substitute")
    route = Route(FallbackEngine("main", engine, substitute), engine)
    assert route.tally() == Tally()
    for _ in range(3):
        await route.rank(QUERY, soon())
    engine.down = True
    for _ in range(2):
        await route.rank(QUERY, soon())
    substitute.down = True
    with pytest.raises(EngineUnavailable):
        await route.rank(QUERY, soon())
    tally = route.tally()
    assert (tally.answered, tally.degraded, tally.failed) == (3, 2, 1)


async def test_an_engine_that_hangs_where_none_may_stand_in_counts_as_failed() -> None:
    engine = FakeEngine(hangs=True)
    route = Route(FallbackEngine("main", engine, FakeEngine()), engine)
    deadline = Deadline.after(0.3)
    with pytest.raises(DeadlineExceeded):
        async with asyncio.timeout(deadline.remaining()):  # as the call has
            await route.rank(RankQuery(songs=(5,), k=3, substitute=False), deadline)
    assert route.tally() == Tally(failed=1)


async def test_the_engine_that_does_not_answer_is_named_in_the_log() -> None:
    engine = FallbackEngine("main", FakeEngine(down=True), FakeEngine())
    with structlog.testing.capture_logs() as lines:
        await engine.rank(QUERY, soon())
    assert [(line["event"], line["engine"]) for line in lines] == [("model unavailable", "main")]


async def test_the_wait_that_a_model_asks_for_is_passed_on_when_nothing_stands_in() -> None:
    engine = FallbackEngine("main", FakeEngine(down=True, retry_after=30), FakeEngine(down=True))
    with pytest.raises(EngineUnavailable) as caught:
        await engine.rank(QUERY, soon())
    assert caught.value.retry_after == 30


async def test_the_median_is_of_the_models_own_answers() -> None:
    times: Iterator[float] = itertools.chain.from_iterable(
        (float(start), start + took) for start, took in enumerate((0.1, 0.9, 0.2, 5.0))
    )
    engine = FakeEngine()
    route = Route(FallbackEngine("main", engine, FakeEngine()), engine, clock=lambda: next(times))
    for _ in range(3):
        await route.rank(QUERY, soon())
    engine.down = True
    await route.rank(QUERY, soon())
    assert route.tally().median_latency == pytest.approx(0.2)


async def test_a_cancelled_call_counts_not_and_leaves_the_engine_idle() -> None:
    engine = FakeEngine(hangs=True)
    route = route_of(engine)
    call = asyncio.create_task(route.rank(QUERY, soon()))
    idle = asyncio.create_task(route.idle())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not idle.done()
    call.cancel()
    await asyncio.wait_for(idle, 1)
    assert route.tally() == Tally()


async def test_an_engine_is_idle_when_its_last_call_has_ended() -> None:
    engine = FakeEngine()
    route = route_of(engine)
    await route.rank(QUERY, soon())
    await route.idle()
    engine.hangs = True
    calls = [
        asyncio.create_task(route.rank(QUERY, Deadline.after(seconds))) for seconds in (0.05, 0.15)
    ]
    describing = asyncio.create_task(route.describe(Deadline.after(0.25)))
    await asyncio.sleep(0.1)
    idle = asyncio.create_task(route.idle())
    await asyncio.sleep(0.1)
    assert not idle.done(), "it is still describing itself"
    await asyncio.wait_for(idle, 1)
    await asyncio.gather(*calls, describing, return_exceptions=True)
