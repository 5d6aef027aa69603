"""Draws pictures that live in a page: SVG with the page's inks and fonts, the same bytes always."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

Plot: TypeAlias = Callable[[Axes], None]

# Colors that stand for those of the page, which are others in the dark.
INK: Final = "#000001"
FAINT: Final = "#000002"
BARS: Final = "#000003"
MARK: Final = "#000004"
INKS: Final = {INK: "--ink", FAINT: "--rule", BARS: "--bars", MARK: "--mark"}

# In a picture one unit is a pixel where the page shows it in full size.
UNITS_AN_INCH: Final = 72
NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# What people have set for their own plots does not count.
SETTINGS: Final[Any] = {
    **{name: each for name, each in mpl.rcParamsDefault.items() if not name.startswith("backend")},
    "svg.fonttype": "none",
    "font.size": 11,
    "text.color": INK,
    "text.parse_math": False,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 2 / UNITS_AN_INCH,
    "figure.constrained_layout.w_pad": 2 / UNITS_AN_INCH,
    "grid.color": FAINT,
    "xtick.bottom": False,
    "xtick.labelcolor": INK,
    "ytick.left": False,
    "ytick.labelcolor": INK,
}
NARROW: Final = 360
WIDE: Final = 1120


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, in words too; `narrow` is the same for a small screen, where it differs."""

    drawing: Markup
    description: str
    narrow: Markup | None = None


def draw(name: str, size: tuple[int, int], plot: Plot) -> Markup:
    """Return what `plot` draws on axes, as SVG of a width and height in pixels.

    No two drawings of a page may have the same `name`: it keeps the ids in them apart.
    """
    width, height = size
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure = Figure(figsize=(width / UNITS_AN_INCH, height / UNITS_AN_INCH))
        FigureCanvasSVG(figure)
        plot(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=NO_METADATA)
    return Markup(_cleaned(text.getvalue()))  # noqa: S704 - matplotlib escapes what it writes


def _cleaned(svg: str) -> str:
    """Return the element `svg` alone, without what a page does not need, in its inks."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 aria-hidden="true"', svg)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    # Other drawings of the page have the same ids; nothing refers to these.
    svg = re.sub(r'<g id="[^"]*"(/?)>', r"<g\1>", svg).replace("<g/>", "")
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', "", svg)
    svg = re.sub(r" font-family: [^;\"]*;", "", svg)
    svg = re.sub(r' (?:d|x|y|width|height|transform)="[^"]*"', _rounded, svg)
    for color, ink in INKS.items():
        svg = svg.replace(f": {color}", f": var({ink})")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"<defs>\s*</defs>", "", svg)).strip()


def _rounded(attribute: re.Match[str]) -> str:
    return re.sub(r"(\.\d)\d+", r"\1", attribute[0])
