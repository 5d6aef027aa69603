"""The small pictures with their titles and the sentence below each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue_model.data.dataset import Dataset
from segue_model.report.charts import Foot, bars, doubling_bars, long_tail, wide_bars
from segue_model.report.drawing import Picture
from segue_model.report.listening import Counts, Listening, Tail
from segue_model.report.spreads import (
    Histogram,
    Values,
    doubling_histogram,
    linear_histogram,
    spread,
)
from segue_model.report.words import clock, compact, counted, doubled, share

BINS: Final = 40
YEARS: Final = 150
TEMPO_BIN: Final = 5  # beats per minute
DURATION_BIN: Final = 15  # seconds


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture, or `None` when there is nothing to draw; `figure` is its one number in words."""

    title: str
    figure: str
    note: str
    picture: Picture | None


def of_songs(dataset: Dataset) -> Iterator[Panel]:
    """Yield how fast and how long songs are, and how many an artist has."""
    songs = dataset.songs
    yield _tempo(songs.tempos)
    yield _duration(songs.durations)
    _, sizes = np.unique(songs.artists, return_counts=True)
    title = "Songs per artist"
    single = counted(int((sizes == 1).sum()), "artist")
    words = f"{single} with one song; {counted(int(sizes.max()), 'song')} of one artist at most."
    picture = doubling_bars("sizes", doubling_histogram(sizes), doubled, f"{title}: {words}")
    yield Panel(title, f"{len(songs.ids) / len(sizes):.1f} on average", words, picture)


def of_listening(dataset: Dataset, heard: Listening, tail: Tail | None) -> Iterator[Panel]:
    """Yield how popular songs are, how much listeners play, how few songs have most listens."""
    yield _popularity(dataset.songs.popularity)
    if tail:
        yield _plays(heard.of_listeners)
        yield _tail(tail)


def of_years(dataset: Dataset) -> tuple[Panel, Histogram | None]:
    """Return when songs were released, and the years drawn."""
    years, title = dataset.songs.years, "Songs by year"
    known = years[years > 0]
    if len(known) == 0:
        return _nothing(title, "No song has a year."), None
    found, histogram = spread(known), linear_histogram(known, 1, YEARS)
    words = f"Half of the songs are from {found.low:.0f} to {found.high:.0f}{_beyond(histogram)}."
    foot = Foot("{:.0f}".format, 5, found.middle)
    drawn = f"{found.least:.0f} to {found.most:.0f}"
    picture = wide_bars("years", histogram, foot, f"{title}, {drawn}: {words}")
    return Panel(title, drawn, words, picture), histogram


def _tempo(tempos: Values) -> Panel:
    title, known = "Tempo", tempos[~np.isnan(tempos)]
    if len(known) == 0:
        return _nothing(title, "No song has a tempo.")
    found, histogram = spread(known), linear_histogram(known, TEMPO_BIN, BINS)
    words = f"have {found.low:.0f} to {found.high:.0f} beats per minute"
    figure = f"{found.middle:.0f} bpm at the median"
    return _bars(title, figure, words, (histogram, Foot("{:g}".format, 25, found.middle)))


def _duration(durations: Values) -> Panel:
    title, known = "Duration", durations[~np.isnan(durations)]
    if len(known) == 0:
        return _nothing(title, "No song has a duration.")
    found, histogram = spread(known), linear_histogram(known, DURATION_BIN, BINS)
    words = f"last {clock(found.low)} to {clock(found.high)} minutes"
    figure = f"{clock(found.middle)} at the median"
    return _bars(title, figure, words, (histogram, Foot(clock, 60, found.middle)))


def _bars(title: str, figure: str, middle: str, drawn: tuple[Histogram, Foot]) -> Panel:
    histogram, foot = drawn
    words = f"Half of the songs {middle}{_beyond(histogram)}."
    picture = bars(title.casefold(), histogram, foot, f"{title}: {figure}. {words}")
    return Panel(title, figure, words, picture)


def _popularity(popularity: Values) -> Panel:
    title, heard = "Popularity", popularity[popularity > 0]
    if len(heard) == 0:
        return _nothing(title, "Nobody listened to any song.")
    unheard = len(popularity) - len(heard)
    words = f"The share of the listeners who heard a song; nobody heard {counted(unheard, 'song')}."
    picture = doubling_bars("popularity", doubling_histogram(heard), _percent, f"{title}: {words}")
    return Panel(title, f"{share(float(heard.max()))} at most", words, picture)


def _plays(of_listeners: Counts) -> Panel:
    title, found = "Plays per listener", spread(of_listeners)
    words = f"Half of them play {compact(found.low)} to {compact(found.high)} times."
    histogram = doubling_histogram(of_listeners)
    picture = doubling_bars("plays", histogram, doubled, f"{title}: {words}")
    return Panel(title, f"{compact(found.middle)} at the median", words, picture)


def _tail(tail: Tail) -> Panel:
    title = "The long tail"
    words = f"The most heard 1% of the songs get {share(tail.of_top(0.01))} of the listens, "
    words += f"the most heard 10% get {share(tail.of_top(0.1))}."
    picture = long_tail("tail", tail, f"{title}: {words}")
    return Panel(title, f"{share(tail.half)} of songs get half", words, picture)


def _percent(part: float) -> str:
    return f"{part * 100:.2g}%"


def _beyond(histogram: Histogram) -> str:
    return f"; {counted(histogram.beyond, 'song')} farther out" if histogram.beyond else ""


def _nothing(title: str, note: str) -> Panel:
    return Panel(title, "unknown", note, None)
