"""An evaluation as tables for a terminal."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.table import Table

from segue_model.evaluation.metrics import Estimate
from segue_model.evaluation.results import (
    BASELINE,
    SEEN,
    TRAINING,
    UNKNOWN,
    Evaluation,
    Result,
    SplitFacts,
)

MINUS: Final = "\N{MINUS SIGN}"
WIDTH: Final = 160  # where nothing tells how wide the reader's screen is
MARKS: Final = {TRAINING: "", SEEN: " [seen listeners]", UNKNOWN: " [trained on unknown data]"}


def print_tables(evaluation: Evaluation, console: Console | None = None) -> None:
    """Print the split, the figures of each engine, and recall of warm and cold songs."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=WIDTH)
    console.print(f"{evaluation.dataset}: {split_in_words(evaluation.split)}", highlight=False)
    console.print(_figures(evaluation), highlight=False)
    if any(result.cold for result in evaluation.results):
        console.print(_cold(evaluation), highlight=False)
    for line in _warnings(evaluation):
        console.print(line, highlight=False, markup=False)


def split_in_words(facts: SplitFacts) -> str:
    """Return whom was learned from and who was asked."""
    return (
        f"learned from {facts.training_listeners:,} listeners of {facts.songs:,} songs, "
        f"asked for {facts.test_listeners:,} others: {facts.shown:,} of their listens shown, "
        f"{facts.targets:,} to be guessed"
    )


def label(result: Result) -> str:
    """Return the name of an engine, with what takes from the worth of its figures."""
    return result.name + MARKS[result.trained_on]


def in_errors(found: Estimate) -> str:
    """Return a difference in standard errors, with its sign."""
    if not found.standard_error:
        return "0" if not found.value else f"{'+' if found.value > 0 else MINUS}∞"
    return f"{found.value / found.standard_error:+.1f}".replace("-", MINUS)


def with_error(found: Estimate) -> str:
    """Return a figure and its standard error."""
    return f"{found.value:.4f} ± {found.standard_error:.4f}"


def _figures(evaluation: Evaluation) -> Table:
    table = _table("Accuracy: mean ± standard error; over popularity in standard errors")
    table.add_column("engine")
    for name in (
        "recall@20",
        "recall@50",
        "NDCG@100",
        "over popularity",
        "coverage@10",
        "Gini@10",
        "fit",
        "per listener",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for result in evaluation.results:
        table.add_row(_escaped(label(result)), *_cells(result))
    return table


def _cells(result: Result) -> Iterator[str]:
    metrics, times = result.metrics, result.times
    yield with_error(metrics.recall_at_20)
    yield with_error(metrics.recall_at_50)
    yield with_error(metrics.ndcg_at_100)
    yield "" if result.name == BASELINE else in_errors(result.beyond_popularity.ndcg_at_100)
    yield f"{metrics.coverage_at_10:.1%}"
    yield f"{metrics.gini_at_10:.3f}"
    yield "" if times.fit_seconds is None else f"{times.fit_seconds:.1f} s"
    yield f"{times.milliseconds_per_listener:.2f} ms"


def _cold(evaluation: Evaluation) -> Table:
    facts = evaluation.split
    table = _table(f"Recall@20 with {facts.cold_songs:,} of the {facts.songs:,} songs made cold")
    table.add_column("engine")
    for name in ("warm among warm", "cold among cold", "cold among all"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in evaluation.results:
        if cold := result.cold:
            parts = (cold.warm, cold.cold, cold.mixed)
            cells = [with_error(part.recall_at_20) if part else "" for part in parts]
            table.add_row(_escaped(label(result)), *cells)
    return table


def _warnings(evaluation: Evaluation) -> Iterator[str]:
    for result in evaluation.results:
        if result.trained_on == SEEN:
            yield f"{result.name}: has learned from the listeners asked for; its figures flatter it"
        if result.trained_on == UNKNOWN:
            yield f"{result.name}: what it was trained on is not known; it may have met them"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
