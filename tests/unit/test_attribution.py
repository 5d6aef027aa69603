"""A token says what an answer showed to who has the key; nothing else is taken for one."""

import base64
import re
from dataclasses import replace

import pytest

from segue_server.domain.attribution import Attribution, AttributionTokens
from segue_server.domain.errors import InvalidRequest
from segue_server.domain.experiment import Arm

SHOWN = Attribution(
    request_id="0190c3f2-2b7e-4f5e-9c1d-1f2e3d4c5b6a",
    time=1_795_000_000_123,
    engine="content",
    version="3",
    songs=(7, 2**31 - 1, 1),
    arm=Arm("try", "content"),
)
TOKENS = AttributionTokens(b"a key that is long enough")
TOKEN = TOKENS.issue(SHOWN)


@pytest.mark.parametrize(
    "shown",
    [
        SHOWN,
        replace(SHOWN, arm=None),
        replace(SHOWN, songs=()),
        replace(SHOWN, songs=tuple(range(1, 101))),
        replace(SHOWN, version="", request_id='"\0}ü€😀', engine="größer"),
    ],
    ids=["an arm", "no arm", "no song", "100 songs", "any letters"],
)
def test_what_was_shown_is_read_back(shown: Attribution) -> None:
    token = TOKENS.issue(shown)
    assert TOKENS.read(token) == shown
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)


def test_a_token_is_as_long_as_the_contract_says() -> None:
    shown = replace(SHOWN, arm=None, songs=())
    assert 100 < len(TOKENS.issue(shown)) < 170
    longer = len(TOKENS.issue(replace(shown, songs=tuple(range(100)))))
    assert longer - len(TOKENS.issue(shown)) < 600


def refused(token: str) -> bool:
    with pytest.raises(InvalidRequest) as caught:
        TOKENS.read(token)
    return [violation.field for violation in caught.value.violations] == ["attribution_token"]


def test_every_changed_letter_is_noticed() -> None:
    for at, letter in enumerate(TOKEN):
        for other in "AB-_z=+/ é":
            if other != letter:
                assert refused(TOKEN[:at] + other + TOKEN[at + 1 :])


def test_every_changed_bit_is_noticed() -> None:
    signed = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    for at in range(len(signed) * 8):
        forged = bytearray(signed)
        forged[at // 8] ^= 1 << at % 8
        assert refused(base64.urlsafe_b64encode(forged).rstrip(b"=").decode())


def test_a_cut_or_lengthened_token_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert refused(TOKEN[:length])
    for more in ("A", "AAAA", "=", "\n", TOKEN):
        assert refused(TOKEN + more)


def test_a_token_of_another_form_is_refused() -> None:
    payload = b"\x02 and what a later release may write"
    signed = payload + TOKENS._sign(payload)
    assert refused(base64.urlsafe_b64encode(signed).rstrip(b"=").decode())


def test_a_token_of_another_key_is_refused() -> None:
    assert refused(AttributionTokens(b"another key").issue(SHOWN))
