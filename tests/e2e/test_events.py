"""Events as a page sends them: JSON through Envoy, and what they do to the next answer."""

import json
import uuid
from typing import Any

from envoy_process import Reply, ask
from running_stack import RunningStack

VISITOR = {"x-visitor-id": "e2e-" + "8" * 22, "content-type": "application/json"}
WANTED = {"songs": [5], "k": 3, "useHistory": True}


def test_a_like_of_a_shown_song_changes_the_next_answer(running: RunningStack) -> None:
    def call(path: str, message: object, headers: dict[str, str] = VISITOR) -> Reply:
        return ask(running.stack.ports.http, "POST", path, json.dumps(message).encode(), headers)

    def answer(path: str, message: object) -> Any:  # noqa: ANN401 - JSON
        reply = call(path, message)
        assert reply.status == 200, reply.body
        return reply.json

    def ids(found: Any) -> list[int]:  # noqa: ANN401 - JSON
        return [item["song"]["id"] for item in found["recommendations"]]

    shown = answer("/v1/recommendations", WANTED)
    first, second, third = ids(shown)
    events = [
        {
            "eventId": str(uuid.uuid4()),
            "type": f"EVENT_TYPE_{kind}",
            "songId": song,
            "attributionToken": shown["attributionToken"],
            **more,
        }
        for kind, song, more in (
            ("IMPRESSION", first, {}),
            ("PLAY", first, {"playDuration": "12.5s"}),
            ("LIKE", first, {"eventTime": "2026-05-04T12:00:00Z"}),
            ("DISLIKE", second, {"playlistId": "p"}),
        )
    ]
    assert answer("/v1/events", {"events": events}) == {"recorded": 4, "duplicates": 0}
    assert answer("/v1/events", {"events": events}) == {"recorded": 0, "duplicates": 4}

    after = answer("/v1/recommendations", {**WANTED, "explain": True})
    assert not {first, second} & set(ids(after))
    assert first in {
        part["songId"] for item in after["recommendations"] for part in item["reasons"]
    }
    by_address = ask(
        running.stack.ports.http, "GET", "/recommend?songs=5&k=3&use_history=true", None, VISITOR
    )
    assert ids(by_address.json) == ids(after)
    assert ids(answer("/v1/recommendations", {**WANTED, "useHistory": False})) == [
        first,
        second,
        third,
    ]

    forged = {**events[0], "attributionToken": shown["attributionToken"][:-2] + "AA"}
    refused = call("/v1/events", {"events": [events[1], forged]})
    assert (refused.status, refused.json["details"][0]["reason"]) == (400, "INVALID_FIELD")
    assert refused.json["details"][1]["fieldViolations"][0]["field"] == (
        "events[1].attribution_token"
    )
    nobody = {"content-type": "application/json"}
    for path, message in (("/v1/events", {"events": events}), ("/v1/recommendations", WANTED)):
        assert call(path, message, nobody).status == 401
