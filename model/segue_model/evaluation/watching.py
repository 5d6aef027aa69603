"""Shows on standard error how far a training or an evaluation is."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from segue_model.data.progress import Progress


@contextmanager
def watched() -> Iterator[Progress]:
    """Yield what moves a bar: one at a time, of the step that was last told of."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Starting", total=1.0)

        def told(step: str, share: float) -> None:
            bars.update(task, description=step, completed=share)

        yield told
