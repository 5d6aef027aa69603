"""EventService over the real gRPC server and SQLite, and what its events do to recommendations."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import create_engine, text

from activity_use import migrated
from event_use import rows_of
from failures import failure, fields, reason
from segue.v1 import event_service_pb2 as epb
from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import recommendation_service_pb2 as rpb
from segue_server.domain.attribution import Attribution, AttributionTokens
from served import TOKEN_KEY, USER_HEADER, Served, serving

VISITOR = "x-visitor-id"
ANN, BOB = ((VISITOR, "ann-" + "4" * 22),), ((VISITOR, "bob_" + "5" * 22),)
NOW = datetime.now(UTC)  # when the tests were read, which may be some minutes ago
SHOWN = Attribution("r-1", 7, "content", "3", (9, 5, 15))
TOKEN = AttributionTokens(TOKEN_KEY).issue(SHOWN)
FORGED = AttributionTokens(b"another key").issue(SHOWN)
HISTORY = rpb.RecommendSongsRequest(songs=[5], k=3, explain=True, use_history=True)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return migrated(f"sqlite:///{tmp_path}/activity.db")


@pytest.fixture
async def served(url: str) -> AsyncIterator[Served]:
    async with serving(url) as running:
        yield running


def like(song: int, id_: str = "", **more: Any) -> epb.Event:  # noqa: ANN401 - fields of an event
    kind = more.pop("type", epb.EVENT_TYPE_LIKE)
    return epb.Event(event_id=id_ or f"{kind}-{song}", type=kind, song_id=song, **more)


def dislike(song: int) -> epb.Event:
    return like(song, type=epb.EVENT_TYPE_DISLIKE)


async def record(
    served: Served,
    *events: epb.Event,
    metadata: Any = ANN,  # noqa: ANN401 - pairs of texts
) -> epb.RecordEventsResponse:
    return await served.events.RecordEvents(
        epb.RecordEventsRequest(events=events), metadata=metadata, timeout=10
    )


async def recommended(
    served: Served,
    request: rpb.RecommendSongsRequest,
    metadata: Any = ANN,  # noqa: ANN401 - pairs of texts
) -> rpb.RecommendSongsResponse:
    return await served.recommendations.RecommendSongs(request, metadata=metadata, timeout=10)


def ids_of(answer: rpb.RecommendSongsResponse) -> list[int]:
    return [item.song.id for item in answer.recommendations]


async def test_events_are_recorded_once_with_what_they_tell(served: Served, url: str) -> None:
    began = datetime.now(UTC).timestamp()
    answer = await recommended(served, rpb.RecommendSongsRequest(songs=[5], k=3))
    played = epb.Event(
        event_id="play",
        type=epb.EVENT_TYPE_PLAY,
        song_id=98,
        event_time=Timestamp(seconds=946_684_800, nanos=5_999),
        attribution_token=answer.attribution_token,
        playlist_id="p_-1",
        play_duration=Duration(seconds=61, nanos=250_000_000),
    )
    done = await record(served, played, like(5), like(5))
    assert (done.recorded, done.duplicates) == (2, 1)
    again = await record(served, played, like(6))
    assert (again.recorded, again.duplicates) == (1, 1)
    columns = "type, song_id, engine, version, playlist_id, play_duration, occurred_at"
    found = rows_of(url, f'SELECT {columns}, "rank" FROM event ORDER BY occurred_at, song_id')
    assert found[0] == ("play", 98, "fake", "7", "p_-1", 61_250_000, 946_684_800_000_005, 3)
    assert [row[:6] for row in found[1:]] == [
        ("like", song, None, None, "", None) for song in (5, 6)
    ]
    # What tells no time has just happened.
    assert all(began <= row[6] / 1e6 <= datetime.now(UTC).timestamp() for row in found[1:])


async def test_every_type_is_kept_as_what_it_is(served: Served, url: str) -> None:
    types = [number for number in epb.EventType.values() if number]
    told = [like(9, type=number, attribution_token=TOKEN) for number in types]
    assert (await record(served, *told)).recorded == len(types)
    kept = {row[0] for row in rows_of(url, "SELECT type FROM event")}
    names = {epb.EventType.Name(number).removeprefix("EVENT_TYPE_").lower() for number in types}
    assert kept == names


def at(delta: timedelta) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(NOW + delta)
    return message


@pytest.mark.parametrize(
    ("event", "at_fault"),
    [
        (like(1, "x" * 65), "event_id"),
        (like(1, "a b"), "event_id"),
        (like(1, "é"), "event_id"),
        (epb.Event(type=epb.EVENT_TYPE_LIKE, song_id=1), "event_id"),
        (epb.Event(event_id="a", song_id=1), "type"),
        (like(1, "a", type=99), "type"),
        (like(0, "a"), "song_id"),
        (like(1, "a", event_time=at(timedelta(days=1, hours=3))), "event_time"),
        (like(1, "a", event_time=Timestamp(seconds=946_684_799)), "event_time"),
        (like(1, "a", event_time=Timestamp(seconds=2**62)), "event_time"),
        (like(1, "a", event_time=Timestamp(seconds=10**12)), "event_time"),
        (like(1, "a", event_time=Timestamp(seconds=10**9, nanos=-1)), "event_time"),
        (like(9, "a", attribution_token=FORGED), "attribution_token"),
        (like(9, "a", attribution_token=TOKEN[:-1] + "x"), "attribution_token"),
        (like(9, "a", attribution_token="é"), "attribution_token"),
        (like(8, "a", attribution_token=TOKEN), "attribution_token"),
        (like(9, "a", type=epb.EVENT_TYPE_IMPRESSION), "attribution_token"),
        (like(1, "a", playlist_id="x" * 65), "playlist_id"),
        (like(1, "a", play_duration=Duration(seconds=1)), "play_duration"),
        (
            like(1, "a", type=epb.EVENT_TYPE_PLAY, play_duration=Duration(seconds=-1)),
            "play_duration",
        ),
        (
            like(
                1, "a", type=epb.EVENT_TYPE_SKIP, play_duration=Duration(seconds=86_400, nanos=1000)
            ),
            "play_duration",
        ),
        (
            like(1, "a", type=epb.EVENT_TYPE_PLAY, play_duration=Duration(seconds=2**62)),
            "play_duration",
        ),
        (
            like(1, "a", type=epb.EVENT_TYPE_PLAY, play_duration=Duration(seconds=1, nanos=-1)),
            "play_duration",
        ),
    ],
)
async def test_a_field_at_fault_is_named_and_nothing_is_kept(
    served: Served, url: str, event: epb.Event, at_fault: str
) -> None:
    error = await failure(record(served, like(3), like(4), like(5), event))
    assert (error.code(), reason(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert fields(error) == [f"events[3].{at_fault}"]
    assert rows_of(url, "SELECT COUNT(*) FROM event") == [(0,)]


async def test_what_is_just_within_the_limits_is_kept(served: Served) -> None:
    day = Duration(seconds=86_400)
    told = [
        like(2**31 - 1, "x" * 64, playlist_id="x" * 64),
        like(1, "b", event_time=at(timedelta(days=1, minutes=-1))),
        like(1, "c", event_time=Timestamp(seconds=946_684_800)),
        like(1, "d", type=epb.EVENT_TYPE_PLAY, play_duration=day),
        like(1, "e", type=epb.EVENT_TYPE_SKIP, play_duration=Duration()),
    ]
    assert (await record(served, *told)).recorded == len(told)


async def test_all_that_is_at_fault_is_told_the_first_ten_of_it(served: Served) -> None:
    error = await failure(record(served, *[epb.Event(event_id="a", song_id=-1)] * 6))
    paths = [f"events[{n}].{name}" for n in range(6) for name in ("type", "song_id")]
    assert fields(error) == paths[:10]


@pytest.mark.parametrize(("count", "allowed"), [(0, False), (500, True), (501, False)])
async def test_a_batch_has_at_least_one_event_and_at_most_500(
    served: Served, count: int, *, allowed: bool
) -> None:
    events = [like(n + 1, f"e-{n}", attribution_token="") for n in range(count)]
    if allowed:
        assert (await record(served, *events)).recorded == count
        return
    assert fields(await failure(record(served, *events))) == ["events"]


async def test_nobody_s_events_are_not_recorded(served: Served) -> None:
    error = await failure(record(served, like(1), metadata=()))
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAUTHENTICATED, "NO_IDENTITY")
    error = await failure(record(served, like(1), metadata=((VISITOR, "short"),)))
    assert fields(error) == [VISITOR]


async def test_liked_songs_are_listened_songs_and_disliked_ones_do_not_come(
    served: Served,
) -> None:
    assert ids_of(await recommended(served, HISTORY)) == [100, 99, 98]
    await record(served, like(100), dislike(98), dislike(5))
    answer = await recommended(served, HISTORY)
    assert ids_of(answer) == [99, 97, 96]
    assert {part.song_id for part in answer.recommendations[0].reasons} == {5, 100}
    assert not answer.HasField("degraded")
    without = rpb.RecommendSongsRequest(songs=[5], k=3)
    assert ids_of(await recommended(served, without)) == [100, 99, 98]
    assert ids_of(await recommended(served, HISTORY, BOB)) == [100, 99, 98]
    user = ((USER_HEADER, "ann@example.com"), *ANN)
    assert ids_of(await recommended(served, HISTORY, user)) == [100, 99, 98]
    await record(served, like(100, "c", type=epb.EVENT_TYPE_CLEAR))
    assert ids_of(await recommended(served, HISTORY)) == [100, 99, 97]


async def test_a_liked_song_that_the_engine_does_not_know_is_not_told_of(served: Served) -> None:
    await record(served, like(4000))
    answer = await recommended(served, rpb.RecommendSongsRequest(songs=[5, 3000], use_history=True))
    assert list(answer.unknown_songs) == [3000]
    assert served.engine.queries[-1].songs == (5, 3000, 4000)


async def test_adding_and_removing_a_song_count_the_history_too(served: Served) -> None:
    await record(served, like(100), dislike(99))
    new = ppb.CreatePlaylistRequest(title="Mine", song_ids=[5])
    playlist = (await served.playlists.CreatePlaylist(new, metadata=ANN)).playlist
    wanted = rpb.RecommendSongsRequest(k=2, use_history=True)
    add = ppb.AddSongRequest(playlist_id=playlist.playlist_id, song_id=6, recommend=wanted)
    added = await served.playlists.AddSong(add, metadata=ANN)
    assert ids_of(added.recommendations.response) == [98, 97]
    remove = ppb.RemoveSongRequest(playlist_id=playlist.playlist_id, song_id=6, recommend=wanted)
    removed = await served.playlists.RemoveSong(remove, metadata=ANN)
    assert ids_of(removed.recommendations.response) == [98, 97]
    assert served.engine.queries[-1].songs == (5, 100)
    add.recommend.use_history = False
    added = await served.playlists.AddSong(add, metadata=ANN)
    assert ids_of(added.recommendations.response) == [100, 99]


async def test_a_batch_counts_the_history_where_it_is_wanted(served: Served) -> None:
    await record(served, like(100))
    plain = rpb.RecommendSongsRequest(songs=[5], k=3)
    request = rpb.BatchRecommendSongsRequest(requests=[plain, HISTORY])
    outcomes = (await served.recommendations.BatchRecommendSongs(request, metadata=ANN)).outcomes
    assert [ids_of(one.response) for one in outcomes] == [[100, 99, 98], [99, 98, 97]]
    nobody = (await served.recommendations.BatchRecommendSongs(request)).outcomes
    assert ids_of(nobody[0].response) == [100, 99, 98]
    assert nobody[1].error.code == grpc.StatusCode.UNAUTHENTICATED.value[0]


async def test_nobody_has_a_history(served: Served) -> None:
    error = await failure(served.recommendations.RecommendSongs(HISTORY))
    assert (error.code(), reason(error)) == (grpc.StatusCode.UNAUTHENTICATED, "NO_IDENTITY")


async def test_with_the_database_down_nothing_is_recorded_and_answers_tell_what_is_missing() -> (
    None
):
    async with serving() as served:
        error = await failure(record(served, like(1)))
        told = (error.code(), reason(error))
        assert told == (grpc.StatusCode.UNAVAILABLE, "ACTIVITY_UNAVAILABLE")
        assert "nowhere" not in (error.details() or "")
        answer = await recommended(served, HISTORY)
        assert ids_of(answer) == [100, 99, 98]
        assert list(answer.degraded.reasons) == [rpb.DEGRADED_REASON_HISTORY_UNAVAILABLE]
        plain = await recommended(served, rpb.RecommendSongsRequest(songs=[5]))
        assert not plain.HasField("degraded")


async def test_a_database_that_is_locked_delays_no_answer(served: Served, url: str) -> None:
    await record(served, like(100))
    engine = create_engine(url)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN EXCLUSIVE")
        other.execute(text("UPDATE opinion SET song_id = 7"))
        request = epb.RecordEventsRequest(events=[like(1)])
        error = await failure(served.events.RecordEvents(request, metadata=ANN))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert ids_of(await recommended(served, HISTORY)) == [99, 98, 97]
        other.rollback()
    engine.dispose()


async def health_of(served: Served) -> int:
    await served.readiness.look()
    # Its stubs are of the generated kind that has no types.
    stub: Any = health_pb2_grpc.HealthStub(served.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service="segue.v1.EventService"))
    return int(answer.status)


async def test_its_health_is_that_of_its_database(served: Served) -> None:
    assert await health_of(served) == health_pb2.HealthCheckResponse.SERVING
    async with serving() as broken:
        assert await health_of(broken) == health_pb2.HealthCheckResponse.NOT_SERVING
