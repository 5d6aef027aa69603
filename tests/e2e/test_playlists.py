"""Playlists as a page keeps them: JSON through Envoy, over every restart."""

import json
from typing import Any

from envoy_process import Reply, ask
from running_stack import RunningStack, wait_for

VISITOR = {"x-visitor-id": "e2e-" + "7" * 22, "content-type": "application/json"}


def test_a_playlist_is_kept_through_envoy_and_a_restart(running: RunningStack) -> None:
    def call(verb: str, path: str, message: object = None) -> Reply:
        body = None if message is None else json.dumps(message).encode()
        return ask(running.stack.ports.http, verb, path, body, VISITOR)

    def answer(verb: str, path: str, message: object = None) -> Any:  # noqa: ANN401 - JSON
        reply = call(verb, path, message)
        assert reply.status == 200, reply.body
        return reply.json

    made = answer("POST", "/v1/playlists", {"title": "Evening", "songIds": [5]})["playlist"]
    path = f"/v1/playlists/{made['playlistId']}"
    wanted = {"songId": 15, "position": 1, "recommend": {"k": 3, "explain": True}}
    added = answer("POST", f"{path}:addSong", wanted)
    assert [entry["song"]["id"] for entry in added["playlist"]["entries"]] == [15, 5]
    found = added["recommendations"]["response"]["recommendations"]
    assert len(found) == 3
    assert all(item["song"]["title"] and item["reasons"] for item in found)
    assert not {item["song"]["id"] for item in found} & {5, 15}

    old = call("POST", f"{path}:removeSong", {"songId": 5, "etag": made["etag"]})
    assert (old.status, old.json["details"][0]["reason"]) == (409, "ETAG_MISMATCH")
    answer("POST", f"{path}:moveSong", {"songId": 5, "position": 1})
    answer("PATCH", f"{path}?updateMask=title", {"title": "Night"})

    running.kill("server")
    running.start("server")
    kept = wait_for("the server", lambda: (r := call("GET", path)).status == 200 and r.json)
    assert [entry["song"]["id"] for entry in kept["playlist"]["entries"]] == [5, 15]
    listed = answer("GET", "/v1/playlists")["playlists"]
    assert [(one["title"], one["songCount"]) for one in listed] == [("Night", 2)]

    for others, status in (({"x-visitor-id": "x" * 22}, 404), ({}, 401)):
        assert ask(running.stack.ports.http, "GET", path, None, others).status == status
    answer("DELETE", f"{path}?etag={kept['playlist']['etag']}")
    assert call("GET", path).status == 404
