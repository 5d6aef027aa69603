"""The operations of the document: names, errors, who calls."""

import re
from collections.abc import Mapping
from typing import Any

from openapi import errors
from openapi.contract import Call, Contract
from openapi.texts import errors_of

Json = dict[str, Any]

VISITOR = {
    "type": "apiKey",
    "in": "header",
    "name": "x-visitor-id",
    "description": (
        "Whose the call is: 22 to 128 letters, digits, `-` and `_` that the caller draws at random "
        "once and keeps; whoever knows it is that visitor. Not needed where a proxy in front of "
        "the service tells the user."
    ),
}
ANONYMOUS = "the call tells neither a user nor a visitor"
# Only there Envoy splits a list (envoy/split_songs.lua).
PIPED = "/recommend"
SUMMARY = re.compile(r"^(?P<first>[^.]+(?:\.[^.\s][^.]*)*)\.(?:\s+(?P<rest>.*))?$", re.DOTALL)


def complete(document: Json, contract: Contract) -> None:
    """Give each operation a name of its own, a summary, its errors, and whom it is from."""
    services = {tag["name"]: tag["description"] for tag in document["tags"]}
    for call in contract.calls:
        operation = document["paths"][call.path][call.verb]
        _complete(operation, call, services)
    document["components"]["securitySchemes"] = {"visitor": VISITOR}
    for parameter in document["paths"][PIPED]["get"]["parameters"]:
        if parameter["name"] == "songs":
            parameter |= {"style": "pipeDelimited", "explode": False}
            # `songs=` is no list; no songs are told by leaving them out.
            parameter["schema"] |= {"minItems": 1}


def _complete(operation: Json, call: Call, services: Mapping[str, str]) -> None:
    service = services[operation["tags"][0]]
    description, listed = errors_of(operation.pop("description"))
    again = "" if call.number == 1 else str(call.number)
    operation["operationId"] = f"{call.method}{again}"
    if found := SUMMARY.match(description):
        operation["summary"], description = found["first"], found["rest"] or ""
    if description:
        operation["description"] = description
    if call.streams:
        content = operation["responses"]["200"]["content"]
        content["text/event-stream"] = content.pop("application/json")
    operation["responses"] |= errors.responses(listed, service, call.path)
    if security := _security(listed.get("UNAUTHENTICATED", ""), service):
        operation["security"] = security


def _security(listed: str, service: str) -> list[Json]:
    if "UNAUTHENTICATED" in service or listed.startswith(ANONYMOUS):
        return [{"visitor": []}]
    return [{}, {"visitor": []}] if listed else []
