"""A model behind a REST predict: dialects, tokens, and whatever can go wrong on the way."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

import segue_signature as sig
from predict_service import DEPLOYED, Handler, PredictService, cut, failed, predict_service, reply
from segue_server.domain.deadline import Deadline
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.domain.model import Filter, Ranking, RankQuery
from segue_server.engines.google_credentials import PAUSE
from segue_server.engines.http_calls import MAX_BYTES, HttpCalls
from segue_server.engines.rest_hosts import Host
from segue_server.engines.rest_predict import RestEngine, open_rest_engine

QUERY = RankQuery((5, 15), 2, explain=True)
ROW = {
    sig.RECOM_SONGS_IDS: [7, 8],
    sig.RECOM_SONGS_SCORES: [0.5, 0.25],
    sig.RECOM_SONGS_SOURCES: [1, 1],
    sig.LISTENED_SONGS_KNOWN: [True, False],
    sig.RECOM_SONGS_CONTRIBUTIONS: [[0.5, 0.0], [0.25, 0.0]],
}
THREE = {
    sig.RECOM_SONGS_IDS: [7, 8, 9],
    sig.RECOM_SONGS_SCORES: [0.5, 0.25, 0.125],
    sig.RECOM_SONGS_SOURCES: [1, 1, 1],
    sig.RECOM_SONGS_CONTRIBUTIONS: [[0.5, 0.0], [0.25, 0.0], [0.125, 0.0]],
}
GOOD = {"predictions": [ROW]}
NO_KEY = '{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "c"}'
DIALECTS = ("vertex", "ai_platform", "tf_serving")


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(seconds)


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PredictService]:
    """A host whose key file is where Google's libraries look for one."""
    async with predict_service() as service:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service.key_file(tmp_path)))
        yield service


@pytest.fixture
async def engine(service: PredictService) -> AsyncIterator[RestEngine]:
    engine = open_rest_engine("hosted", service.vertex)
    yield engine
    await engine.close()


async def ranked(service: PredictService, engine: RestEngine, answer: object = GOOD) -> Ranking:
    service.queue.append(reply(answer))
    return await engine.rank(QUERY, soon())


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_ranks_and_names_the_version_that_it_tells(
    service: PredictService, dialect: str
) -> None:
    engine = open_rest_engine("hosted", getattr(service, dialect))
    answer = {**GOOD, "deployedModelId": DEPLOYED} if dialect == "vertex" else GOOD
    ranking = await ranked(service, engine, answer)
    assert [(song.id, song.score) for song in ranking.songs] == [(7, 0.5), (8, 0.25)]
    assert [[part.song_id for part in song.contributions] for song in ranking.songs] == [[5], [5]]
    assert (ranking.engine, ranking.unknown_songs) == ("hosted", (15,))
    assert ranking.version == {"vertex": DEPLOYED, "ai_platform": "v3", "tf_serving": "3"}[dialect]
    await engine.close()


async def test_a_query_is_one_instance_with_every_input_of_the_signature(
    service: PredictService, engine: RestEngine
) -> None:
    wanted = Filter(genres=("Rock",), min_year=1990, max_tempo=120.5)
    query = RankQuery((5, 15), 3, wanted, excluded_songs=(1,), exclude_seed_artists=True)
    service.queue.append(reply(GOOD))
    await engine.rank(query, soon())
    instance = {
        sig.LISTENED_SONGS: [5, 15],
        sig.NO_RECOM_SONGS: 3,
        sig.EXCLUDED_SONGS: [1],
        sig.EXCLUDED_ARTISTS: [-1],
        sig.EXCLUDE_SEED_ARTISTS: True,
        sig.GENRES: ["rock"],
        sig.ARTISTS: [-1],
        sig.YEARS: [1990, 0],
        sig.TEMPOS: [0.0, 120.5],
        sig.MAX_PER_ARTIST: 0,
        sig.DIVERSITY: 0.0,
    }
    assert service.requests == [
        (service.vertex.removeprefix(service.address), {"instances": [instance]})
    ]


async def test_only_a_model_server_is_told_the_signature(service: PredictService) -> None:
    for dialect in DIALECTS:
        engine = open_rest_engine("hosted", getattr(service, dialect))
        await ranked(service, engine)
        await engine.close()
    names = [body.get("signature_name") for _, body in service.requests]
    assert names == [None, None, sig.RECOMMEND_BATCHED]


async def test_whole_numbers_may_be_written_as_doubles(
    service: PredictService, engine: RestEngine
) -> None:
    doubles = {**ROW, sig.RECOM_SONGS_IDS: [7.0, 8.0], sig.RECOM_SONGS_SCORES: [1, 0]}
    ranking = await ranked(service, engine, {"predictions": [doubles]})
    assert [(song.id, song.score) for song in ranking.songs] == [(7, 1.0), (8, 0.0)]
    assert all(type(song.id) is int and type(song.score) is float for song in ranking.songs)


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


