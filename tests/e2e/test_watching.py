"""A playlist that is watched through Envoy, as server-sent events, by many at once."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from envoy_process import ask
from running_stack import RunningStack, wait_for

VISITOR = {"x-visitor-id": "watch-" + "8" * 22, "content-type": "application/json"}
WATCHERS = 200


class Watcher:
    """Reads the events of a watched playlist in a thread; at their end `ended` is set."""

    def __init__(self, port: int, path: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", path, headers=VISITOR)
        self.response = self._connection.getresponse()
        self.events: list[Any] = []
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def updates(self) -> list[Any]:
        return [event["update"] for event in self.events if "update" in event]

    def close(self) -> None:
        if self._connection.sock and not self.ended.is_set():
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(5)
        self.response.close()
        self._connection.close()

    def _read(self) -> None:
        try:
            for line in self.response:
                if line.startswith(b"data: "):
                    self.events.append(json.loads(line.removeprefix(b"data: ")))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed by the test
        self.ended.set()


@pytest.fixture
def playlist(running: RunningStack) -> Iterator[str]:
    """The path of a new playlist of one song."""
    made = call(running, "POST", "/v1/playlists", {"title": "Watched", "songIds": [5]})
    path = f"/v1/playlists/{made['playlist']['playlistId']}"
    yield path
    call(running, "DELETE", path)


def call(running: RunningStack, verb: str, path: str, message: object = None) -> Any:  # noqa: ANN401 - JSON
    body = None if message is None else json.dumps(message).encode()
    reply = ask(running.stack.ports.http, verb, path, body, VISITOR)
    assert reply.status == 200, reply.body
    return reply.json


def watch(running: RunningStack, playlist: str) -> Watcher:
    return Watcher(running.stack.ports.http, f"{playlist}/recommendations:watch?recommend.k=3")


def songs(update: Any) -> list[int]:  # noqa: ANN401 - JSON
    return [entry["song"]["id"] for entry in update["playlist"]["entries"]]


def test_changes_come_as_server_sent_events_and_the_end_is_told(
    running: RunningStack, playlist: str
) -> None:
    watcher = watch(running, playlist)
    assert watcher.response.status == 200
    assert watcher.response.headers["content-type"].startswith("text/event-stream")
    wait_for("the first update", watcher.updates)
    call(running, "POST", f"{playlist}:addSong", {"songId": 15})
    wait_for("the second update", lambda: len(watcher.updates()) > 1)
    assert [songs(update) for update in watcher.updates()] == [[5], [5, 15]]
    before, after = watcher.updates()
    assert before["recommendations"] != after["recommendations"]
    assert len(after["recommendations"]["recommendations"]) == 3
    running.stop("server")
    assert watcher.ended.wait(20)
    watcher.close()
    assert watcher.events[-1]["error"]["code"] == 14
    running.start("server")
    wait_for("the server", lambda: running.get("/v1/engines")[0] == 200)


def test_many_watch_without_a_thread_each_and_all_are_told(
    running: RunningStack, playlist: str
) -> None:
    watchers = [watch(running, playlist) for _ in range(WATCHERS)]
    wait_for("all first updates", lambda: all(one.updates() for one in watchers))
    threads = len(running.threads("server"))
    began = time.monotonic()
    call(running, "POST", f"{playlist}:addSong", {"songId": 15})
    wait_for("all second updates", lambda: all(len(one.updates()) > 1 for one in watchers))
    assert time.monotonic() - began < 15
    assert threads < WATCHERS / 2
    for one in watchers:
        one.close()
