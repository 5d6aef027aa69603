"""What a host answers that is no answer makes the engine unavailable, and the error says why."""

from collections.abc import Iterator

import pytest
from aiohttp import web

import segue_signature as sig
from hosting_use import GOOD, QUERY, ROW, ranked, soon
from predict_service import Handler, PredictService, failed, reply
from segue_server.domain.errors import EngineUnavailable
from segue_server.engines.http_calls import MAX_BYTES
from segue_server.engines.rest_predict import RestEngine

THREE = {
    sig.RECOM_SONGS_IDS: [7, 8, 9],
    sig.RECOM_SONGS_SCORES: [0.5, 0.25, 0.125],
    sig.RECOM_SONGS_SOURCES: [1, 1, 1],
    sig.RECOM_SONGS_CONTRIBUTIONS: [[0.5, 0.0], [0.25, 0.0], [0.125, 0.0]],
}


def strange_answers() -> Iterator[tuple[str, object]]:
    yield "no JSON", "<html>"
    yield "no text", b"\xff\xfe\xff"
    yield "nothing", ""
    yield "nested", "[" * 100_000
    yield "a huge number", '{"predictions": [' + "9" * 5_000 + "]}"
    yield "no object", [GOOD]
    yield "no predictions", {}
    yield "two predictions", {"predictions": [ROW, ROW]}
    yield "an object of predictions", {"predictions": ROW}
    yield "a prediction that is no object", {"predictions": [[7, 8]]}
    for output, values in ROW.items():
        missing = {name: value for name, value in ROW.items() if name != output}
        yield f"no {output}", {"predictions": [missing]}
        for what, value in (
            ("null", None),
            ("of text", ["?", "?"]),
            ("of nulls", [None, None]),
            ("of another shape", [values]),
            ("too short", [values[0]] if isinstance(values, list) else None),
        ):
            yield f"{output} {what}", {"predictions": [{**ROW, output: value}]}
    for what, output, value in (
        ("a score that is NaN", sig.RECOM_SONGS_SCORES, [float("nan"), 0.5]),
        ("a score that is infinite", sig.RECOM_SONGS_SCORES, [float("inf"), 0.5]),
        ("a score beyond doubles", sig.RECOM_SONGS_SCORES, [10**400, 0.5]),
        ("a score that is true", sig.RECOM_SONGS_SCORES, [True, 0.5]),
        ("a contribution that is NaN", sig.RECOM_SONGS_CONTRIBUTIONS, [[float("nan"), 0], [1, 0]]),
        ("half an id", sig.RECOM_SONGS_IDS, [7.5, 8]),
        ("an id beyond int32", sig.RECOM_SONGS_IDS, [2**31, 8]),
        ("an id that is 0", sig.RECOM_SONGS_IDS, [0, 8]),
        ("an id below 0", sig.RECOM_SONGS_IDS, [7, -2]),
        ("a song twice", sig.RECOM_SONGS_IDS, [7, 7]),
        ("an id that is true", sig.RECOM_SONGS_IDS, [True, 8]),
        ("an unknown source", sig.RECOM_SONGS_SOURCES, [1, 99]),
        ("numbers for what is known", sig.LISTENED_SONGS_KNOWN, [1, 0]),
    ):
        yield what, {"predictions": [{**ROW, output: value}]}
    yield "more songs than asked for", {"predictions": [{**ROW, **THREE}]}
    overflow = '{"predictions": [{"recom_songs_ids": [7], "recom_songs_scores": [1e999]'
    yield (
        "a score that overflows",
        (
            overflow + ', "recom_songs_sources": [1], "listened_songs_known": [true, true],'
            ' "recom_songs_contributions": [[1, 1]]}]}'
        ),
    )


STRANGE = dict(strange_answers())


@pytest.mark.parametrize("what", STRANGE)
async def test_nonsense_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine, what: str
) -> None:
    with pytest.raises(EngineUnavailable, match=r"^hosted"):
        await ranked(service, engine, STRANGE[what])


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"song_count": Infinity}', 5, None])
async def test_a_description_that_is_none_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine, text: object
) -> None:
    service.queue.append(reply({"outputs": text}))
    with pytest.raises(EngineUnavailable, match="does not describe itself"):
        await engine.describe(soon())


def error(code: int, message: str, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return failed(code, message, **headers)

    return handler


@pytest.mark.parametrize(
    ("handler", "text", "retry_after"),
    [
        (error(429, "Quota exceeded", **{"Retry-After": "30"}), "HTTP 429: Quota exceeded", 30),
        (error(429, "Quota exceeded"), "HTTP 429: Quota exceeded", 1),
        (error(503, "no replica", **{"Retry-After": "7"}), "HTTP 503: no replica", 7),
        (error(500, "it broke", **{"Retry-After": "9" * 40}), "HTTP 500: it broke", 3600),
        (error(500, "it broke", **{"Retry-After": "soon"}), "HTTP 500: it broke", 1),
        (error(400, "Input has wrong type"), "HTTP 400: Input has wrong type", 1),
        (error(404, "Endpoint not found"), "HTTP 404: Endpoint not found", 1),
        (error(403, "Permission denied"), "HTTP 403: Permission denied", 1),
        (reply({"error": "Prediction failed: no such input"}), "HTTP 200: Prediction failed", 1),
        (reply({"error": {"code": 8, "message": "busy"}, **GOOD}), "HTTP 200: busy", 1),
        (reply({"error": ""}), "does not say what", 1),
        (reply({"error": {}}), "does not say what", 1),
        (reply("<html>Bad Gateway</html>", status=502), "HTTP 502: no JSON", 1),
        (reply("x" * 5_000, status=500), "HTTP 500", 1),
        (reply(GOOD, status=202), "HTTP 202", 1),
        (reply(GOOD, status=302, headers={"Location": "/v1/elsewhere"}), "HTTP 302", 1),
    ],
)
async def test_what_the_host_refuses_makes_the_engine_unavailable_and_says_why(
    service: PredictService, engine: RestEngine, handler: Handler, text: str, retry_after: float
) -> None:
    service.queue.append(handler)
    with pytest.raises(EngineUnavailable) as caught:
        await engine.rank(QUERY, soon())
    assert text in str(caught.value)
    assert str(caught.value).startswith("hosted: ")
    assert len(str(caught.value)) <= 300
    assert caught.value.retry_after == retry_after
    assert len(service.requests) == 1


async def test_an_answer_too_large_is_not_read_to_its_end(
    service: PredictService, engine: RestEngine
) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 2**20)
            written += 2**20

    service.queue.append(endless)
    with pytest.raises(EngineUnavailable, match="more than"):
        await engine.rank(QUERY, soon(20))
    assert MAX_BYTES <= written < 2 * MAX_BYTES


@pytest.mark.parametrize("version", [None, {}, 7, "\ud800"])
async def test_a_version_that_is_no_text_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine, version: object
) -> None:
    with pytest.raises(EngineUnavailable, match=r"^hosted"):
        await ranked(service, engine, {**GOOD, "deployedModelId": version})
