"""The pictures of an evaluation: figures with their errors, and where engines stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from segue_model.evaluation.metrics import Estimate
from segue_model.report.drawing import BARS, FAINT, INK, MARK, NARROW, WIDE, Picture, draw
from segue_model.report.words import drawable

ROW: Final = 26  # pixels of an engine
FOOT: Final = 34
SMALL: Final = (230, 130)
TRIALS: Final = (NARROW, 150)
LETTER: Final = 7  # pixels, about
LINE: Final = 16
FIELD: Final = 300
HEADROOM: Final = 1.12


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure of an engine; the baseline's is drawn apart."""

    name: str
    figure: Estimate
    is_baseline: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine stands between two figures."""

    name: str
    across: float
    up: Estimate
    is_baseline: bool


def dots(name: str, marks: Sequence[Mark], description: str) -> Picture:
    """Draw a figure of each engine with its standard error; a line marks the baseline."""

    def plot(axes: Axes) -> None:
        heights = np.arange(len(marks))[::-1]
        for height, mark in zip(heights, marks, strict=True):
            ink = MARK if mark.is_baseline else BARS
            if mark.is_baseline:
                axes.axvline(mark.figure.value, color=MARK, linewidth=0.8)
            _with_error(axes, (mark.figure.value, height), (mark.figure, None), ink)
        axes.set_yticks(heights, [drawable(mark.name) for mark in marks])
        axes.set(ylim=(-0.6, len(marks) - 0.4), xlim=(0, _top([mark.figure for mark in marks])))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.spines.bottom.set_visible(False)
        axes.grid(axis="x")

    return Picture(draw(name, (NARROW, FOOT + ROW * len(marks)), plot), description)


def field(name: str, places: Sequence[Place], description: str) -> Picture:
    """Draw where engines stand: a share of 0 to 1 across, a figure with its error up."""
    wide, narrow = (
        draw(f"{name}-{width}", (width, FIELD), partial(_field, places, width))
        for width in (WIDE, NARROW)
    )
    return Picture(wide, description, narrow)


def course(
    name: str, groups: Sequence[tuple[str, Estimate, float | None]], top: float, description: str
) -> Picture:
    """Draw a figure by groups in order, with errors; a faint line is the baseline's.

    A group is its label, the figure and the baseline's. `top` is the same for all engines.
    """

    def plot(axes: Axes) -> None:
        at = np.arange(len(groups))
        axes.plot(at, [baseline for _, _, baseline in groups], color=MARK, linewidth=1.2)  # type: ignore[arg-type]
        axes.plot(at, [found.value for _, found, _ in groups], color=BARS, linewidth=1.6)
        for place, (_, found, _) in enumerate(groups):
            _with_error(axes, (place, found.value), (None, found), BARS)
        step = max(1, -(-len(groups) // 5))
        labels = [label if not place % step else "" for place, (label, _, _) in enumerate(groups)]
        axes.set_xticks(at, labels, fontsize=10)
        axes.set(ylim=(0, top), xlim=(-0.5, max(len(groups), 2) - 0.5))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.grid(axis="y")

    return Picture(draw(name, SMALL, plot), description)


def trials(name: str, worth: Sequence[float], best: int, description: str) -> Picture:
    """Draw what each of some trials was worth, in the order of trying, the `best` marked."""

    def plot(axes: Axes) -> None:
        at = np.arange(1, len(worth) + 1)
        axes.plot(at, worth, "o", color=BARS, markersize=5, alpha=0.7)
        axes.plot(at[best], worth[best], "o", color=MARK, markersize=8)
        axes.set_xlim(0, len(worth) + 1)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3f}"))
        axes.margins(y=0.15)
        axes.grid(axis="y")

    return Picture(draw(name, TRIALS, plot), description)


def common_top(figures: Sequence[Estimate]) -> float:
    """Return where the scale of all of some pictures ends."""
    return _top(figures)


def _field(places: Sequence[Place], width: int, axes: Axes) -> None:
    furthest = max(place.across for place in places)
    axes.set(xlim=(0, HEADROOM * furthest or 1.0), ylim=(0, _top([place.up for place in places])))
    for place in places:
        ink = MARK if place.is_baseline else BARS
        _with_error(axes, (place.across, place.up.value), (None, place.up), ink, 8)
    for place, (x, y, to_left) in zip(places, _labels(places, width, axes), strict=True):
        axes.annotate(
            drawable(place.name),
            (x, y),
            xytext=(-10 if to_left else 10, 0),
            textcoords="offset points",
            horizontalalignment="right" if to_left else "left",
            verticalalignment="center",
            color=INK,
        )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g}%"))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(color=FAINT)


def _labels(places: Sequence[Place], width: int, axes: Axes) -> list[tuple[float, float, bool]]:
    """Return where names go, and whether left of their dots, none over another's."""
    furthest, line = axes.get_xlim()[1], LINE / FIELD * axes.get_ylim()[1]
    taken: list[tuple[float, float, float]] = []
    found: dict[int, tuple[float, float, bool]] = {}
    for at in sorted(range(len(places)), key=lambda at: places[at].up.value):
        place = places[at]
        length = (LETTER * len(drawable(place.name)) + 14) / width * furthest
        to_left = place.across + length > furthest
        start = place.across - length if to_left else place.across
        y = place.up.value
        for left, right, height in taken:
            if start < right and left < start + length and y < height + line:
                y = height + line
        taken.append((start, start + length, y))
        found[at] = (place.across, y, to_left)
    return [found[at] for at in range(len(places))]


def _with_error(
    axes: Axes,
    at: tuple[float, float],
    errors: tuple[Estimate | None, Estimate | None],
    ink: str,
    size: int = 6,
) -> None:
    """Draw a dot with a bar of one standard error to each side, across or up."""
    across, up = (None if error is None else error.standard_error for error in errors)
    axes.errorbar(
        *at, xerr=across, yerr=up, fmt="o", color=ink, markersize=size, elinewidth=2, clip_on=False
    )


def _top(figures: Sequence[Estimate]) -> float:
    return HEADROOM * max((one.value + one.standard_error for one in figures), default=0) or 1.0
