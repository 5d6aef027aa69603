"""What a check is, and what comes of it."""

import enum
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from segue_model.gate.errors import Failed, Skipped
from segue_model.gate.subject import Subject

# Of an exception's text: those of TensorFlow list whole tensors.
LONGEST: Final = 300


class Outcome(enum.Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Passed:
    """What a check did and measured."""

    detail: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule: a stable `id`, a sentence that is true of a good model, and what to do if not.

    `run` raises Failed or Skipped. Where one of `needs` did not hold, nothing would be learned.
    """

    id: str
    sentence: str
    advice: str
    run: Callable[[Subject], Passed]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check; `example` is there when it failed."""

    group: str
    check: Check
    outcome: Outcome
    detail: str
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    example: Mapping[str, object] | None = None


Groups = Mapping[str, Iterable[Check]]


def run_checks(groups: Groups, subject: Subject) -> Iterator[Result]:
    """Yield the result of each check, in order; one whose needs did not hold is skipped."""
    fallen: set[str] = set()
    for group, checks in groups.items():
        for check in checks:
            missing = [need for need in check.needs if need in fallen]
            if missing:
                result = Result(group, check, Outcome.SKIPPED, f"{missing[0]} comes first", 0.0)
            else:
                result = _run(group, check, subject)
            if missing or result.outcome is Outcome.FAILED:
                fallen.add(check.id)
            yield result


def _run(group: str, check: Check, subject: Subject) -> Result:
    started = time.perf_counter()

    def ended(
        outcome: Outcome,
        detail: str,
        figures: Mapping[str, float],
        example: Mapping[str, object] | None = None,
    ) -> Result:
        seconds = time.perf_counter() - started
        return Result(group, check, outcome, detail, seconds, figures, example)

    try:
        passed = check.run(subject)
    except Failed as error:
        return ended(Outcome.FAILED, str(error), error.figures, error.example)
    except Skipped as error:
        return ended(Outcome.SKIPPED, str(error), {})
    except Exception as error:  # noqa: BLE001 - what a strange model makes of a check is no crash
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
        return ended(Outcome.FAILED, f"the check broke off: {reason}", {}, {"exception": reason})
    return ended(Outcome.PASSED, passed.detail, passed.figures)
