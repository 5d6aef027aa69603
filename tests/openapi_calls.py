"""Calls made out of the OpenAPI document: the least it allows, and what is beyond its limits."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from openapi.texts import camel
from running_stack import RunningStack
from stack import OPENAPI

Json = Any
DOCUMENT: Json = json.loads(OPENAPI.read_text(encoding="utf-8"))
VISITOR = "x-visitor-id: fuzzing-0123456789-0123456789"


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), path, operation


def address(running: RunningStack) -> str:
    return f"http://127.0.0.1:{running.stack.ports.http}"


def parameters(operation: Json) -> Json:
    return {one["name"]: resolved(one["schema"]) for one in operation.get("parameters", ())}


def properties(operation: Json) -> Json:
    if "requestBody" not in operation:
        return {}
    body = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    return {name: resolved(schema) for name, schema in body["properties"].items()}


def resolved(schema: Json) -> Json:
    name = schema.get("$ref") or schema.get("allOf", [{}])[0].get("$ref")
    return DOCUMENT["components"]["schemas"][name.rsplit("/", 1)[-1]] if name else schema


def beyond(schema: Json) -> Iterator[Any]:
    """Yield a value beyond each limit of a schema."""
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if "maxItems" in schema and "items" in schema:
        yield [valid(schema["items"])] * (schema["maxItems"] + 1)
    if "items" in schema:
        yield from ([value] for value in beyond(resolved(schema["items"])))
    if "pattern" in schema and schema["type"] == "string" and "maxLength" in schema:
        yield "\t"


def valid(schema: Json) -> Any:  # noqa: ANN401 - JSON
    """Return the least that a schema allows."""
    schema = resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "string":
            return "x" * schema.get("minLength", 1)
        case "array":
            return [valid(schema["items"])] * schema.get("minItems", 0)
        case "object":
            return {name: valid(schema["properties"][name]) for name in schema.get("required", ())}
    return schema.get("minimum", 1)


def call(
    running: RunningStack,
    called: tuple[str, str, Json],
    given: Json = MappingProxyType({}),
    body: Json = MappingProxyType({}),
    visitor: str | None = VISITOR,
) -> tuple[int, Json]:
    """Return status and answer of a call with what it requires, and with what is given."""
    verb, path, operation = called
    needed = {
        one["name"]: valid(one["schema"])
        for one in operation.get("parameters", ())
        if one.get("required")
    }
    values = {**needed, **given}
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", urllib.parse.quote(str(values.pop(name)), safe=""))
    url = f"{address(running)}{path}?{urllib.parse.urlencode(values, doseq=True)}"
    data = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        data = json.dumps({**valid(schema), **body}).encode()
    headers = dict([visitor.split(": ")]) if visitor else {}
    request = urllib.request.Request(url, data, headers, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(1)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def refused(running: RunningStack, called: tuple[str, str, Json], name: str, **given: Json) -> None:
    status, answer = call(running, called, given.get("parameters", {}), given.get("body", {}))
    said = (called[2]["operationId"], name, given, answer)
    assert status == 400, said
    fields = [
        one["field"] for detail in answer["details"] for one in detail.get("fieldViolations", ())
    ]
    named = [camel(field).partition("[")[0] for field in fields]
    assert any(field.endswith(name) for field in named), said
