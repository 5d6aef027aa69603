"""The URL of a model tells its host; one that is no predict is refused with the reason."""

import pytest

from hosting_use import QUERY, soon
from segue_server.domain.errors import EngineUnavailable
from segue_server.engines.http_calls import HttpCalls
from segue_server.engines.rest_hosts import Host
from segue_server.engines.rest_predict import RestEngine, open_rest_engine


@pytest.mark.parametrize(
    "url",
    [
        "https://here-aiplatform.googleapis.com/v1/projects/p/locations/here/endpoints/1:predict",
        "https://1.here-2.prediction.vertexai.goog/v1beta1/projects/2/locations/here/endpoints/1:predict",
        "https://ml.googleapis.com/v1/projects/p/models/content:predict",
        "https://ml.googleapis.com/v1/projects/p/models/content/versions/v1:predict",
        "http://models:8501/v1/models/content:predict",
        "https://models/v1/models/content/labels/canary:predict",
        "http://[::1]:8501/v1/models/content/versions/7:predict",
        "http://localhost:1/v1/projects/p/models/content:predict",
    ],
)
async def test_the_hosts_that_there_are_are_told_by_their_urls(url: str) -> None:
    await open_rest_engine("hosted", url).close()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "is not http"),
        ("models:8501/v1/models/content:predict", "is not http"),
        ("ftp://models/v1/models/content:predict", "is not http"),
        ("http:///v1/models/content:predict", "is not http"),
        ("http://models:0/v1/models/content:predict", "is not http"),
        ("http://models:99999/v1/models/content:predict", "Port out of range"),
        ("http://[models/v1/models/content:predict", "Invalid IPv6"),
        ("http://me:secret@models/v1/models/content:predict", "is not http"),
        ("http://models/v1/models/content:predict?a=1", "is not http"),
        ("http://models/v1/models/content:predict#a", "is not http"),
        ("http://models/v1/models/content", "is no predict"),
        ("http://models/v1/models/content:classify", "is no predict"),
        ("http://models/v1/models/content/versions/one:predict", "is no predict"),
        ("http://models/v1/models/a/b:predict", "is no predict"),
        ("https://x/v1/projects/p/locations/l/endpoints/e:rawPredict", "is no predict"),
        ("http://x/v1/projects/p/locations/l/endpoints/e:predict", "https only"),
        ("http://x/v1/projects/p/models/m:predict", "https only"),
        ("https://x/v1/projects/p/models/m:predict", "tokens are for"),
        ("https://x.googleapis.com.me/v1/projects/p/models/m:predict", "tokens are for"),
        ("https://mygoogleapis.com/v1/projects/p/locations/l/endpoints/e:predict", "tokens are"),
        ("http://a..b:8501/v1/models/content:predict", "label .*too long"),
        (f"http://{'a' * 64}/v1/models/content:predict", "label .*too long"),
    ],
)
def test_a_url_that_is_no_predict_is_refused_with_the_reason(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        open_rest_engine("hosted", url)


async def test_what_the_client_cannot_even_send_makes_the_engine_unavailable() -> None:
    engine = RestEngine("hosted", Host("http://a..b/v1", None), HttpCalls("hosted", None))
    with pytest.raises(EngineUnavailable, match=r"^hosted: "):
        await engine.rank(QUERY, soon())
    await engine.close()
