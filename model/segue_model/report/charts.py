"""The pictures: bars, the long tail, the course of a genre, the spread of the features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, MultipleLocator

from segue_model.report.drawing import BARS, INK, MARK, NARROW, WIDE, Picture, Plot, draw
from segue_model.report.genres import Course
from segue_model.report.listening import Tail
from segue_model.report.spreads import Histogram
from segue_model.report.words import compact, share

PANEL: Final = (NARROW, 210)
SPARK: Final = (180, 92)
MOST_LABELS: Final = 7  # below bars that double
MOST_STEPS: Final = 8
GAP: Final = 0.12  # between bars, of their width

Label: TypeAlias = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below bars: `label` words the multiples of `step`, or of a multiple of it.

    The `median` is marked.
    """

    label: Label
    step: float
    median: float


def bars(name: str, histogram: Histogram, foot: Foot, description: str) -> Picture:
    """Draw a histogram of bins of one width."""
    return Picture(draw(name, PANEL, _linear(histogram, foot)), description)


def wide_bars(name: str, histogram: Histogram, foot: Foot, description: str) -> Picture:
    """Draw the same as `bars` over the width of the page."""
    plot = _linear(histogram, foot)
    narrow = draw(f"{name}-narrow", (NARROW, 190), plot)
    return Picture(draw(name, (WIDE, 240), plot), description, narrow)


def doubling_bars(name: str, histogram: Histogram, label: Label, description: str) -> Picture:
    """Draw a histogram of bins that double; `label` words where each begins."""
    number = len(histogram.counts)
    step = -(-number // MOST_LABELS)
    ticks = np.arange(0, number, step)

    def plot(axes: Axes) -> None:
        _bars(axes, np.arange(number + 1), histogram)
        axes.set_xticks(ticks + (1 - GAP) / 2, [label(edge) for edge in histogram.edges[ticks]])

    return Picture(draw(name, PANEL, plot), description)


def long_tail(name: str, tail: Tail, description: str) -> Picture:
    """Draw the share of listens that the most heard songs have."""

    def plot(axes: Axes) -> None:
        axes.fill_between(tail.songs, tail.listens, color=BARS, alpha=0.25, linewidth=0)
        axes.plot(tail.songs, tail.listens, color=BARS, linewidth=2)
        half = max(tail.half, tail.songs[0])
        axes.plot([half, half, tail.songs[0]], [0, 0.5, 0.5], color=MARK, linewidth=1.2)
        axes.set(xscale="log", ylim=(0, 1.02), xlim=(tail.songs[0], 1))
        lowest = max(-4, int(np.ceil(np.log10(tail.songs[0]))))
        axes.set_xticks([10.0**power for power in range(lowest, 1)])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g}%"))
        axes.xaxis.set_minor_locator(FixedLocator([]))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        axes.grid(axis="y")

    return Picture(draw(name, PANEL, plot), description)


def sparks(courses: Sequence[Course]) -> list[Picture]:
    """Draw the courses of genres, all on one scale, the peak of each marked."""
    top = max((course.shares[course.peak] for course in courses), default=0) * 1.15
    return [_spark(f"course-{at}", course, top) for at, course in enumerate(courses)]


def _spark(name: str, course: Course, top: float) -> Picture:
    peak, years = course.peak, course.years

    def plot(axes: Axes) -> None:
        axes.fill_between(years, course.shares, color=BARS, alpha=0.25, linewidth=0)
        axes.plot(years, course.shares, color=BARS, linewidth=1.6)
        axes.plot(years[peak], course.shares[peak], "o", color=MARK, markersize=4.5, clip_on=False)
        axes.set(ylim=(0, top), xlim=(years[0], years[-1]), yticks=[])
        axes.set_xticks([years[0], years[-1]], [f"{years[0]}", f"{years[-1]}"], fontsize=10)
        first, last = axes.get_xticklabels()
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")

    largest = share(float(course.shares[peak]))
    return Picture(draw(name, SPARK, plot), f"{course.name}: at most {largest}, in {years[peak]}")


def _linear(histogram: Histogram, foot: Foot) -> Plot:
    def plot(axes: Axes) -> None:
        _bars(axes, histogram.edges, histogram)
        axes.axvline(foot.median, color=MARK, linewidth=1.5)
        extent, step = histogram.edges[-1] - histogram.edges[0], foot.step
        while extent / step > MOST_STEPS:
            step *= 2
        axes.xaxis.set_major_locator(MultipleLocator(step))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: foot.label(value)))

    return plot


def _bars(axes: Axes, edges: np.ndarray, histogram: Histogram) -> None:
    width = edges[1] - edges[0]
    axes.bar(edges[:-1], histogram.counts, width * (1 - GAP), align="edge", color=BARS)
    axes.set_xlim(edges[0] - width * GAP, edges[-1])
    axes.spines.bottom.set_color(INK)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.grid(axis="y")
