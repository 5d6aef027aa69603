"""The places that rank behind a REST predict, told apart by their URLs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import segue_signature as sig

_NAME = r"[^/:]+"
_TF_SERVING = re.compile(
    rf"/v1/models/{_NAME}(?:/versions/(?P<version>\d+)|/labels/{_NAME})?:predict"
)
_VERTEX = re.compile(rf"/v1(?:beta1)?/projects/{_NAME}/locations/{_NAME}/endpoints/{_NAME}:predict")
_AI_PLATFORM = re.compile(
    rf"/v1/projects/{_NAME}/models/{_NAME}(?:/versions/(?P<version>{_NAME}))?:predict"
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_GOOGLE = (".googleapis.com", ".prediction.vertexai.goog")


@dataclass(frozen=True, slots=True)
class Host:
    """Where and how a model is asked.

    `signature` is what a body must hold so that the batched signature answers. `describe_url`
    takes TensorFlow Serving's JSON, signature and all; `None` where nothing does. `google` says
    whether calls are authorized by Google. `version` is what the URL tells of it.
    """

    predict_url: str
    describe_url: str | None
    signature: Mapping[str, str] = field(default_factory=dict)
    google: bool = False
    version: str = ""


def host_of(url: str) -> Host:
    """Return the host of a predict URL; raise ValueError that says what is wrong with it."""
    parts = _split(url)
    if found := _TF_SERVING.fullmatch(parts.path):
        signature = {"signature_name": sig.RECOMMEND_BATCHED}
        return Host(url, url, signature, version=found["version"] or "")
    if _VERTEX.fullmatch(parts.path):
        raw = url.removesuffix(":predict") + ":rawPredict"
        return _google(parts, Host(url, raw, google=True))
    if found := _AI_PLATFORM.fullmatch(parts.path):
        return _google(parts, Host(url, None, google=True, version=found["version"] or ""))
    raise ValueError(
        f"{url!r} is no predict of TensorFlow Serving (…/v1/models/NAME:predict), Vertex AI "
        "(…/endpoints/ID:predict) or AI Platform (…/projects/ID/models/NAME:predict)"
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError as error:  # of a port, an address or a name that is none
        raise ValueError(f"{url!r}: {error}") from error
    if not complete or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{url!r} is not http(s)://HOST[:PORT]/PATH")
    return parts


def _google(parts: SplitResult, host: Host) -> Host:
    """Return the host unless its calls would show an access token to others than Google."""
    name = parts.hostname or ""
    if name in _LOOPBACK:
        return host
    if parts.scheme != "https":
        raise ValueError(f"{host.predict_url!r}: access tokens travel over https only")
    if not name.endswith(_GOOGLE):
        allowed = " and ".join(f"*{domain}" for domain in _GOOGLE)
        raise ValueError(f"{host.predict_url!r}: access tokens are for {allowed} only")
    return host
