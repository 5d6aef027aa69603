"""The genres of the synthetic source, and how near each is to the others."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt


class Genre(NamedTuple):
    """A genre: its place among the others, and what its songs are like.

    `place` is how acoustic, how hard and how danceable it is, 0 to 1. `share` is its part of all
    artists, before scaling; `tempo` in beats per minute, `loudness` in decibels, `minor` and
    `triple` the share of songs in a minor key and in triple meter, `duration` in seconds, `year`
    the middle of its artists' first years.
    """

    name: str
    place: tuple[float, float, float]
    share: float
    tempo: float
    loudness: float
    minor: float
    triple: float
    duration: float
    year: int
    artist_style: str
    title_style: str


GENRES: Final = (
    Genre("ambient", (0.30, 0.00, 0.15), 3, 92, -17, 0.55, 0.15, 380, 1999, "producer", "track"),
    Genre("blues", (0.75, 0.40, 0.35), 5, 112, -11, 0.25, 0.20, 225, 1968, "solo", "song"),
    Genre("chanson", (0.90, 0.10, 0.20), 3, 105, -12, 0.45, 0.25, 205, 1972, "french", "french"),
    Genre("classical", (1.00, 0.05, 0.00), 4, 100, -21, 0.40, 0.30, 320, 1985, "ensemble", "piece"),
    Genre("country", (0.85, 0.25, 0.35), 6, 121, -9, 0.12, 0.20, 205, 1983, "solo", "song"),
    Genre("electronic", (0.05, 0.40, 0.75), 7, 124, -8, 0.55, 0.03, 300, 2000, "producer", "track"),
    Genre("folk", (0.95, 0.15, 0.20), 6, 114, -12, 0.28, 0.28, 220, 1987, "solo", "song"),
    Genre("funk", (0.50, 0.40, 0.80), 3, 110, -9, 0.50, 0.02, 270, 1976, "band", "song"),
    Genre("hip hop", (0.15, 0.50, 0.80), 7, 95, -7, 0.55, 0.02, 240, 1999, "crew", "song"),
    Genre("house", (0.00, 0.35, 1.00), 4, 126, -8, 0.60, 0.01, 370, 2001, "producer", "track"),
    Genre("indie rock", (0.50, 0.55, 0.40), 8, 124, -8, 0.25, 0.10, 230, 2001, "band", "song"),
    Genre("jazz", (0.80, 0.20, 0.35), 7, 118, -14, 0.45, 0.22, 300, 1970, "ensemble", "song"),
    Genre("latin", (0.65, 0.30, 0.75), 5, 116, -8, 0.45, 0.10, 235, 1990, "spanish", "spanish"),
    Genre("metal", (0.20, 1.00, 0.25), 6, 132, -6, 0.60, 0.08, 280, 1997, "band", "song"),
    Genre("pop", (0.35, 0.35, 0.65), 9, 118, -7, 0.30, 0.06, 220, 1996, "solo", "song"),
    Genre("punk", (0.35, 0.90, 0.45), 5, 155, -6, 0.20, 0.04, 150, 1994, "band", "song"),
    Genre("r&b", (0.40, 0.25, 0.75), 4, 98, -8, 0.50, 0.08, 245, 1994, "solo", "song"),
    Genre("reggae", (0.55, 0.30, 0.70), 4, 90, -9, 0.40, 0.02, 235, 1984, "band", "song"),
    Genre("rock", (0.45, 0.65, 0.40), 10, 125, -8, 0.25, 0.08, 245, 1986, "band", "song"),
    Genre("soul", (0.60, 0.25, 0.65), 4, 108, -11, 0.35, 0.12, 195, 1971, "solo", "song"),
)

REACH: Final = 0.25  # the distance at which a genre counts e times less to a listener of another


def column(name: str) -> npt.NDArray[np.float64]:
    """Return one figure of every genre, [G]."""
    return np.array([getattr(genre, name) for genre in GENRES], np.float64)


def places() -> npt.NDArray[np.float64]:
    """Return the place of every genre, [G, 3]."""
    return np.array([genre.place for genre in GENRES])


def affinity() -> npt.NDArray[np.float64]:
    """Return how likely a listener of genre i turns to genre j, [G, G]; rows sum to 1."""
    apart = np.linalg.norm(places()[:, None] - places()[None], axis=2)
    near = np.exp(-apart / REACH)
    np.fill_diagonal(near, 0)
    return np.asarray(near / near.sum(axis=1, keepdims=True))
