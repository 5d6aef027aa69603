"""A warm-up file that does not warm up and a limit of speed that is passed fail their checks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

import gate_toy
import segue_signature as sig
from gate_use import failed, few_requests, fresh, opened_toy
from segue_model.gate.checks import run_checks
from segue_model.gate.subject import Limits, Measured, Subject
from segue_model.gate.suite import GROUPS
from segue_model.serving.untyped import Message


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return opened_toy(tmp_path_factory.getbasetemp()).subject


@pytest.fixture
def subject(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    with few_requests(opened, monkeypatch) as subject:
        yield subject


def with_warm_up(subject: Subject, folder: Path, requests: list[Message] | bytes | None) -> Subject:
    file = folder / gate_toy.WARM_UP
    file.parent.mkdir()
    if isinstance(requests, list):
        gate_toy.write_warm_up(folder, requests)
    elif requests is not None:
        file.write_bytes(requests)
    return fresh(subject, folder=folder)


def _of_another_model() -> Message:
    request = gate_toy.filtered_request()
    del request.inputs[sig.DIVERSITY]
    return request


def _unfiltered() -> Message:
    return gate_toy.filtered_request(years=tf.zeros([1, 2], tf.int32))


@pytest.mark.parametrize(
    ("requests", "check"),
    [
        (None, "warm-up-file"),
        (b"no records", "warm-up-file"),
        (b"", "warm-up-file"),
        ([gate_toy.flat_request()] * 1001, "warm-up-file"),
        ([gate_toy.flat_request(), _unfiltered()], "warm-up-coverage"),
        ([gate_toy.filtered_request()], "warm-up-coverage"),
        ([gate_toy.flat_request()], "warm-up-coverage"),
        (
            [gate_toy.flat_request(), gate_toy.filtered_request(), _of_another_model()],
            "warm-up-runs",
        ),
    ],
)
def test_a_warm_up_file_that_does_not_warm_up_fails(
    subject: Subject, tmp_path: Path, requests: list[Message] | bytes | None, check: str
) -> None:
    checked = with_warm_up(subject, tmp_path, requests)
    assert failed(list(run_checks({"Warm-up": GROUPS["Warm-up"]}, checked))) == [check]


@pytest.mark.parametrize(
    ("limits", "check"),
    [
        (Limits(), None),
        (Limits(load_s=1e-6), "load-time"),
        (Limits(ms=1e-6), "latency-single"),
        (Limits(batch_ms=1e-6), "latency-batch"),
        (Limits(memory_mb=1e-6), "memory"),
    ],
)
def test_a_limit_that_is_passed_fails_and_says_what_was_measured(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, limits: Limits, check: str | None
) -> None:
    monkeypatch.setattr("segue_model.gate.speed_checks.ROUNDS", 5)
    subject.limits = limits
    subject.measured = Measured(0.5, 2_000_000, 10.0)
    results = list(run_checks({"Speed": GROUPS["Speed"]}, subject))
    assert failed(results) == ([check] if check else [])
    assert all(result.figures for result in results)
