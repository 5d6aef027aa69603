"""What is drawn of an evaluation, and the words below it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue_model.evaluation.metrics import Estimate
from segue_model.evaluation.page import charts
from segue_model.evaluation.page.words import fraction, with_error
from segue_model.evaluation.results import BASELINE, Cold, Group, Result, Temperature, Trial
from segue_model.evaluation.table import label
from segue_model.report.drawing import Picture
from segue_model.report.panels import Panel
from segue_model.report.words import counted, share

FIGURES: Final[Mapping[str, Callable[[Result], Estimate]]] = {
    "Recall@20": lambda one: one.metrics.recall_at_20,
    "Recall@50": lambda one: one.metrics.recall_at_50,
    "NDCG@100": lambda one: one.metrics.ndcg_at_100,
}
TEMPERATURES: Final[Mapping[str, tuple[str, Callable[[Cold], Temperature | None]]]] = {
    "Warm songs": ("warm songs, ranked among warm songs", lambda cold: cold.warm),
    "Cold songs": ("cold songs, ranked among cold songs", lambda cold: cold.cold),
    "Cold among all": ("cold songs, ranked among all songs", lambda cold: cold.mixed),
}


@dataclass(frozen=True, slots=True)
class Course:
    """The figures of an engine by groups, drawn."""

    name: str
    picture: Picture
    note: str


@dataclass(frozen=True, slots=True)
class Search:
    """The trials of an engine, drawn, and the best of them, best first."""

    panel: Panel
    best: Sequence[Trial]


def accuracy(results: Sequence[Result]) -> Iterator[Panel]:
    """Yield each figure of accuracy for all engines."""
    for name, figure in FIGURES.items():
        marks = [_mark(one, figure(one)) for one in results]
        best = max(marks, key=lambda mark: mark.figure.value)
        note = f"The line is {BASELINE}: {with_error(marks[0].figure)}."
        words = f"{name}: {_listed(marks)}"
        picture = charts.dots(f"accuracy-{name}", marks, words)
        yield Panel(name, f"{fraction(best.figure.value)} by {best.name}", note, picture)


def breadth(results: Sequence[Result]) -> Picture:
    """Return how much of the songs engines recommend against how accurate they are."""
    places = [
        charts.Place(
            one.name, one.metrics.coverage_at_10, one.metrics.ndcg_at_100, one.name == BASELINE
        )
        for one in results
    ]
    found = "; ".join(
        f"{place.name} {share(place.across)}, {fraction(place.up.value)}" for place in places
    )
    return charts.field("breadth", places, f"Share of songs recommended and NDCG@100: {found}")


def by_history(results: Sequence[Result]) -> Iterator[Course]:
    """Yield recall by how many songs of a listener are shown."""
    return _courses("history", results, lambda one: one.by_history)


def by_popularity(results: Sequence[Result]) -> Iterator[Course]:
    """Yield recall by how popular the song is that should be recommended."""
    return _courses("popularity", results, lambda one: one.by_popularity)


def cold(results: Sequence[Result]) -> Iterator[Panel]:
    """Yield recall of warm and of cold songs; nothing where no song was made cold."""
    for title, (words, part) in TEMPERATURES.items():
        marks = [
            _mark(one, found.recall_at_20)
            for one in results
            if one.cold and (found := part(one.cold))
        ]
        if not marks:
            continue
        best = max(marks, key=lambda mark: mark.figure.value)
        figure = f"{fraction(best.figure.value)} by {best.name}"
        listeners = next(
            found.listeners for one in results if one.cold and (found := part(one.cold))
        )
        note = f"Recall@20 of {words}, for {counted(listeners, 'listener')} with such targets."
        description = f"Recall@20 of {words}: {_listed(marks)}"
        yield Panel(title, figure, note, charts.dots(f"cold-{title}", marks, description))


def searches(results: Sequence[Result]) -> Iterator[Search]:
    """Yield the trials of each engine whose options were searched for."""
    for at, one in enumerate(results):
        made = [(trial, trial.ndcg_at_100) for trial in one.trials]
        worth = [(trial, found.value) for trial, found in made if found]
        if not worth:
            continue
        values = [value for _, value in worth]
        best = values.index(max(values))
        words = f"{counted(len(worth), 'trial')}, from {min(values):.4f} to {max(values):.4f}"
        picture = charts.trials(f"search-{at}", values, best, f"{one.name}: {words}")
        title = f"NDCG@100 on validation listeners: {words}."
        first = sorted(worth, key=lambda pair: -pair[1])[:5]
        panel = Panel(f"{one.name}", f"{values[best]:.4f} at best", title, picture)
        yield Search(panel, [trial for trial, _ in first])


def _courses(
    name: str, results: Sequence[Result], groups: Callable[[Result], Sequence[Group]]
) -> Iterator[Course]:
    top = charts.common_top([group.recall_at_20 for one in results for group in groups(one)])
    baseline = {group.label: group.recall_at_20.value for group in groups(results[0])}
    for at, one in enumerate(results):
        found = groups(one)
        points = [(group.label, group.recall_at_20, baseline[group.label]) for group in found]
        worst = min(found, key=lambda group: group.recall_at_20.value)
        best = max(found, key=lambda group: group.recall_at_20.value)
        note = f"{fraction(worst.recall_at_20.value)} to {fraction(best.recall_at_20.value)}"
        values = ", ".join(
            f"{group.label}: {fraction(group.recall_at_20.value)}" for group in found
        )
        picture = charts.course(
            f"{name}-{at}", points, top, f"{one.name}, recall@20 by {name}: {values}"
        )
        yield Course(label(one), picture, note)


def _mark(one: Result, figure: Estimate) -> charts.Mark:
    return charts.Mark(one.name, figure, one.name == BASELINE)


def _listed(marks: Sequence[charts.Mark]) -> str:
    return ", ".join(f"{mark.name} {with_error(mark.figure)}" for mark in marks)
