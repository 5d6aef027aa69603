"""Who the server is to Google: access tokens, renewed before they expire and off the event loop."""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import google.auth
import structlog
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from segue_server.domain.errors import EngineUnavailable

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
# Google's libraries renew this long before the end, and its metadata servers count on it.
EARLY = 225.0
# No two renewals begin closer together, whatever happens to the tokens.
PAUSE = 1.0
# Seconds for each attempt to get a token.
PATIENCE = 5.0
# What credentials can end in; OSError is of key files, ValueError of numbers in answers.
TROUBLE = (GoogleAuthError, OSError, ValueError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Grant:
    """Headers that authorize a call until `expires_at`, on the monotonic clock."""

    headers: Mapping[str, str]
    expires_at: float

    def left(self) -> float:
        """Return the seconds for which the grant still holds."""
        return self.expires_at - time.monotonic()


class GoogleCredentials:
    """The application default credentials: a key file, the metadata server, a workload identity.

    They are looked for at the first call, and again as long as there are none.
    """

    def __init__(self) -> None:
        self._credentials: Credentials | None = None
        self._grant: Grant | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._next_renewal = -math.inf
        self._trouble = ""

    async def grant(self) -> Grant:
        """Return a grant that holds now, without waiting as long as there is one.

        Raises: EngineUnavailable when there is none to be had.
        """
        if self._grant is None or self._grant.left() < EARLY:
            self._renew()
        if (grant := self._holding()) is not None:
            return grant
        if self._renewal is not None:
            # Others wait for the same renewal: whoever gives up does not end it.
            await asyncio.wait([self._renewal])
        if (grant := self._holding()) is not None:
            return grant
        raise EngineUnavailable(f"no access to Google: {self._trouble}")

    def refuse(self, grant: Grant) -> None:
        """Take note that a grant was refused; it is never returned again."""
        if self._grant is grant:
            self._grant = None
            self._trouble = "the access token was refused"

    async def close(self) -> None:
        """Stop renewing."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    def _holding(self) -> Grant | None:
        return self._grant if self._grant is not None and self._grant.left() > 0 else None

    def _renew(self) -> None:
        """Begin a renewal unless one runs or the last began just now."""
        now = time.monotonic()
        if self._renewal is None and now >= self._next_renewal:
            self._next_renewal = now + PAUSE
            self._renewal = asyncio.create_task(self._renewed())

    async def _renewed(self) -> None:
        try:
            self._grant = await asyncio.to_thread(self._fetch)
        except TROUBLE as error:
            self._trouble = str(error)
            log.warning("no new access token", error=self._trouble)
        finally:
            self._renewal = None

    def _fetch(self) -> Grant:
        """Return a new grant; blocks, so runs in a thread, one at a time."""
        request = Request()
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=SCOPES, request=request)
        credentials = self._credentials
        credentials.refresh(partial(request, timeout=PATIENCE))  # type: ignore[no-untyped-call]
        headers: dict[str, str] = {}
        credentials.apply(headers)  # type: ignore[no-untyped-call]
        return Grant(headers, time.monotonic() + _seconds_left(credentials))


def _seconds_left(credentials: Credentials) -> float:
    if credentials.expiry is None:
        return math.inf
    expiry: datetime = credentials.expiry.replace(tzinfo=UTC)
    return (expiry - datetime.now(UTC)).total_seconds()
