"""Page tokens: where the next page begins, opaque to the caller and bound to its question."""

import base64
import binascii
import hashlib
import json
import math
from typing import Any, Final

from segue_server.domain.errors import InvalidRequest, Violation

# Longer ones are not ours: a token holds a digest and a name or two numbers.
LONGEST: Final = 2_000
LARGEST: Final = 2**63 - 1

Value = str | int | float


def question(*parts: str) -> str:
    """Return a short text that two questions share only if they are the same."""
    return hashlib.blake2s("\0".join(parts).encode(), digest_size=8).hexdigest()


def encode(asked: str, *position: Value) -> str:
    """Return the token for the page behind `position` of the question `asked`."""
    text = json.dumps([asked, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(token: str, asked: str, shape: tuple[type[Value], ...]) -> tuple[Value, ...]:
    """Return the position in `token`, its values of the types in `shape`.

    Raises: InvalidRequest (field `page_token`) when the token is none of this question.
    """
    found, *position = _parsed(token) or [None]
    if found != asked or not _is_of(position, shape):
        raise _refusal()
    return tuple(position)


def _parsed(token: str) -> list[Any]:
    if len(token) > LONGEST:
        raise _refusal()
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        parsed = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _refusal() from error
    return parsed if isinstance(parsed, list) else []


def _is_of(position: list[Any], shape: tuple[type[Value], ...]) -> bool:
    # `type(...) is`, since True is an int to isinstance.
    return len(position) == len(shape) and all(
        type(value) is wanted and _can_be_asked(value)
        for value, wanted in zip(position, shape, strict=True)
    )


def _can_be_asked(value: object) -> bool:
    """Whether a database takes the value as a parameter."""
    match value:
        case int():
            return 0 <= value <= LARGEST
        case float():
            return math.isfinite(value)
        case str():
            return not any("\ud800" <= c <= "\udfff" for c in value)
    return False


def _refusal() -> InvalidRequest:
    return InvalidRequest(Violation("page_token", "is not one that this request has returned"))