async def test_a_slow_host_is_waited_for_until_the_deadline(
    service: PredictService, engine: RestEngine
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        return await reply(GOOD)(request)

    service.queue.append(slow)
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERY, soon(0.5))
    assert (await ranked(service, engine)).songs


async def test_a_host_that_stops_in_the_middle_is_waited_for_until_the_deadline(
    service: PredictService, engine: RestEngine
) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"predictions": [')
        await asyncio.sleep(2)
        return response

    service.queue.append(half)
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERY, soon(0.3))


async def test_nothing_is_sent_when_the_deadline_has_passed(
    service: PredictService, engine: RestEngine
) -> None:
    for call in (engine.rank(QUERY, Deadline.after(-1)), engine.describe(Deadline.after(-1))):
        with pytest.raises(DeadlineExceeded):
            await call
    assert (service.requests, service.token_requests) == ([], 0)


async def test_a_connection_cut_once_is_tried_again(
    service: PredictService, engine: RestEngine
) -> None:
    service.queue.append(cut)
    assert (await ranked(service, engine)).songs
    assert len(service.requests) == 2


async def test_a_host_that_cuts_every_connection_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine
) -> None:
    service.queue.extend([cut] * 5)
    with pytest.raises(EngineUnavailable, match=r"^hosted: Server"):
        await engine.rank(QUERY, soon())
    assert len(service.requests) == 2


async def test_connections_are_kept(service: PredictService, engine: RestEngine) -> None:
    for _ in range(5):
        await ranked(service, engine)
    assert len(service.connections) == 1


@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b""]
)
async def test_what_is_no_http_makes_the_engine_unavailable(garbage: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(garbage)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        engine = open_rest_engine("hosted", f"http://127.0.0.1:{port}/v1/models/content:predict")
        with pytest.raises(EngineUnavailable):
            await engine.rank(QUERY, soon())
        await engine.close()


async def test_nobody_there_makes_the_engine_unavailable() -> None:
    engine = open_rest_engine("hosted", "http://127.0.0.1:1/v1/models/content:predict")
    for call in (engine.rank(QUERY, soon()), engine.describe(soon())):
        with pytest.raises(EngineUnavailable, match=r"hosted: .*127\.0\.0\.1:1"):
            await call
    await engine.close()


async def test_what_the_client_cannot_even_send_makes_the_engine_unavailable() -> None:
    engine = RestEngine("hosted", Host("http://a..b/v1", None), HttpCalls("hosted", None))
    with pytest.raises(EngineUnavailable, match=r"^hosted: "):
        await engine.rank(QUERY, soon())
    await engine.close()


@pytest.mark.parametrize("version", [None, {}, 7, "\ud800"])
async def test_a_version_that_is_no_text_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine, version: object
) -> None:
    with pytest.raises(EngineUnavailable, match=r"^hosted"):
        await ranked(service, engine, {**GOOD, "deployedModelId": version})


async def test_many_calls_at_once_wait_for_one_token(
    service: PredictService, engine: RestEngine
) -> None:
    service.token_delay = 0.2
    await asyncio.gather(*(ranked(service, engine) for _ in range(20)))
    assert (service.token_requests, len(service.requests)) == (1, 20)


async def test_a_token_is_renewed_when_it_has_expired(
    service: PredictService, engine: RestEngine
) -> None:
    service.lifetime = 1
    await ranked(service, engine)
    await asyncio.sleep(PAUSE + 0.1)
    await asyncio.gather(*(ranked(service, engine) for _ in range(10)))
    assert (service.token_requests, service.refusals) == (2, 0)
    assert len(service.requests) == 11


async def test_a_token_is_renewed_before_it_expires_and_nobody_waits_for_that(
    service: PredictService, engine: RestEngine
) -> None:
    service.lifetime = 100
    await ranked(service, engine)
    await asyncio.sleep(PAUSE)
    service.lifetime, service.token_delay = 3600, 1.5
    for _ in range(3):
        await ranked(service, engine)
    assert list(service.tokens) == ["token-0"]
    await asyncio.sleep(service.token_delay + 0.5)
    service.tokens.pop("token-0")
    await ranked(service, engine)
    assert (service.token_requests, service.refusals) == (2, 0)


async def test_a_renewal_that_takes_long_is_not_begun_again(
    service: PredictService, engine: RestEngine
) -> None:
    service.token_delay = PAUSE + 0.5
    first = asyncio.create_task(ranked(service, engine))
    await asyncio.sleep(PAUSE + 0.1)
    await ranked(service, engine)
    assert (await first).songs
    assert service.token_requests == 1


async def test_a_token_that_is_good_for_long_is_kept(
    service: PredictService, engine: RestEngine
) -> None:
    await ranked(service, engine)
    await asyncio.sleep(PAUSE)
    await ranked(service, engine)
    assert service.token_requests == 1


