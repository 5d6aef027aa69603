"""A local host of models that speaks Google's dialects: tokens, quotas, errors and all.

It ranks by nothing of its own: predictions come from a model server's REST, or are those that a
test queues. It checks what Google checks: the key file's signature over the token request, and the
token of every prediction.
"""

import asyncio
import base64
import functools
import itertools
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.protobuf import json_format, struct_pb2

EMAIL = "segue@example.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# Whatever the address of a key file's token_uri, the assertion is for Google.
AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEPLOYED = "7704"
METADATA = "/computeMetadata/v1/instance/service-accounts"
CANONICAL = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def reply(
    body: object, status: int = 200, headers: dict[str, str] | None = None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that answers with a text, bytes, or anything else as JSON."""

    async def handler(_: web.Request) -> web.Response:
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        data = raw.encode() if isinstance(raw, str) else raw
        return web.Response(body=data, status=status, headers=headers)

    return handler


async def cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def failed(code: int, message: str, status: str = "", **headers: str) -> web.Response:
    error = {"code": code, "message": message, "status": status or CANONICAL.get(code, "INTERNAL")}
    return web.json_response({"error": error}, status=code, headers=headers)


@dataclass
class PredictService:
    """What the host does and has seen; `queue` holds what answers next in place of a model.

    A forgetful host knows none of the tokens that it gives.
    """

    models: str | None = None
    lifetime: float = 3600.0
    token_delay: float = 0.0
    forgetful: bool = False
    queue: deque[Handler] = field(default_factory=deque)
    tokens: dict[str, float] = field(default_factory=dict)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    token_requests: int = 0
    refusals: int = 0
    address: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def vertex(self) -> str:
        return f"{self.address}/v1/projects/segue/locations/here/endpoints/12:predict"

    @property
    def ai_platform(self) -> str:
        return f"{self.address}/v1/projects/segue/models/content/versions/v3:predict"

    @property
    def tf_serving(self) -> str:
        return f"{self.address}/v1/models/content/versions/3:predict"

    def key_file(self, folder: Path, key: rsa.RSAPrivateKey | None = None) -> Path:
        """Return a service account's key file whose tokens come from here."""
        pem = (key or private_key()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        account = {
            "type": "service_account",
            "project_id": "segue",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": f"{self.address}/token",
        }
        path = folder / "key.json"
        path.write_text(json.dumps(account))
        return path

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_get("/", self._metadata_root)
        app.router.add_get(METADATA + "/{account}/{what:.*}", self._metadata)
        vertex = "/v1/projects/segue/locations/here/endpoints/12"
        app.router.add_post(vertex + ":predict", self._vertex)
        app.router.add_post(vertex + ":rawPredict", self._raw)
        app.router.add_post("/v1/projects/segue/models/content/versions/v3:predict", self._ai)
        app.router.add_post("/v1/models/content/versions/3:predict", self._plain)
        return app

    async def _token(self, request: web.Request) -> web.Response:
        """Exchange a signed assertion for a token, as oauth2.googleapis.com does."""
        self.token_requests += 1
        await asyncio.sleep(self.token_delay)
        form = await request.post()
        if form["grant_type"] != GRANT or not self._signed(form["assertion"]):
            error = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return web.json_response(error, status=400)
        return self._granted()

    def _signed(self, assertion: object) -> bool:
        head, claims, signature = (_decoded(part) for part in str(assertion).split("."))
        try:
            private_key().public_key().verify(
                signature,
                str(assertion).rpartition(".")[0].encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except Exception:  # noqa: BLE001 - of whatever kind, it is not signed
            return False
        said = json.loads(claims)
        expected = {"iss": EMAIL, "aud": AUDIENCE, "scope": SCOPE}
        now = int(time.time())
        return (
            json.loads(head)["alg"] == "RS256"
            and {**said, **expected} == said
            and now in range(said["iat"] - 10, said["exp"])
        )

    def _granted(self) -> web.Response:
        token = f"token-{next(self._numbers)}"
        if not self.forgetful:
            self.tokens[token] = time.monotonic() + self.lifetime
        granted = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        return web.json_response(granted)

    async def _metadata_root(self, _: web.Request) -> web.Response:
        return web.Response(headers={"Metadata-Flavor": "Google"})

    async def _metadata(self, request: web.Request) -> web.Response:
        """Answer as a virtual machine's metadata server does."""
        assert request.headers["Metadata-Flavor"] == "Google"
        if request.match_info["what"] == "token":
            self.token_requests += 1
            return self._granted()
        account = {"email": EMAIL, "scopes": [SCOPE], "aliases": ["default"]}
        return web.json_response(account, headers={"Metadata-Flavor": "Google"})

    def _authorized(self, request: web.Request) -> bool:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        good = kind == "Bearer" and self.tokens.get(token, 0) > time.monotonic()
        self.refusals += not good
        return good

    async def _vertex(self, request: web.Request) -> web.StreamResponse:
        if not self._authorized(request):
            return failed(401, "Request had invalid authentication credentials.")
        return await self._next(request, self._vertex_predict)

    async def _vertex_predict(self, request: web.Request) -> web.Response:
        """Ask the model's default signature; numbers pass as doubles, as in Vertex AI's API."""
        body = await request.json()
        status, said = await self._asked({"instances": body["instances"]})
        if status != HTTPStatus.OK:
            return failed(status, said["error"])
        predictions = json_format.ParseDict(said["predictions"], struct_pb2.Value())
        answer = {
            "predictions": json_format.MessageToDict(predictions),
            "deployedModelId": DEPLOYED,
            "model": "projects/1/locations/here/models/content",
            "modelDisplayName": "content",
            "modelVersionId": "1",
        }
        return web.json_response(answer)

    async def _raw(self, request: web.Request) -> web.StreamResponse:
        if not self._authorized(request):
            return failed(401, "Request had invalid authentication credentials.")
        return await self._next(request, self._raw_predict)

    async def _raw_predict(self, request: web.Request) -> web.Response:
        status, said = await self._asked(await request.json())
        headers = {"X-Vertex-AI-Endpoint-Id": "12", "X-Vertex-AI-Deployed-Model-Id": DEPLOYED}
        return web.json_response(said, status=status, headers=headers)

    async def _ai(self, request: web.Request) -> web.StreamResponse:
        """Answer as AI Platform did: what goes wrong in the model has status 200."""
        if not self._authorized(request):
            return failed(401, "Request had invalid authentication credentials.")
        return await self._next(request, self._ai_predict)

    async def _ai_predict(self, request: web.Request) -> web.Response:
        _, said = await self._asked({"instances": (await request.json())["instances"]})
        return web.json_response(said)

    async def _plain(self, request: web.Request) -> web.StreamResponse:
        return await self._next(request, self._raw_predict)

    async def _next(self, request: web.Request, usual: Handler) -> web.StreamResponse:
        """Answer by what is queued, or else as usual."""
        self.requests.append((request.path, await request.json()))
        self.connections.add(request.transport)
        handler = self.queue.popleft() if self.queue else usual
        return await handler(request)

    async def _asked(self, body: object) -> tuple[int, Any]:
        url = f"{self.models}/v1/models/content:predict"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            return answer.status, await answer.json()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@asynccontextmanager
async def predict_service(models: str | None = None) -> AsyncIterator[PredictService]:
    """Serve on a free port; `models` is the address of a model server's REST."""
    service = PredictService(models)
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        service.address = f"http://127.0.0.1:{port}"
        yield service
    finally:
        await runner.cleanup()
