"""Requests that share a run are answered as if each had run alone."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import grpc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segue_signature as sig
from integration.model_server_fixtures import ModelServer, shared
from integration.model_server_toy import COUNT, SLOW, UNLUCKY, batched_request, outputs, request
from segue_model.serving.batching import join, split
from segue_model.serving.untyped import Message


@pytest.fixture(scope="module")
def server() -> ModelServer:
    return shared().server


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as threads:
        yield threads


@contextmanager
def busy(server: ModelServer, pool: ThreadPoolExecutor) -> Iterator[Future[Message]]:
    """Keep the only batch thread busy, so that what comes meanwhile is queued."""
    calls = count(server)
    run = pool.submit(server.predict, request(SLOW, loops=[400_000]))
    while count(server) == calls:
        time.sleep(0.005)
    yield run
    assert run.result()


def count(server: ModelServer) -> int:
    """Return how many rows the toy has run; not batched, so it does not wait for a run."""
    return int(outputs(server.predict(request(COUNT, add=0)))["calls"])


def test_requests_that_share_a_run_get_their_own_answers(
    server: ModelServer, pool: ThreadPoolExecutor
) -> None:
    chance = random.Random(5)
    wanted = [
        (chance.sample(range(1, 13), chance.randint(0, 6)), chance.randint(1, 5), [1], [b"rock"])
        for _ in range(14)
    ]
    messages = [batched_request([songs], [k], [x], [g]) for songs, k, x, g in wanted]
    alone = [outputs(server.predict(message)) for message in messages]
    with busy(server, pool):
        together = [outputs(answer) for answer in pool.map(server.predict, messages)]
    widths = set()
    for (songs, k, *_), single, shared_run in zip(wanted, alone, together, strict=True):
        first = 1000 + sum(songs) - 1 - 100
        assert single[sig.RECOM_SONGS_IDS] == [list(range(first, first + k))]
        ((ids,), (known,), (parts,)) = (
            shared_run[name]
            for name in (
                sig.RECOM_SONGS_IDS,
                sig.LISTENED_SONGS_KNOWN,
                sig.RECOM_SONGS_CONTRIBUTIONS,
            )
        )
        assert ids[:k] == single[sig.RECOM_SONGS_IDS][0]
        assert set(ids[k:]) <= {sig.PAD_ID}
        assert known[: len(songs)] == single[sig.LISTENED_SONGS_KNOWN][0]
        assert [row[: len(songs)] for row in parts[:k]] == single[sig.RECOM_SONGS_CONTRIBUTIONS][0]
        widths.add(len(ids))
    # Two runs of at most 8 rows: the widths are those of the widest in each.
    assert len(widths) <= 2


def test_one_failing_request_does_not_fail_those_it_shares_a_run_with(
    server: ModelServer, pool: ThreadPoolExecutor
) -> None:
    messages = [batched_request([[song]], [1]) for song in (1, UNLUCKY, 3)]
    with busy(server, pool):
        runs = [pool.submit(server.predict, message) for message in messages]
        wait(runs)
    good = [outputs(runs[i].result())[sig.RECOM_SONGS_IDS] for i in (0, 2)]
    assert good == [[[1001]], [[1003]]]
    failure = runs[1].exception()
    assert isinstance(failure, grpc.RpcError)
    assert failure.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_request_of_more_rows_than_a_run_takes_is_answered(server: ModelServer) -> None:
    answer = outputs(server.predict(batched_request([[i] for i in range(20, 60)], [1] * 40)))
    assert answer[sig.RECOM_SONGS_IDS] == [[1000 + i] for i in range(20, 60)]


def test_inputs_of_different_row_counts_are_refused(server: ModelServer) -> None:
    message = batched_request([[1], [2]], [1, 1], [[0], [0]], [[b""], [b""]])
    message.inputs[sig.NO_RECOM_SONGS].CopyFrom(request("", k=[1]).inputs["k"])
    with pytest.raises(grpc.RpcError) as caught:
        server.predict(message)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "equal 0th-dimension size" in (caught.value.details() or "")


def test_a_full_queue_refuses_at_once_and_answers_the_rest(
    server: ModelServer, pool: ThreadPoolExecutor
) -> None:
    def ask(run: Future[Message]) -> tuple[grpc.StatusCode, bool]:
        """Return the status, and whether it came while the run that blocks was under way."""
        try:
            server.predict(batched_request([[1]], [1]))
        except grpc.RpcError as error:
            return error.code(), not run.done()
        return grpc.StatusCode.OK, not run.done()

    with busy(server, pool) as run:
        answers = [asked.result() for asked in [pool.submit(ask, run) for _ in range(40)]]
    # Two batches of eight rows may wait.
    assert answers.count((grpc.StatusCode.UNAVAILABLE, True)) == 24
    assert [code for code, _ in answers].count(grpc.StatusCode.OK) == 16


def test_what_nobody_waits_for_any_more_is_not_run(
    server: ModelServer, pool: ThreadPoolExecutor
) -> None:
    before = count(server)
    with busy(server, pool):
        for _ in range(3):
            with pytest.raises(grpc.RpcError) as caught:
                server.predict(request(SLOW, loops=[1]), timeout=0.05)
            assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        gone = server.prediction.Predict.future(request(SLOW, loops=[1]), timeout=20)
        time.sleep(0.05)
        gone.cancel()
        time.sleep(0.05)
    server.predict(request(SLOW, loops=[1]))
    assert count(server) - before == 2


rows = st.integers(1, 3).flatmap(
    lambda n: st.integers(0, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=n, max_size=n
        )
    )
)


@given(st.lists(rows, min_size=1, max_size=5))
def test_joined_rows_are_the_same_sets_and_split_as_they_were(
    tables: list[list[list[int]]],
) -> None:
    arrays = [np.array(table, np.int32).reshape(len(table), -1) for table in tables]
    joined = join([{"songs": array} for array in arrays])["songs"]
    own = [row for table in tables for row in table]
    assert [set(row) - {-1} for row in joined.tolist()] == [set(row) for row in own]
    parts = split({"songs": joined}, [len(table) for table in tables])
    for table, part in zip(tables, parts, strict=True):
        assert [row[: len(table[0])] for row in part["songs"].tolist()] == table
