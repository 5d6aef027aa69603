"""An engine behind a REST predict: Vertex AI, AI Platform or TensorFlow Serving's own."""

from collections.abc import Mapping

import segue_signature as sig
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import EngineUnavailable
from segue_server.domain.model import EngineInfo, Ranking, RankQuery
from segue_server.engines import models
from segue_server.engines.descriptions import INT32, engine_info, text
from segue_server.engines.google_credentials import GoogleCredentials
from segue_server.engines.http_calls import HttpCalls, Json
from segue_server.engines.rest_hosts import Host, host_of

# Where Vertex AI names the deployed model that answered: in predict's body, in rawPredict's header.
_DEPLOYED = "deployedModelId"
_DEPLOYED_HEADER = "X-Vertex-AI-Deployed-Model-Id"


def open_rest_engine(name: str, url: str) -> "RestEngine":
    """Return the engine of a name that ranks by a predict URL; close it in the end.

    Nothing is called yet, but the event loop must run. Raises ValueError that says what is wrong
    with the URL.
    """
    host = host_of(url)
    credentials = GoogleCredentials() if host.google else None
    return RestEngine(name, host, HttpCalls(name, credentials))


class RestEngine:
    """Ranks by one model behind a URL."""

    def __init__(self, name: str, host: Host, calls: HttpCalls) -> None:
        self._name = name
        self._host = host
        self._calls = calls

    async def rank(self, query: RankQuery, deadline: Deadline) -> Ranking:
        """Return the ranking of the model; see `Engine.rank`."""
        body = {**self._host.signature, "instances": [models.inputs(query)]}
        document, _ = await self._calls.post(self._host.predict_url, body, deadline)
        try:
            version = text(_text(document.get(_DEPLOYED, self._host.version)))
            return models.ranking(self._name, query, _answer(version, query, document))
        except models.MALFORMED as error:
            raise EngineUnavailable(f"{self._name} answered with no ranking: {error}") from error

    async def describe(self, deadline: Deadline) -> EngineInfo:
        """Return the model's description of itself; see `Described.describe`."""
        if self._host.describe_url is None:
            raise EngineUnavailable(f"{self._host.predict_url} lets no model describe itself")
        body = {
            "signature_name": sig.DESCRIBE,
            "inputs": {sig.DESCRIPTION_SCHEMA: sig.DESCRIPTION_SCHEMA_VERSION},
        }
        document, headers = await self._calls.post(self._host.describe_url, body, deadline)
        try:
            version = headers.get(_DEPLOYED_HEADER, self._host.version)
            return engine_info(version, _text(document["outputs"]))
        except models.MALFORMED as error:
            raise EngineUnavailable(f"{self._name} does not describe itself: {error}") from error

    async def close(self) -> None:
        """Close the connections; calls that run fail, at their deadline at the latest."""
        await self._calls.close()


def _answer(version: str, query: RankQuery, document: Mapping[str, Json]) -> models.Answer:
    """Return the one row that was asked for."""
    (row,) = _list(document["predictions"])
    if not isinstance(row, dict):
        raise TypeError("a prediction is no object")
    parts = _list(row[sig.RECOM_SONGS_CONTRIBUTIONS]) if models.wants_reasons(query) else []
    return models.Answer(
        version=version,
        ids=_ints(row[sig.RECOM_SONGS_IDS]),
        scores=_floats(row[sig.RECOM_SONGS_SCORES]),
        sources=_ints(row[sig.RECOM_SONGS_SOURCES]),
        known=_bools(row[sig.LISTENED_SONGS_KNOWN]),
        contributions=[_floats(part) for part in parts],
    )


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("no list where one is due")
    return value


def _ints(value: Json) -> list[int]:
    """Return int32 values; Vertex AI carries numbers as doubles and may write 5 as 5.0."""
    numbers = _floats(value)
    whole = [int(number) for number in numbers]
    if whole != numbers or any(number not in INT32 for number in whole):
        raise ValueError("a number is no int32")
    return whole


def _floats(value: Json) -> list[float]:
    numbers = _list(value)
    # bool is a kind of int to Python, and no number to JSON.
    if any(type(number) not in (int, float) for number in numbers):
        raise TypeError("no number where one is due")
    return [float(number) for number in numbers]  # type: ignore[arg-type]


def _bools(value: Json) -> list[bool]:
    flags = _list(value)
    if any(type(flag) is not bool for flag in flags):
        raise TypeError("neither true nor false")
    return [bool(flag) for flag in flags]


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("no text where one is due")
    return value
