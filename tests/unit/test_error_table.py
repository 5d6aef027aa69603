"""Every domain error has its status, in the one form that the contract promises."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2

from segue_server.domain import errors
from segue_server.transport.errors import DOMAIN, TABLE, status_of

SAMPLES: dict[type[errors.SegueError], errors.SegueError] = {
    errors.InvalidRequest: errors.InvalidRequest(errors.Violation("k", "-1 is negative")),
    errors.Unidentified: errors.Unidentified(),
    errors.NotFound: errors.NotFound("song", "5"),
    errors.Changed: errors.Changed("playlist", "p"),
    errors.LimitReached: errors.LimitReached("PLAYLIST_FULL", "the playlist has 500 songs"),
    errors.Unavailable: errors.Unavailable("host db-7 is gone"),
    errors.EngineUnavailable: errors.EngineUnavailable("host db-7 is gone"),
    errors.CatalogUnavailable: errors.CatalogUnavailable("host db-7 is gone"),
    errors.ActivityUnavailable: errors.ActivityUnavailable("host db-7 is gone"),
    errors.Overloaded: errors.Overloaded(),
    errors.DeadlineExceeded: errors.DeadlineExceeded(),
}


def all_errors(root: type[errors.SegueError]) -> Iterator[type[errors.SegueError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from all_errors(kind)


def detail(status: status_pb2.Status, message: Any) -> Any:  # noqa: ANN401 - any message class
    found = [any_ for any_ in status.details if any_.Is(message.DESCRIPTOR)]
    assert len(found) == 1, f"{len(found)} details of {message.__name__}"
    unpacked = message()
    found[0].Unpack(unpacked)
    return unpacked


@pytest.mark.parametrize("kind", sorted(all_errors(errors.SegueError), key=str))
def test_every_domain_error_has_a_code_and_one_error_info(kind: type[errors.SegueError]) -> None:
    status = status_of(SAMPLES[kind])
    info = detail(status, error_details_pb2.ErrorInfo)
    assert status.code not in (code_pb2.OK, code_pb2.UNKNOWN, code_pb2.INTERNAL)
    assert info.domain == DOMAIN
    assert info.reason.replace("_", "").isupper()
    assert len(info.reason) <= 63
    assert any(kind is row[0] for row in TABLE)


def test_a_field_at_fault_is_named() -> None:
    bad = detail(status_of(SAMPLES[errors.InvalidRequest]), error_details_pb2.BadRequest)
    assert [(v.field, v.description) for v in bad.field_violations] == [("k", "-1 is negative")]


def test_a_fault_of_no_field_in_particular_is_told_as_it_is() -> None:
    violations = (errors.Violation("", "cannot be decoded"), errors.Violation("k", "is negative"))
    status = status_of(errors.InvalidRequest(*violations))
    assert status.message == "cannot be decoded; k: is negative"


def test_what_is_absent_is_named() -> None:
    status = status_of(SAMPLES[errors.NotFound])
    assert detail(status, error_details_pb2.ErrorInfo).reason == "SONG_NOT_FOUND"
    assert detail(status, error_details_pb2.ResourceInfo).resource_name == "5"


@pytest.mark.parametrize("kind", [errors.EngineUnavailable, errors.CatalogUnavailable])
def test_what_is_down_says_when_to_try_again_and_nothing_internal(
    kind: type[errors.SegueError],
) -> None:
    status = status_of(SAMPLES[kind])
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.ToTimedelta().seconds == 1
    assert "db-7" not in str(status)


def test_an_error_that_nobody_meant_tells_nothing_of_itself() -> None:
    status = status_of(KeyError("secret"))
    assert status.code == code_pb2.INTERNAL
    assert detail(status, error_details_pb2.ErrorInfo).reason == "INTERNAL"
    assert "secret" not in str(status)
