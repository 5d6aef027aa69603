"""The gRPC server as callers see it: answers, statuses, deadlines."""

import time
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2

from failures import details, failure, reason
from segue.v1 import catalog_service_pb2 as cpb
from segue.v1 import engine_service_pb2 as epb
from segue.v1 import engine_service_pb2_grpc as egrpc
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.song_pb2 import SONG_VIEW_BASIC, SONG_VIEW_FULL, SONG_VIEW_IDS_ONLY
from served import DEFAULT_DEADLINE, Served


async def test_recommends(served: Served) -> None:
    request = rpb.RecommendSongsRequest(songs=[5, 15, 1249, 5], k=2, explain=True)
    answer = await served.recommendations.RecommendSongs(request)
    assert [(item.rank, item.song.id, item.song.title) for item in answer.recommendations] == [
        (1, 100, "Title 100"),
        (2, 99, "Title 99"),
    ]
    assert list(answer.unknown_songs) == [1249]
    assert (answer.model.engine, answer.model.version) == ("fake", "7")
    assert not answer.HasField("degraded")
    for item in answer.recommendations:
        assert sum(part.contribution for part in item.reasons) == pytest.approx(item.score)


async def test_the_same_request_has_the_same_answer_but_for_its_timing_and_token(
    served: Served,
) -> None:
    request = rpb.RecommendSongsRequest(songs=[5, 15], k=20, explain=True)
    answers = [await served.recommendations.RecommendSongs(request) for _ in range(3)]
    for answer in answers:
        answer.ClearField("timing")
        answer.ClearField("attribution_token")  # it tells request and time
    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1


async def test_views_hold_what_they_say(served: Served) -> None:
    fields = {}
    for view in (SONG_VIEW_IDS_ONLY, SONG_VIEW_BASIC, SONG_VIEW_FULL):
        request = rpb.RecommendSongsRequest(songs=[5], k=1, view=view)
        answer = await served.recommendations.RecommendSongs(request)
        fields[view] = {field.name for field, _ in answer.recommendations[0].song.ListFields()}
    assert fields[SONG_VIEW_IDS_ONLY] == {"id"}
    assert fields[SONG_VIEW_BASIC] == {"id", "title", "artist", "artist_id"}
    assert fields[SONG_VIEW_FULL] == {*fields[SONG_VIEW_BASIC], "tempo", "duration"}


async def test_a_bad_field_is_named(served: Served) -> None:
    error = await failure(
        served.recommendations.RecommendSongs(rpb.RecommendSongsRequest(songs=[5], k=-1))
    )
    bad = error_details_pb2.BadRequest()
    assert details(error)[1].Unpack(bad)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason(error) == "INVALID_FIELD"
    assert bad.field_violations[0].field == "k"


async def test_many_bad_fields_make_an_error_that_arrives(served: Served) -> None:
    request = rpb.RecommendSongsRequest(songs=[-1] * 1000, engine="x" * 10_000)
    error = await failure(served.recommendations.RecommendSongs(request))
    assert reason(error) == "INVALID_FIELD"


async def test_what_is_no_message_is_the_callers_fault(served: Served) -> None:
    call: Any = served.channel.unary_unary("/segue.v1.RecommendationService/RecommendSongs")
    error = await failure(call(b"\x1a\x01\xff"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason(error) == "INVALID_FIELD"


async def test_what_does_not_exist_is_not_found(served: Served) -> None:
    unknown_engine = rpb.RecommendSongsRequest(songs=[5], engine="tarot")
    error = await failure(served.recommendations.RecommendSongs(unknown_engine))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "ENGINE_NOT_FOUND")
    error = await failure(served.songs.GetSong(cpb.GetSongRequest(song_id=5000)))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "SONG_NOT_FOUND")
    error = await failure(
        served.recommendations.FindSimilarSongs(rpb.FindSimilarSongsRequest(song_id=5000))
    )
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "SONG_NOT_FOUND")


async def test_model_down_then_both_down_then_both_back(served: Served) -> None:
    request = rpb.RecommendSongsRequest(songs=[5], k=2)
    served.engine.down = True
    answer = await served.recommendations.RecommendSongs(request)
    assert list(answer.degraded.reasons) == [rpb.DEGRADED_REASON_MODEL_UNAVAILABLE]
    served.catalog.down = served.substitute.down = True
    error = await failure(served.recommendations.RecommendSongs(request))
    retry = error_details_pb2.RetryInfo()
    assert details(error)[1].Unpack(retry)
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, "MODEL_UNAVAILABLE")
    served.engine.down = served.catalog.down = False
    answer = await served.recommendations.RecommendSongs(request)
    assert not answer.HasField("degraded")


async def test_catalog_down_leaves_ids_and_fails_its_own_calls(served: Served) -> None:
    served.catalog.down = True
    answer = await served.recommendations.RecommendSongs(rpb.RecommendSongsRequest(songs=[5], k=2))
    assert list(answer.degraded.reasons) == [rpb.DEGRADED_REASON_CATALOG_UNAVAILABLE]
    assert [item.song.id for item in answer.recommendations] == [100, 99]
    error = await failure(served.songs.SearchSongs(cpb.SearchSongsRequest(query="x")))
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, "CATALOG_UNAVAILABLE")


async def test_the_callers_deadline_is_kept_and_a_default_set(served: Served) -> None:
    served.engine.hangs = served.substitute.hangs = True
    request = rpb.RecommendSongsRequest(songs=[5])
    started = time.monotonic()
    error = await failure(served.recommendations.RecommendSongs(request, timeout=0.1))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 0.4
    started = time.monotonic()
    error = await failure(served.recommendations.RecommendSongs(request))
    assert reason(error) == "DEADLINE_EXCEEDED"
    assert DEFAULT_DEADLINE * 0.9 < time.monotonic() - started < DEFAULT_DEADLINE + 0.4


async def test_a_batch_answers_each_request_for_itself(served: Served) -> None:
    good = rpb.RecommendSongsRequest(songs=[5], k=1)
    bad = rpb.RecommendSongsRequest(songs=[5], k=-1)
    absent = rpb.RecommendSongsRequest(songs=[5], engine="tarot")
    answer = await served.recommendations.BatchRecommendSongs(
        rpb.BatchRecommendSongsRequest(requests=[bad, good, absent, good])
    )
    kinds = [outcome.WhichOneof("outcome") for outcome in answer.outcomes]
    assert kinds == ["error", "response", "error", "response"]
    assert [outcome.error.code for outcome in answer.outcomes] == [3, 0, 5, 0]
    for count in (0, 101):
        batch = rpb.BatchRecommendSongsRequest(requests=[good] * count)
        error = await failure(served.recommendations.BatchRecommendSongs(batch))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_many_songs_come_in_the_order_asked_for(served: Served) -> None:
    answer = await served.songs.BatchGetSongs(
        cpb.BatchGetSongsRequest(song_ids=[7, 5000, 3, 7], view=SONG_VIEW_IDS_ONLY)
    )
    assert [song.id for song in answer.songs] == [7, 3]
    assert list(answer.unknown_songs) == [5000]


async def test_engines_are_listed_the_default_first_whether_they_answer_or_not(
    served: Served,
) -> None:
    served.engine.down = True
    engines = egrpc.EngineServiceStub(served.channel)
    answer = await engines.ListEngines(epb.ListEnginesRequest())
    assert [(e.name, e.default, e.state, e.version) for e in answer.engines] == [
        ("main", True, epb.ENGINE_STATE_UNAVAILABLE, ""),
        ("other", False, epb.ENGINE_STATE_AVAILABLE, "7"),
    ]
