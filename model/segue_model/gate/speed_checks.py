"""Measures of time and memory; they fail only where a limit was given."""

import statistics
import time
from collections.abc import Callable
from typing import Final

import numpy as np

import segue_signature as sig
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed, Skipped
from segue_model.gate.requests import Request, tensors_of
from segue_model.gate.subject import Subject

LISTENED, BATCH = 20, 32
ROUNDS, SECONDS = 300, 4.0
WARM_CALLS: Final = 5


def load_time(subject: Subject) -> Passed:
    """Tell how long loading took, and the first call against a later one."""
    measured = subject.measured
    figures = {"load_s": measured.load_s}
    said = f"loaded in {measured.load_s:.2f} s"
    if measured.first_ms is not None:
        figures["first_call_ms"] = measured.first_ms
        said += f", first call {measured.first_ms:.1f} ms"
    return _within("load_s", figures, subject.limits.load_s, said)


def latency_single(subject: Subject) -> Passed:
    """Time one request of 20 songs after another."""
    return _latency(subject, 1, subject.limits.ms)


def latency_batch(subject: Subject) -> Passed:
    """Time one batch of 32 requests of 20 songs after another."""
    return _latency(subject, BATCH, subject.limits.batch_ms)


def memory(subject: Subject) -> Passed:
    """Tell by how much the process grew when the model was loaded."""
    size = subject.structure.size / 1e6
    if subject.measured.memory is None:
        raise Skipped(f"this system does not tell; variables have {size:.1f} MB")
    figures = {"memory_mb": subject.measured.memory / 1e6, "variables_mb": size}
    said = f"{figures['memory_mb']:.1f} MB, variables have {size:.1f} MB"
    return _within("memory_mb", figures, subject.limits.memory_mb, said)


def _latency(subject: Subject, batch: int, limit: float | None) -> Passed:
    rng = subject.random("latency")
    ids = subject.tried_ids
    lists = [
        tuple(rng.choice(ids, min(LISTENED, len(ids)), replace=False).tolist())
        for _ in range(batch)
    ]
    inputs = tensors_of([Request(listened, 10) for listened in lists])
    times = _timed(subject.model.call(sig.RECOMMEND_BATCHED, inputs))
    p50, p99 = statistics.median(times), float(np.percentile(times, 99))
    figures = {f"p50_ms_{batch}": p50, f"p99_ms_{batch}": p99}
    said = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, {len(times)} calls"
    return _within(f"p99_ms_{batch}", figures, limit, said)


def _timed(call: Callable[[], object]) -> list[float]:
    """Return the milliseconds of each call, as many as are made in a few seconds."""
    for _ in range(WARM_CALLS):
        call()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < ROUNDS and (not times or time.perf_counter() < end):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return times


def _within(name: str, figures: dict[str, float], limit: float | None, said: str) -> Passed:
    if limit is not None and figures[name] > limit:
        raise Failed(f"{said}; the limit is {limit:g}", None, figures)
    return Passed(said, figures)


CHECKS: Final = (
    Check(
        "load-time",
        "The model loads in the time allowed.",
        "Large constants in the graph load slowly: keep tables in variables.",
        load_time,
    ),
    Check(
        "latency-single",
        "A request of 20 songs is answered in the time allowed (99th percentile).",
        "Look for sorts of all songs, and for what is computed again at every request.",
        latency_single,
        ("song-count",),
    ),
    Check(
        "latency-batch",
        "A batch of 32 requests of 20 songs is answered in the time allowed (99th percentile).",
        "Look for loops over the rows of the batch.",
        latency_batch,
        ("song-count",),
    ),
    Check(
        "memory",
        "Loading the model takes no more memory than allowed.",
        "A server holds two versions while it swaps them: shrink tables, or allow more.",
        memory,
    ),
)
