"""Tokens for a host are shared, renewed in time, and asked for again where they are refused."""

import asyncio
import math
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hosting_use import QUERY, ranked, soon
from predict_service import PredictService
from segue_server.domain.errors import DeadlineExceeded, EngineUnavailable
from segue_server.engines.google_credentials import PAUSE
from segue_server.engines.rest_predict import RestEngine, open_rest_engine

NO_KEY = '{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "c"}'


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