async def test_a_refused_token_is_renewed_and_the_call_made_again(
    service: PredictService, engine: RestEngine
) -> None:
    await ranked(service, engine)
    await asyncio.sleep(PAUSE)
    service.tokens.clear()
    await asyncio.gather(*(ranked(service, engine) for _ in range(5)))
    assert (service.token_requests, len(service.requests), service.refusals) == (2, 6, 5)


async def test_tokens_that_are_always_refused_are_asked_for_no_oftener_than_each_second(
    service: PredictService, engine: RestEngine
) -> None:
    service.forgetful = True
    for _ in range(5):
        with pytest.raises(EngineUnavailable, match=r"the access token was refused|HTTP 401"):
            await engine.rank(QUERY, soon())
    assert service.token_requests == 1
    await asyncio.sleep(PAUSE)
    service.forgetful = False
    assert (await ranked(service, engine)).songs


async def test_who_gives_up_waiting_for_a_token_leaves_it_to_the_others(
    service: PredictService, engine: RestEngine
) -> None:
    service.token_delay = 0.5
    patient = asyncio.create_task(ranked(service, engine))
    with pytest.raises(DeadlineExceeded):
        await engine.rank(QUERY, soon(0.1))
    assert (await patient).songs
    assert service.token_requests == 1


async def test_an_engine_closes_while_it_waits_for_a_token(service: PredictService) -> None:
    engine = open_rest_engine("hosted", service.vertex)
    service.token_delay = 2
    call = asyncio.create_task(engine.rank(QUERY, soon()))
    await asyncio.sleep(0.1)
    await engine.close()
    with pytest.raises(EngineUnavailable):
        await call


async def test_a_call_that_runs_when_its_engine_closes_ends_in_a_domain_error(
    service: PredictService,
) -> None:
    arrived = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(0.5)
        return await reply(GOOD)(request)

    service.queue.append(slow)
    engine = open_rest_engine("hosted", service.vertex)
    call = asyncio.create_task(engine.rank(QUERY, soon(2)))
    await arrived.wait()
    await engine.close()
    with pytest.raises((EngineUnavailable, DeadlineExceeded)):
        await call
    with pytest.raises(EngineUnavailable):
        await engine.rank(QUERY, soon())


async def test_a_key_that_is_not_the_accounts_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine, tmp_path: Path
) -> None:
    service.key_file(tmp_path, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with pytest.raises(EngineUnavailable, match=r"no access to Google: .*Invalid JWT Signature"):
        await engine.rank(QUERY, soon())


@pytest.mark.parametrize("content", [None, "{", '{"type": "service_account"}', NO_KEY])
async def test_credentials_are_looked_for_until_they_are_there(
    service: PredictService, engine: RestEngine, tmp_path: Path, content: str | None
) -> None:
    key = tmp_path / "key.json"
    if content is None:
        key.unlink()
    else:
        key.write_text(content)
    for _ in range(3):
        with pytest.raises(EngineUnavailable, match=r"no access to Google: .+"):
            await engine.rank(QUERY, soon())
    service.key_file(tmp_path)
    await asyncio.sleep(PAUSE)
    assert (await ranked(service, engine)).songs


async def test_a_key_file_that_cannot_be_read_makes_the_engine_unavailable(
    engine: RestEngine, tmp_path: Path
) -> None:
    (tmp_path / "key.json").unlink()
    (tmp_path / "key.json").mkdir()
    with pytest.raises(EngineUnavailable, match=r"no access to Google: .*directory"):
        await engine.rank(QUERY, soon())


async def test_a_token_of_no_lifetime_makes_the_engine_unavailable(
    service: PredictService, engine: RestEngine
) -> None:
    service.lifetime = math.nan
    with pytest.raises(EngineUnavailable, match=r"no access to Google: .*NaN"):
        await engine.rank(QUERY, soon())


async def test_a_virtual_machine_has_its_token_from_the_metadata_server(
    service: PredictService, engine: RestEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = service.address.removeprefix("http://")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setattr("google.auth.compute_engine._metadata._GCE_METADATA_HOST", host)
    assert (await ranked(service, engine)).songs
    assert service.token_requests == 1


async def test_vertex_lets_a_model_describe_itself(
    service: PredictService, engine: RestEngine
) -> None:
    text = '{"algorithm": "a", "source": 2, "song_count": 9, "explains": false, "dataset": "d"}'
    headers = {"X-Vertex-AI-Deployed-Model-Id": DEPLOYED}
    service.queue.append(reply({"outputs": text}, headers=headers))
    info = await engine.describe(soon())
    assert (info.algorithm, info.song_count, info.version) == ("a", 9, DEPLOYED)
    path, body = service.requests[0]
    assert path.endswith("/endpoints/12:rawPredict")
    assert body == {"signature_name": sig.DESCRIBE, "inputs": {sig.DESCRIPTION_SCHEMA: 2}}


async def test_ai_platform_lets_no_model_describe_itself(service: PredictService) -> None:
    engine = open_rest_engine("hosted", service.ai_platform)
    with pytest.raises(EngineUnavailable, match="lets no model describe itself"):
        await engine.describe(soon())
    await engine.close()


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
