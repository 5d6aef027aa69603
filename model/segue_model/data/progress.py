"""Shows how far a long reading is: a bar, the rate, the time left."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Item = TypeVar("Item")


class RateColumn(ProgressColumn):
    """How many steps a second are done."""

    def render(self, task: Task) -> Text:
        """Return the rate, nothing while there is none."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:,.0f}/s" if rate else "")


def shown(items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
    """Yield `items`, about `total` of them, with a progress bar on standard error."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar:
        yield from bar.track(items, total=total, description=label)
