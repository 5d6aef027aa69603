"""Numbers and names as people read them."""

from typing import Final

ALMOST_NOTHING: Final = 0.001
LABEL_LENGTH: Final = 24
COMPACT: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,}"


def share(part: float) -> str:
    """Return a share of 0 to 1 in percent; nothing and all are told from nearly so."""
    if part in (0, 1):
        return f"{part:.0%}"
    if part < ALMOST_NOTHING:
        return "<0.1%"
    if part > 1 - ALMOST_NOTHING:
        return ">99.9%"
    return f"{part:.1%}"


def compact(value: float) -> str:
    """Return a number in at most some four characters: 950, 1.5k, 20M."""
    for size, letter in COMPACT:
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def figure(value: float) -> str:
    """Return a number to three places, without a sign where it is none."""
    return f"{value:z.3f}"


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,}:{rest:02d}"


def doubled(start: float) -> str:
    """Return the whole numbers from `start` to below its double: 1, 2-3, 4-7, and roughly later."""
    first = round(start)
    if first >= 100:  # noqa: PLR2004 - wider words would touch each other
        return f"{compact(start)}+"
    return f"{first}" if first == 1 else f"{first}\N{EN DASH}{2 * first - 1}"


def counted(count: int, thing: str) -> str:
    """Return a count with what is counted: 1 song, 2 songs."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def drawable(name: str) -> str:
    """Return a name, cut where it is long, that the font for measuring has all letters of."""
    plain = "".join(each if each.isprintable() and each <= "ÿ" else "?" for each in name)
    return plain if len(plain) <= LABEL_LENGTH else f"{plain[: LABEL_LENGTH - 1]}…"
