"""Tokens by which an event can say which answer it is about, and nobody can make one up."""

import base64
import binascii
import hashlib
import hmac
import json
import struct
from dataclasses import dataclass

from segue_server.domain.errors import InvalidRequest, Violation
from segue_server.domain.experiment import Arm

FIELD = "attribution_token"
# The first byte: a token of another form is none of ours.
FORM = b"\x01"
SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Attribution:
    """What an answer showed: `time` is in milliseconds since 1970, `songs` best first.

    `engine` and `version` are those that the answer tells, `arm` that of an experiment.
    """

    request_id: str
    time: int
    engine: str
    version: str
    songs: tuple[int, ...]
    arm: Arm | None = None


class AttributionTokens:
    """Makes and reads tokens: URL-safe text, signed by HMAC-SHA256 with a key, not encrypted."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, shown: Attribution) -> str:
        """Return the token of an answer."""
        arm = (shown.arm.experiment, shown.arm.engine) if shown.arm else ()
        told = (shown.request_id, shown.time, shown.engine, shown.version, *arm)
        songs = struct.pack(f"<H{len(shown.songs)}i", len(shown.songs), *shown.songs)
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        payload = FORM + songs + text.encode()
        return base64.urlsafe_b64encode(payload + self._sign(payload)).rstrip(b"=").decode()

    def read(self, token: str) -> Attribution:
        """Return what a token of the same key tells; raise InvalidRequest for anything else."""
        signed = _decoded(token)
        payload, signature = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
        if not hmac.compare_digest(self._sign(payload), signature) or payload[:1] != FORM:
            raise _refused("it was not given out by this service")
        (count,) = struct.unpack_from("<H", payload, 1)
        songs = struct.unpack_from(f"<{count}i", payload, 3)
        request_id, time, engine, version, *arm = json.loads(payload[3 + 4 * count :])
        return Attribution(request_id, time, engine, version, songs, Arm(*arm) if arm else None)

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)[:SIGNATURE_BYTES]


def _decoded(token: str) -> bytes:
    """Return the bytes of a token that is spelled as it was given out."""
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):  # of letters beyond ASCII, of a length that none has
        raise _refused("it is no token") from None
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode() != token:
        raise _refused("it is no token")
    return signed


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest(Violation(FIELD, reason))
