"""The paths of the document and their operations, one for each way to call a method."""

import re
from collections.abc import Iterator
from typing import Any

from openapi.texts import camel

Json = dict[str, Any]

VARIABLE = re.compile(r"\{([^}]+)\}")


def json_path(template: str) -> str:
    """Return a path of the contract as the document has it: `{playlist.playlist_id}` is short."""
    return VARIABLE.sub(lambda found: f"{{{_last(found[1])}}}", template)


def bound_fields(template: str) -> set[str]:
    """Return the names in JSON of the fields that a path holds."""
    return {_last(name) for name in VARIABLE.findall(template)}


def merge(document: Json) -> None:
    """Bring together the verbs of paths that differ in the names of their variables alone."""
    merged: Json = {}
    for path, verbs in document["paths"].items():
        for operation in verbs.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["name"] = _last(parameter["name"])
        merged.setdefault(json_path(path), {}).update(verbs)
    document["paths"] = dict(sorted(merged.items()))


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, verb and operation of everything that can be called."""
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def _last(name: str) -> str:
    return camel(name.rsplit(".", 1)[-1])
