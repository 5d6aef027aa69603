"""The schemas of the document, made to say all that the contract does."""

import copy
from collections.abc import Iterator
from typing import Any

from openapi import limits
from openapi.contract import Contract, Enum, Field
from openapi.paths import bound_fields, operations

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
# The words of the contract for values that callers do not meet.
UNUSED = ("Never sent.", "Not allowed.")
LONG = r"^-?[0-9]{1,19}$"


def complete(document: Json, contract: Contract) -> None:
    """Give every schema and parameter its limits, and say what is always there."""
    schemas = document["components"]["schemas"]
    _refer_to_enums(document, contract)
    schemas |= {name: _enum_schema(enum) for name, enum in contract.enums.items()}
    for name, fields in contract.messages.items():
        if name in schemas:
            _complete_message(schemas[name], fields)
            _require(schemas[name], fields, schemas, answered=name in contract.answers)
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            _complete_parameter(parameter, schemas)


def separate_bodies(document: Json, contract: Contract) -> None:
    """Give a call a schema of its own for a body that is less than the message.

    The fields that the path holds are not in it: Envoy refuses one that is in both.
    """
    schemas = document["components"]["schemas"]
    for call in contract.calls:
        operation = document["paths"][call.path][call.verb]
        if "requestBody" not in operation:
            continue
        content = operation["requestBody"]["content"]["application/json"]
        message = content["schema"]["$ref"].removeprefix(REFERENCE)
        bound = bound_fields(call.template)
        if not bound and message not in contract.answers:
            continue
        body = copy.deepcopy(schemas[message])
        taken = body["properties"].keys() - bound
        if message in contract.answers:
            # Of what the service itself keeps, a call takes what its request's comments name.
            taken &= contract.quoted[call.request]
        body["properties"] = {
            name: schema for name, schema in body["properties"].items() if name in taken
        }
        _require(body, contract.messages[message], schemas, answered=False)
        name = f"{call.method}Body"
        schemas[name] = body
        content["schema"] = {"$ref": f"{REFERENCE}{name}"}


def prune(document: Json) -> None:
    """Drop the schemas that nothing refers to, and sort the rest."""
    schemas = document["components"]["schemas"]
    rest = {key: part for key, part in document.items() if key != "components"}
    rest |= {"components": {**document["components"], "schemas": {}}}
    used: set[str] = set()
    new = set(_references(rest))
    while new:
        used |= new
        new = {name for found in new for name in _references(schemas[found])} - used
    document["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}


def _complete_message(schema: Json, fields: dict[str, Field]) -> None:
    for name, value in schema["properties"].items():
        value.update(limits.of(value, value.get("description", "")))
        if fields[name].is_long:
            value.update({"format": "int64", "pattern": LONG})
    if choices := [field.name for field in fields.values() if field.is_choice]:
        schema["oneOf"] = [{"required": [choice]} for choice in choices]


def _require(schema: Json, fields: dict[str, Field], schemas: Json, *, answered: bool) -> None:
    schema.pop("required", None)
    always = [
        name
        for name, value in schema["properties"].items()
        if not fields[name].has_presence and (answered or _is_needed(value, schemas))
    ]
    if always:
        schema["required"] = always


def _complete_parameter(parameter: Json, schemas: Json) -> None:
    schema = parameter["schema"]
    schema |= limits.of(schema, parameter.get("description", ""))
    # A field of a message, which may be absent as a whole, is never needed.
    if "." not in parameter["name"] and _is_needed(schema, schemas):
        parameter["required"] = True


def _is_needed(schema: Json, schemas: Json) -> bool:
    """Return whether zero, the empty text and the empty list, which absence means, are refused."""
    names = list(_references(schema))
    if names and "items" not in schema:
        values = schemas[names[0]].get("enum", ("_UNSPECIFIED",))
        return not values[0].endswith("_UNSPECIFIED")
    return limits.excludes_zero(schema)


def _refer_to_enums(document: Json, contract: Contract) -> None:
    names = {tuple(enum.values): name for name, enum in contract.enums.items()}
    for schema in list(_schemas(document)):
        if name := names.get(tuple(schema.get("enum", ()))):
            for key in ("enum", "type", "format"):
                schema.pop(key)
            reference = {"$ref": f"{REFERENCE}{name}"}
            # Beside a reference nothing else is read.
            schema.update({"allOf": [reference]} if schema else reference)


def _enum_schema(enum: Enum) -> Json:
    used = {name: text for name, text in enum.values.items() if text not in UNUSED}
    meanings = "\n".join(f"- `{name}`: {text}" for name, text in used.items())
    return {"type": "string", "enum": list(used), "description": f"{enum.comment}\n\n{meanings}"}


def _schemas(node: Any) -> Iterator[Json]:  # noqa: ANN401 - any part of a document
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _schemas(part)


def _references(node: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str) and reference.startswith(REFERENCE):
            yield reference.removeprefix(REFERENCE)
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)
