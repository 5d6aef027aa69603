"""Makes the page of a dataset: figures and pictures into one file that needs no other."""

import json
from collections.abc import Mapping
from typing import Any

from segue_model.data.dataset import Dataset
from segue_model.report import panels, words
from segue_model.report.charts import sparks
from segue_model.report.feature_columns import FAR, FeatureColumns, feature_columns
from segue_model.report.feature_picture import feature_picture
from segue_model.report.genres import courses, genres
from segue_model.report.listening import listening, tail
from segue_model.report.material import Material
from segue_model.report.neighbors import neighborhoods
from segue_model.report.presence import presence
from segue_model.report.templating import environment

OUTLYING = 8


def render(material: Material) -> str:
    """Return the page; the same material makes the same text."""
    templates = environment()
    templates.filters["text"] = _text
    return templates.get_template("report.html").render(_content(material))


def _content(material: Material) -> dict[str, Any]:
    dataset = material.dataset
    return {
        "dataset": dataset,
        "counts": dataset.counts(),
        "years": _span(dataset),
        "groups": presence(dataset, material.raw),
        "songs": list(panels.of_songs(dataset)),
        **_over_time(dataset),
        **_heard(dataset),
        "neighborhoods": neighborhoods(dataset),
        **_features(dataset),
        "rejections": material.rejections,
    }


def _heard(dataset: Dataset) -> Mapping[str, object]:
    heard = listening(dataset)
    adds_up = tail(heard.of_songs) if len(dataset.listens.songs) else None
    return {
        "heard": heard,
        "tail": adds_up,
        "listening": list(panels.of_listening(dataset, heard, adds_up)),
        "genres": genres(dataset, heard.of_songs),
    }


def _over_time(dataset: Dataset) -> Mapping[str, object]:
    panel, histogram = panels.of_years(dataset)
    if histogram is None:
        return {"by_year": panel, "courses": []}
    found = courses(dataset, int(histogram.edges[0]), int(histogram.edges[-1]) - 1)
    return {"by_year": panel, "courses": list(zip(found, sparks(found), strict=True))}


def _features(dataset: Dataset) -> Mapping[str, object]:
    columns = feature_columns(dataset.features)
    return {
        "columns": columns,
        "spread": feature_picture(columns, _in_words(columns)),
        "outlying": columns.most_outlying(OUTLYING),
        "far": FAR,
    }


def _in_words(columns: FeatureColumns) -> str:
    words_ = f"The spread of {words.counted(len(columns.names), 'feature column')}"
    worst = columns.most_outlying(1)
    if not worst:
        return words_
    name, distance = columns.names[worst[0]], columns.furthest[worst[0]]
    return f"{words_}; {name} reaches furthest, {distance:.1f} deviations from its mean"


def _span(dataset: Dataset) -> tuple[int, int] | None:
    known = dataset.songs.years[dataset.songs.years > 0]
    return (int(known.min()), int(known.max())) if len(known) else None


def _text(value: object) -> str:
    """Return what a source says of itself: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
