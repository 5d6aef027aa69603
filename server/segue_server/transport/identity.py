"""Whose a call is: the user that a proxy in front of the server found out, or else the visitor."""

import hashlib
import re
from typing import Any, Final

from segue_server.domain.errors import InvalidRequest, Unidentified, Violation
from segue_server.transport.call import Context

VISITOR: Final = "x-visitor-id"
# 22 of 64 letters are 128 bits: nobody guesses the id of another.
VISITOR_FORM: Final = re.compile(r"[A-Za-z0-9_-]{22,128}")


class Identity:
    """Tells the owner of what a call keeps."""

    def __init__(self, user_header: str) -> None:
        """Take the metadata in which the proxy tells the user; empty where there is no such proxy.

        The proxy must take away what callers send under that name.
        """
        self._user_header = user_header

    def owner(self, context: Context[Any, Any]) -> str:
        """Return a digest of whose the call is, 64 hexadecimal digits: an id is as good as a key.

        Raises: Unidentified; InvalidRequest (field `x-visitor-id`).
        """
        metadata = dict(context.invocation_metadata() or ())
        if self._user_header and (user := metadata.get(self._user_header)):
            return _digest("user", user)
        visitor = metadata.get(VISITOR)
        if not visitor:
            raise Unidentified
        if not isinstance(visitor, str) or not VISITOR_FORM.fullmatch(visitor):
            raise InvalidRequest(
                Violation(VISITOR, "not 22 to 128 letters, digits, `-` and `_`, drawn at random")
            )
        return _digest("visitor", visitor)


def _digest(kind: str, name: str | bytes) -> str:
    told = name if isinstance(name, bytes) else name.encode()
    return hashlib.sha256(kind.encode() + b"\0" + told).hexdigest()
