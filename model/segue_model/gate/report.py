"""What the checks found, for people and for programs."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segue_model.gate.checks import Outcome, Result

MARKS: Final = {
    Outcome.PASSED: "[green]passed[/]",
    Outcome.FAILED: "[red]FAILED[/]",
    Outcome.SKIPPED: "[yellow]skipped[/]",
}
LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Report:
    """The results for the model in `folder`."""

    folder: Path
    results: Sequence[Result]
    sampled: bool

    @property
    def failures(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if result.outcome is Outcome.FAILED]

    def show(self, console: Console) -> None:
        """Print everything, the failures once more at the end."""
        for group in dict.fromkeys(result.group for result in self.results):
            console.print(self._table(group))
        for result in self.failures:
            self._show_failure(console, result)
        counts = Counter(result.outcome for result in self.results)
        words = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
        sampled = "; of so many songs, checks tried a sample" if self.sampled else ""
        console.print(f"{escape(str(self.folder))}: {words}{sampled}", soft_wrap=True)

    def json(self) -> str:
        """Return everything as JSON."""
        counts = Counter(result.outcome for result in self.results)
        report = {
            "model": str(self.folder),
            "passed": not self.failures,
            "sampled": self.sampled,
            "counts": {outcome.value: counts[outcome] for outcome in Outcome},
            "checks": [_plain(result) for result in self.results],
        }
        return json.dumps(report, indent=2, default=str) + "\n"

    def _table(self, group: str) -> Table:
        table = Table(title=group, title_justify="left", title_style="bold", box=None)
        table.show_header = False
        for width in (7, 20, None):
            table.add_column(min_width=width)
        for result in self.results:
            if result.group == group:
                mark = MARKS[result.outcome]
                table.add_row(mark, result.check.id, escape(_short(result.detail)))
        return table

    def _show_failure(self, console: Console, result: Result) -> None:
        console.print(f"\n[red bold]{result.check.id}[/]: {escape(result.check.sentence)}")
        console.print(f"  found   {escape(_short(result.detail))}")
        for name, value in (result.example or {}).items():
            console.print(f"  {name}  {escape(_short(json.dumps(value, default=str)))}")
        console.print(f"  to do   {escape(result.check.advice)}")


def _plain(result: Result) -> dict[str, object]:
    return {
        "id": result.check.id,
        "group": result.group,
        "sentence": result.check.sentence,
        "outcome": result.outcome.value,
        "detail": result.detail,
        "seconds": round(result.seconds, 3),
        "figures": dict(result.figures),
        "example": result.example,
        "advice": result.check.advice if result.outcome is Outcome.FAILED else None,
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."
