"""A model that breaks one rule fails the check of that rule, and no other."""

from collections.abc import Iterator

import pytest

from gate_use import BEHAVIOR, failed, few_requests, fresh, opened_toy, run, set_defect
from segue_model.gate.checks import Check, Outcome, Passed, run_checks
from segue_model.gate.subject import Subject

# The defect of the toy, and the check that finds it.
DEFECTS = {
    name: name
    for name in (
        "description",
        "song-count",
        "dataset",
        "answer-shapes",
        "song-numbers",
        "no-listened-songs",
        "no-duplicates",
        "best-first",
        "sources",
        "contributions",
        "order-of-listened",
        "unknown-songs",
        "popular-fallback",
        "padding",
        "determinism",
        "batched-equals-single",
        "flat-equals-batched",
        "retrieval",
        "excluded-songs",
        "excluded-artists",
        "seed-artists",
        "genres",
        "artists",
        "years",
        "tempos",
        "max-per-artist",
        "combined-wishes",
        "diversity-none",
        "diversity",
    )
} | {"ties": "best-first", "not-finite": "best-first", "recall": "retrieval"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return opened_toy(tmp_path_factory.getbasetemp()).subject


@pytest.fixture
def subject(opened: Subject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    with few_requests(opened, monkeypatch) as subject:
        yield subject


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_check_of_a_broken_rule_fails_and_no_other(subject: Subject, defect: str) -> None:
    set_defect(subject, defect)
    results = run(subject)
    assert failed(results) == [DEFECTS[defect]], [
        (result.check.id, result.detail) for result in results if result.example
    ]
    [broken] = [result for result in results if result.outcome is Outcome.FAILED]
    assert broken.example, "a failure without an example"


def test_a_sound_model_passes_everything(opened: Subject) -> None:
    results = run(fresh(opened))
    assert {result.outcome for result in results} == {Outcome.PASSED}


def test_a_model_that_finds_most_of_the_best_and_says_so_passes(subject: Subject) -> None:
    set_defect(subject, "approximate")
    assert failed(run(subject)) == []


def test_without_a_dataset_what_needs_one_is_skipped(subject: Subject) -> None:
    subject.attributes = None
    results = run(subject)
    needing = {result.check.id for result in results if result.detail == "needs --dataset"}
    assert failed(results) == []
    assert needing == {
        "dataset",
        "excluded-artists",
        "seed-artists",
        "genres",
        "artists",
        "years",
        "tempos",
        "max-per-artist",
        "combined-wishes",
        "diversity",
    }
    assert {result.outcome for result in results if result.check.id not in needing} == {
        Outcome.PASSED
    }


def test_every_check_but_those_of_speed_has_a_model_that_fails_it() -> None:
    ids = {check.id for checks in BEHAVIOR.values() for check in checks}
    others = {"default-equals-batched", "signatures", "default-signature", "stock-ops"}
    others |= {"variable-reads", "warm-up-file", "warm-up-coverage", "warm-up-runs"}
    assert ids == set(DEFECTS.values()) | others


def test_a_check_that_breaks_off_is_a_failure_that_says_why_and_the_next_one_runs(
    subject: Subject,
) -> None:
    def breaking(_: Subject) -> Passed:
        raise ZeroDivisionError("songs\nby none")

    checks = [
        Check("one", "", "", breaking),
        Check("two", "", "", lambda _: Passed("well")),
        Check("three", "", "", lambda _: Passed("well"), ("one",)),
    ]
    one, two, three = run_checks({"Group": checks}, subject)
    assert one.outcome is Outcome.FAILED
    assert one.detail == "the check broke off: ZeroDivisionError: songs by none"
    assert one.example == {"exception": "ZeroDivisionError: songs by none"}
    assert two.outcome is Outcome.PASSED
    assert three.outcome is Outcome.SKIPPED
