"""Asks a model server over TensorFlow Serving's REST API, and asks again where that may help."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import urllib3

from segue_model.bulk.errors import BulkError
from segue_model.bulk.signature import DESCRIBE, DESCRIPTION_SCHEMA, DESCRIPTION_SCHEMA_VERSION

OK: Final = 200
# Too much to do, no one there behind a proxy, not ready, took too long.
WORTH_ANOTHER_TRY: Final = (429, 502, 503, 504)
TIMEOUT: Final = urllib3.Timeout(connect=10, read=120)
# Seconds: the first retry comes at once, the second after twice this, each further one after
# twice as long as the one before, up to the most.
BACKOFF: Final = 0.5
BACKOFF_MOST: Final = 10.0
SHOWN: Final = 300

MODEL: Final = re.compile(
    r"(?P<model>https?://[^?#]+/v1/models/[^/:?#]+)"
    r"(?P<choice>/versions/\d+|/labels/[^/:?#]+)?(:predict)?"
)


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A version of a model at a model server: `url` ends in `/v1/models/NAME/versions/N`.

    A call that is refused for a while, or cut off, is made again up to `retries` times.
    """

    url: str
    retries: int

    @property
    def version(self) -> int:
        """The version's number."""
        return int(self.url.rsplit("/", 1)[1])

    def predict(self, signature: str, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Return the outputs by name, of a single one itself. Raises: BulkError."""
        body = {"signature_name": signature, "inputs": inputs}
        answer = _call("POST", f"{self.url}:predict", self.retries, json.dumps(body).encode())
        if not isinstance(answer, dict) or "outputs" not in answer:
            raise BulkError(self.url, "an answer without outputs")
        return answer["outputs"]

    def description(self) -> dict[str, Any]:
        """Return what the model says of itself. Raises: BulkError."""
        text = self.predict(DESCRIBE, {DESCRIPTION_SCHEMA: DESCRIPTION_SCHEMA_VERSION})
        try:
            description = json.loads(text)
        except (TypeError, ValueError) as error:
            raise BulkError(self.url, f"{DESCRIBE}: not JSON: {error}") from error
        if not isinstance(description, dict):
            raise BulkError(self.url, f"{DESCRIBE}: not a JSON object")
        return description


def find_version(url: str, retries: int) -> ModelServer:
    """Return the version that a model's URL stands for now: the newest, or the one it names.

    A run keeps to it, so that all of its answers are of one model. `url` is
    `http://HOST:PORT/v1/models/NAME`, with `/versions/N` or `/labels/LABEL` where wanted, and
    `:predict` at the end or not. Raises: BulkError.
    """
    matched = MODEL.fullmatch(url)
    if matched is None:
        raise BulkError(url, "not http://HOST:PORT/v1/models/NAME")
    asked = matched["model"] + (matched["choice"] or "")
    status = _call("GET", asked, retries)
    try:
        available = [
            int(version["version"])
            for version in status["model_version_status"]
            if version["state"] == "AVAILABLE"
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BulkError(asked, "no status of a model") from error
    if not available:
        raise BulkError(asked, "no version of it is available")
    return ModelServer(f"{matched['model']}/versions/{max(available)}", retries)


def _call(method: str, url: str, retries: int, body: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
    try:
        answer = _pool().request(method, url, body=body, timeout=TIMEOUT, retries=_again(retries))
    except urllib3.exceptions.HTTPError as error:
        raise BulkError(url, f"no answer, asked {retries + 1} times: {error}") from error
    if answer.status != OK:
        said = answer.data[:SHOWN].decode(errors="replace")
        raise BulkError(url, f"HTTP {answer.status}: {said}")
    try:
        return json.loads(answer.data)
    except ValueError as error:
        raise BulkError(url, f"an answer that is not JSON: {error}") from error


def _again(retries: int) -> urllib3.Retry:
    return urllib3.Retry(
        retries,
        allowed_methods=None,  # a prediction changes nothing: it may be asked for twice
        status_forcelist=WORTH_ANOTHER_TRY,
        backoff_factor=BACKOFF,
        backoff_max=BACKOFF_MOST,
        raise_on_status=False,
        redirect=0,
    )


@cache
def _pool() -> urllib3.PoolManager:
    """Return the connections of this process."""
    return urllib3.PoolManager()
