"""The picture of all feature columns side by side: how wide each is, how far it reaches."""

from functools import partial
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from segue_model.report.drawing import BARS, FAINT, INK, MARK, NARROW, WIDE, Picture, draw
from segue_model.report.feature_columns import FeatureColumns, runs
from segue_model.report.words import drawable

LABEL_WIDTH: Final = 15  # pixels of a line of text that stands upright
HEADROOM: Final = 1.25  # over the outer 1 % of the widest column


def feature_picture(columns: FeatureColumns, description: str) -> Picture:
    """Draw the spread of each column; what lies too far out is marked at the edge."""
    wide, narrow = (
        draw(name, (width, 300), partial(_plot, columns, width))
        for name, width in (("features", WIDE), ("features-narrow", NARROW))
    )
    return Picture(wide, description, narrow)


def _plot(columns: FeatureColumns, width: int, axes: Axes) -> None:
    least, outer_low, low, middle, high, outer_high, most = columns.quantiles.T
    at = np.arange(len(columns.names))
    limit = HEADROOM * max(float(np.abs([outer_low, outer_high]).max()), 1e-6)
    axes.axhline(0, color=FAINT, linewidth=1)
    axes.vlines(at, np.maximum(least, -limit), np.minimum(most, limit), color=INK, linewidth=0.6)
    _boxes(axes, outer_low, outer_high, 0.25)
    _boxes(axes, low, high, 0.9)
    axes.plot(at, middle, "_", color=INK, markersize=min(6, width / len(at) / 2))
    for beyond, edge, marker in ((most > limit, limit, "^"), (least < -limit, -limit, "v")):
        # Markers that are none would still take up room, at the corner of the picture.
        if beyond.any():
            edges = np.full(int(beyond.sum()), edge)
            axes.plot(at[beyond], edges, marker, color=MARK, markersize=4, clip_on=False)
    axes.set(xlim=(-0.7, len(at) - 0.3), ylim=(-limit, limit))
    axes.spines.bottom.set_visible(False)
    axes.grid(axis="y")
    _name(axes, columns, width)


def _boxes(axes: Axes, bottoms: np.ndarray, tops: np.ndarray, alpha: float) -> None:
    boxes = [
        Rectangle((at - 0.38, bottom), 0.76, top - bottom)
        for at, (bottom, top) in enumerate(zip(bottoms, tops, strict=True))
    ]
    axes.add_collection(PatchCollection(boxes, facecolor=BARS, alpha=alpha, linewidth=0))


def _name(axes: Axes, columns: FeatureColumns, width: int) -> None:
    """Write the names below the columns, leaving out those that there is no room for."""
    spacing = width / len(columns.names)
    ticks: list[float] = []
    labels: list[str] = []
    for name, start, length in runs(columns.names):
        middle = start + (length - 1) / 2
        if not ticks or (middle - ticks[-1]) * spacing >= LABEL_WIDTH:
            ticks.append(middle)
            labels.append(drawable(name if length == 1 else f"{name} ({length})"))
    axes.set_xticks(ticks, labels, rotation=90)
