"""What playlists, events and watchers cost those who ask for recommendations, on a running stack.

    make run                          # in one shell
    python bench/activity.py          # in another

One caller asks for recommendations, one after another: alone, and while 50 writers change one
playlist, while 10,000 events come in batches of 500, and while 1,000 watch a playlist that nobody
changes. Nothing may be lost, which is counted at the end. Everything shares the machine.
"""

import argparse
import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable

import grpc.aio

from segue.v1 import event_service_pb2 as epb
from segue.v1 import playlist_service_pb2 as ppb
from segue.v1 import recommendation_service_pb2 as rpb
from segue.v1.event_service_pb2_grpc import EventServiceStub
from segue.v1.playlist_service_pb2_grpc import PlaylistServiceStub
from segue.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

WRITERS, SONGS_EACH = 50, 4
EVENTS, BATCH = 10_000, 500
WATCHERS, A_CONNECTION = 1_000, 100
WHO = (("x-visitor-id", uuid.uuid4().hex),)
Work = Callable[[], Awaitable[object]]


async def recommendations(channel: grpc.aio.Channel, until: asyncio.Event) -> list[float]:
    """Return the milliseconds of each recommendation until told to stop."""
    stub, times = RecommendationServiceStub(channel), []
    while not until.is_set():
        began = time.perf_counter()
        await stub.RecommendSongs(rpb.RecommendSongsRequest(songs=[5, 15, 1249]), timeout=10)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def meanwhile(channel: grpc.aio.Channel, work: Work) -> tuple[list[float], float]:
    """Return the times of recommendations during some work, and the seconds of the work."""
    done, began = asyncio.Event(), time.perf_counter()
    asking = asyncio.create_task(recommendations(channel, done))
    await work()
    seconds = time.perf_counter() - began
    done.set()
    return await asking, seconds


async def write(address: str) -> None:
    """Have 50 callers add songs to one playlist, each over a connection of its own."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = PlaylistServiceStub(channel)
        request = ppb.CreatePlaylistRequest(title="bench")
        playlist = (await stub.CreatePlaylist(request, metadata=WHO)).playlist

        async def writer(number: int) -> None:
            for song in range(1 + number * SONGS_EACH, 1 + (number + 1) * SONGS_EACH):
                add = ppb.AddSongRequest(playlist_id=playlist.playlist_id, song_id=song)
                await stub.AddSong(add, metadata=WHO, timeout=30)

        await asyncio.gather(*(writer(number) for number in range(WRITERS)))
        get = ppb.GetPlaylistRequest(playlist_id=playlist.playlist_id)
        kept = (await stub.GetPlaylist(get, metadata=WHO)).playlist.song_count
        gone = ppb.DeletePlaylistRequest(playlist_id=playlist.playlist_id)
        await stub.DeletePlaylist(gone, metadata=WHO)
    print(f"  {kept} of {WRITERS * SONGS_EACH} songs are in the playlist")


async def record(address: str) -> None:
    """Record events twice over: the second time none is new."""
    events = [
        epb.Event(event_id=f"{number}", type=epb.EVENT_TYPE_PLAY, song_id=1 + number % 1_000)
        for number in range(EVENTS)
    ]
    recorded = 0
    async with grpc.aio.insecure_channel(address) as channel:
        stub = EventServiceStub(channel)
        for start in (*range(0, EVENTS, BATCH), *range(0, EVENTS, BATCH)):
            request = epb.RecordEventsRequest(events=events[start : start + BATCH])
            answer = await stub.RecordEvents(request, metadata=WHO, timeout=30)
            recorded += answer.recorded
    print(f"  {recorded} events recorded, of {EVENTS} sent twice")


async def watch(address: str, seconds: float) -> None:
    """Have 1,000 watch a playlist until all have its first update, and some time more."""
    channels = [
        grpc.aio.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        for _ in range(WATCHERS // A_CONNECTION)
    ]
    stub = PlaylistServiceStub(channels[0])
    request = ppb.CreatePlaylistRequest(title="bench", song_ids=[5])
    playlist = (await stub.CreatePlaylist(request, metadata=WHO)).playlist
    asked = rpb.WatchPlaylistRecommendationsRequest(playlist_id=playlist.playlist_id)
    calls = [
        RecommendationServiceStub(channel).WatchPlaylistRecommendations(asked, metadata=WHO)
        for channel in channels
        for _ in range(A_CONNECTION)
    ]
    began = time.perf_counter()
    first = await asyncio.gather(*(call.read() for call in calls))
    message = rpb.WatchPlaylistRecommendationsResponse
    told = sum(isinstance(one, message) and one.HasField("update") for one in first)
    print(f"  {told} watchers have an update after {time.perf_counter() - began:.1f} s")
    await asyncio.sleep(seconds)
    for call in calls:
        call.cancel()
    for channel in channels:
        await channel.close()


def line(name: str, times: list[float], seconds: float) -> str:
    """Return what a person compares."""
    cuts = statistics.quantiles(times, n=100)
    p50, p95, p99 = cuts[49], cuts[94], cuts[98]
    rate = f"{len(times) / seconds:5.0f}/s  {seconds:5.1f} s"
    return f"{name:24} {p50:6.1f} {p95:6.1f} {p99:6.1f} ms  {rate}"


async def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grpc", default="127.0.0.1:50051")
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    async with grpc.aio.insecure_channel(given.grpc) as channel:
        works: dict[str, Work] = {
            "alone": lambda: asyncio.sleep(given.seconds),
            "50 writers": lambda: write(given.grpc),
            "10,000 events twice": lambda: record(given.grpc),
            "1,000 watchers": lambda: watch(given.grpc, given.seconds),
            "alone again": lambda: asyncio.sleep(given.seconds),
        }
        print("recommendations while …     p50    p95    p99      rate   lasted")
        for name, work in works.items():
            print(line(name, *await meanwhile(channel, work)))


if __name__ == "__main__":
    asyncio.run(main())
