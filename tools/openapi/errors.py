"""The answers of calls that fail: which there are, and what they look like."""

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

# What a gRPC status is in HTTP, where the contract may name it.
STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
# What any call may meet, whatever its method says.
ANYWHERE: Mapping[int, str] = {
    400: "The request cannot be read: an unknown parameter, a number that is none, broken JSON.",
    408: "The request did not arrive in time.",
    413: "The request is too large.",
    429: "The server has as many calls as it takes.",
    431: "The address and headers of the request are too large.",
    500: "A fault of the server; the request id leads to its log.",
    503: "The server does not answer.",
    504: "The deadline of the call passed.",
}
MEANINGS: Mapping[int, str] = {
    **ANYWHERE,
    401: "The call tells neither a user nor a visitor.",
    403: "The caller may not do that.",
    404: "There is no such thing.",
    409: "It has changed since.",
}
CODE = re.compile(r"\b(?:" + "|".join(STATUSES) + r")\b")
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}


def responses(listed: Mapping[str, str], service_comment: str, path: str) -> Json:
    """Return the failures of a call, by HTTP status.

    `listed` are the errors that the method's comment lists, by their codes; the comment of the
    service names those that all of its methods share.
    """
    texts: dict[int, list[str]] = {status: [] for status in ANYWHERE}
    for code in CODE.findall(service_comment):
        texts.setdefault(STATUSES[code], [])
    if "{" in path:
        # What cannot be in a path leads elsewhere.
        texts.setdefault(404, [])
    for code, text in listed.items():
        texts.setdefault(STATUSES[code], []).append(f"{code}: {text}")
    return {
        str(status): {"description": _described(status, told), "content": CONTENT}
        for status, told in sorted(texts.items())
    }


def schemas() -> Json:
    """Return the schemas of an error and of its details (AIP-193)."""
    status = {
        "type": "object",
        "description": "An error: every failed call answers with one.",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "format": "int32", "description": "The gRPC status."},
            "message": {"type": "string", "description": "For people; it may change."},
            "details": {
                "type": "array",
                "description": "For programs: one ErrorInfo, and what else there is to tell.",
                "items": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in DETAILS]},
            },
        },
    }
    details = {name: _detail(name, *told) for name, told in DETAILS.items()}
    return {"Status": status, "FieldViolation": FIELD_VIOLATION, **details}


TEXT = {"type": "string"}
FIELD_VIOLATION = {
    "type": "object",
    "description": "A field that is at fault, and why.",
    "required": ["field", "description"],
    "properties": {"field": TEXT, "description": TEXT, "reason": TEXT},
}
DETAILS: Mapping[str, tuple[str, tuple[str, ...], Json]] = {
    "ErrorInfo": (
        "What went wrong, in a word that does not change.",
        ("reason", "domain"),
        {
            "reason": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]+$"},
            "domain": TEXT,
            "metadata": {"type": "object", "additionalProperties": TEXT},
        },
    ),
    "BadRequest": (
        "The fields that are at fault; of many only the first.",
        ("fieldViolations",),
        {
            "fieldViolations": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/FieldViolation"},
            }
        },
    ),
    "ResourceInfo": (
        "What does not exist, or has changed.",
        ("resourceType", "resourceName"),
        {"resourceType": TEXT, "resourceName": TEXT, "owner": TEXT, "description": TEXT},
    ),
    "RetryInfo": (
        "When to try again.",
        ("retryDelay",),
        {"retryDelay": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?s$"}},
    ),
}


def _detail(name: str, description: str, required: tuple[str, ...], properties: Json) -> Json:
    kind = {"type": "string", "enum": [f"type.googleapis.com/google.rpc.{name}"]}
    return {
        "type": "object",
        "description": description,
        "required": ["@type", *required],
        "properties": {"@type": kind, **properties},
    }


def _described(status: int, told: list[str]) -> str:
    if not told:
        return MEANINGS[status]
    # What the method says of a status comes beside what any call may meet.
    return "\n\n".join([*told, ANYWHERE[status]] if status in (400, 503) else told)
