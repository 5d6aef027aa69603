"""JSON posted to a host within a deadline; every failure is a domain error."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.engines.google_credentials import GoogleCredentials

CONNECTIONS = 100
# 100 songs explained by a thousand each are some 2 MB.
MAX_BYTES = 16 * 1024 * 1024
# What a host says of an error may be a page.
MAX_TEXT = 300
LONGEST_RETRY_AFTER = 3600

Json = object


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpCalls:
    """Calls to one host, over kept connections."""

    def __init__(self, name: str, credentials: GoogleCredentials | None) -> None:
        """Take the host's name in errors and what authorizes the calls, if something must.

        Needs the running event loop.
        """
        self._name = name
        self._credentials = credentials
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            # The deadline of each call is its only time limit.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            headers={"Content-Type": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(
        self, url: str, body: Json, deadline: Deadline
    ) -> tuple[dict[str, Json], Mapping[str, str]]:
        """Return the JSON object of the answer, and its headers.

        Raises: EngineUnavailable, DeadlineExceeded.
        """
        data = json.dumps(body, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(deadline.remaining()):
                reply = await self._authorized(url, data)
        except TimeoutError as error:
            raise DeadlineExceeded from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            said = f"{self._name}: {type(error).__name__}: {error}"
            raise EngineUnavailable(said[:MAX_TEXT]) from error
        return _document(self._name, reply), reply.headers

    async def close(self) -> None:
        """Close the connections; calls that run fail, at their deadline at the latest."""
        await self._session.close()
        if self._credentials is not None:
            await self._credentials.close()

    async def _authorized(self, url: str, data: bytes) -> Reply:
        """Return the reply to a call that is authorized, anew if the host wants that."""
        if self._credentials is None:
            return await self._sent(url, data, {})
        grant = await self._credentials.grant()
        reply = await self._sent(url, data, grant.headers)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            self._credentials.refuse(grant)
            grant = await self._credentials.grant()
            reply = await self._sent(url, data, grant.headers)
        return reply

    async def _sent(self, url: str, data: bytes, headers: Mapping[str, str]) -> Reply:
        """Return the reply; a host may have closed a kept connection, so one failure is none."""
        try:
            return await self._send(url, data, headers)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise
            return await self._send(url, data, headers)

    async def _send(self, url: str, data: bytes, headers: Mapping[str, str]) -> Reply:
        if self._session.closed:
            raise EngineUnavailable(f"{self._name} is closed")
        async with self._session.post(
            url, data=data, headers=headers, allow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise EngineUnavailable(
                        f"{self._name}: an answer of more than {MAX_BYTES} bytes"
                    )
            return Reply(response.status, response.headers, bytes(body))


def _document(name: str, reply: Reply) -> dict[str, Json]:
    """Return the object that an answer holds.

    Some hosts tell errors with status 200. Raises EngineUnavailable for an error or no object.
    """
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        document, said = {}, f"no JSON: {error}"
    else:
        said = _error(document)
    if reply.status == HTTPStatus.OK and not said:
        return dict(document)
    trouble = EngineUnavailable(f"{name}: HTTP {reply.status}: {said}"[:MAX_TEXT])
    trouble.retry_after = _retry_after(reply.headers)
    raise trouble


def _error(document: Json) -> str:
    """Return what an answer says of its error, empty for one that is none."""
    if not isinstance(document, dict):
        return "no object"
    if "error" not in document:
        return ""
    error = document["error"]
    said = error.get("message") if isinstance(error, dict) else error
    return str(said or "an error that does not say what")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a host asks to wait, or what is usual."""
    asked = headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return float(min(int(asked[:9]), LONGEST_RETRY_AFTER))
    return EngineUnavailable.retry_after
