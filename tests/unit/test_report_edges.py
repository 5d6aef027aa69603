"""The report of datasets that have little, and of those that hold what no page should run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from report_page import Element, page_of, section
from segue_model.data.columns import (
    Albums,
    Artists,
    Features,
    Genres,
    Listens,
    Ragged,
    Songs,
    texts,
)
from segue_model.data.commands import dataset as command
from segue_model.data.dataset import Dataset, DatasetError, write_dataset

SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"'><img src=//evil.example onerror=alert(1)>"
COLUMN = "<b>$\\frac$猫\x19"
MARKUP = "</style></svg></title>{{ 7 * 7 }}&amp;$\\frac$\u202e\x19 猫"


@dataclass(frozen=True)
class Texts:
    title: str = "One"
    artist: str = "Ida"
    genre: str = "folk"
    column: str = "calm"


def songs(number: int, words: Texts = Texts(), **known: object) -> Dataset:
    """Return a dataset of songs of one artist with nothing known but `known`."""
    ids = np.arange(1, number + 1, dtype=np.int32)
    zeros, nan = np.zeros(number, np.int32), np.full(number, np.nan, np.float32)
    columns: dict[str, Any] = {
        "titles": texts([words.title] * number),
        "artists": np.ones(number, np.int32),
        "albums": zeros,
        "years": zeros,
        "genres": Ragged.of([()] * number),
        "durations": nan,
        "tempos": nan,
        "popularity": np.zeros(number),
        "msd_track_ids": texts([""] * number),
        "msd_song_ids": texts([""] * number),
        **known,
    }
    features = np.linspace(1, 2, number * 2, dtype=np.float32).reshape(number, 2)
    one = np.ones(1, np.int32)
    return Dataset(
        name="little",
        artists=Artists(one, texts([words.artist]), texts([""])),
        albums=Albums(zeros[:0], texts([]), zeros[:0]),
        genres=Genres(one, texts([words.genre])),
        songs=Songs(ids, **columns),
        features=Features((words.column, "speed"), features, "mine"),
        listens=Listens(zeros[:0], zeros[:0], zeros[:0]),
    )


def page(folder: Path, dataset: Dataset) -> Element:
    write_dataset(folder, dataset)
    return page_of(folder)


def set_aside(folder: Path, *rows: Sequence[str]) -> None:
    (folder / "rejected").mkdir()
    lines = [("path", "row", "reason", "detail"), *rows]
    text = "".join(",".join(line) + "\n" for line in lines)
    (folder / "rejected" / "rejected.csv").write_text(text, "utf-8")


def test_a_dataset_of_one_song_has_a_page(tmp_path: Path) -> None:
    found = page(tmp_path, songs(1))
    assert "1 song by 1 artist." in found.first("p", **{"class": "standfirst"}).text
    assert "Nothing is near" in section(found, "neighbors").text


def test_what_is_not_there_is_said_and_not_drawn(tmp_path: Path) -> None:
    found = page(tmp_path, songs(3))
    for part, words in {
        "songs": ("No song has a tempo.", "No song has a duration."),
        "years": ("No song has a year.",),
        "genres": ("No song has a genre.",),
        "listening": ("Nobody listened to any song.", "There are no listens in this dataset."),
        "neighbors": ("Songs of the artists with the most songs", "heard by nobody yet"),
        "rejected": ("This folder does not tell what its source set aside.",),
    }.items():
        for sentence in words:
            assert sentence in section(found, part).text
    assert not list(section(found, "years").every("svg"))
    assert len(list(section(found, "songs").every("svg"))) == 1
    assert "There are no listens yet." in found.first("header").text


def test_songs_and_columns_of_no_use_are_told(tmp_path: Path) -> None:
    values = np.array([[1, 0], [2, 0], [0, 0]], np.float32)
    found = page(tmp_path, replace(songs(3), features=Features(("a", "b"), values, "mine")))
    words = section(found, "features").text
    assert "1 song without any feature but 0." in words
    assert "The same for all songs: b." in words


def test_the_features_fill_the_width_when_none_lies_far_out(tmp_path: Path) -> None:
    values = np.repeat(np.array([[1, -1], [-1, 1]], np.float32), 2, axis=0)
    flat = replace(songs(4), features=Features(("a", "b"), values, "mine"))
    wide, narrow = section(page(tmp_path, flat), "features").every("svg")
    for svg in (wide, narrow):
        upright = (each.attributes.get("x") for each in svg.every("text"))
        places = [float(place) for place in upright if place]
        assert min(places) < 40


def test_popularity_is_drawn_where_it_is_given_without_listens(tmp_path: Path) -> None:
    given = np.array([0.0, 0.125, 0.5])
    found = page(tmp_path, songs(3, popularity=given))
    words = section(found, "listening").text
    assert "50.0% at most" in words
    assert "nobody heard 1 song." in words
    assert "The best-known songs" in section(found, "neighbors").text


@pytest.mark.parametrize("years", [(1999, 1999), (1, 9999), (1, 0)])
def test_any_years_can_be_drawn(tmp_path: Path, years: tuple[int, int]) -> None:
    genres = Ragged.of([(1,)] * 80)
    dated = songs(80, years=np.repeat(np.array(years, np.int32), 40), genres=genres)
    found = section(page(tmp_path, dated), "years")
    assert len(list(found.every("svg"))) >= 2


def test_texts_of_the_data_are_shown_and_never_run(tmp_path: Path) -> None:
    words = Texts(title=SCRIPT, artist=IMAGE, genre=MARKUP, column=COLUMN)
    years = np.repeat(np.array([1990, 1991], np.int32), 30)
    hostile = songs(60, words, years=years, genres=Ragged.of([(1,)] * 60))
    source = {"kind": SCRIPT, MARKUP: [IMAGE, {"a": None}]}
    folder = tmp_path / "data"
    write_dataset(folder, replace(hostile, name=IMAGE, source=source))
    set_aside(folder, (SCRIPT, "", "schema", MARKUP))
    found = page_of(folder)
    assert {each.tag for each in found.every("*")}.isdisjoint({"script", "img"})
    card = section(found, "neighbors").first("article")
    assert card.first("bdi", **{"class": "title"}).text == SCRIPT
    assert card.first("bdi", **{"class": "artist"}).text == IMAGE
    shown = " ".join(MARKUP.split())
    assert section(found, "genres").table()[0][0] == shown
    assert shown in section(found, "years").first("h4").text
    assert COLUMN in section(found, "features").text
    labels = [each.text for each in section(found, "features").every("text")]
    assert labels.count("<b>$\\frac$??") == 2
    assert found.first("h1").text == IMAGE
    assert SCRIPT in found.first("footer").text
    example = section(found, "rejected").first("li").text
    assert example == f"{SCRIPT} {shown}"


def test_a_name_that_utf_8_cannot_hold_costs_only_itself(tmp_path: Path) -> None:
    write_dataset(tmp_path, songs(1))
    manifest = json.loads((tmp_path / "dataset.json").read_text("utf-8"))
    (tmp_path / "dataset.json").write_text(json.dumps({**manifest, "name": "a\ud800b"}), "utf-8")
    assert page_of(tmp_path).first("h1").text == "a\N{REPLACEMENT CHARACTER}b"


def test_what_was_set_aside_is_counted_by_reason(tmp_path: Path) -> None:
    write_dataset(tmp_path, songs(1))
    empty = [(f"{at}.h5", str(at), "empty", f"title {at}") for at in range(1, 1235)]
    set_aside(tmp_path, ("x.h5", "", "schema", "no column"), *empty)
    found = section(page_of(tmp_path), "rejected")
    assert "1,235 files and rows were set aside." in found.text
    counts = {reason: count for reason, _, count in found.table()}
    assert list(counts.items()) == [
        ("Nothing where something must be", "1,234"),
        ("A part or column is missing or of another shape", "1"),
    ]
    examples = [each.text for each in found.every("li")]
    assert examples == [*(f"{at}.h5:{at} title {at}" for at in range(1, 11)), "x.h5 no column"]
    assert "and 1,224 more" in found.text


def test_nothing_set_aside_is_said(tmp_path: Path) -> None:
    write_dataset(tmp_path, songs(1))
    set_aside(tmp_path)
    assert "Nothing was set aside." in section(page_of(tmp_path), "rejected").text


def test_a_path_that_is_no_text_hides_no_other(tmp_path: Path) -> None:
    write_dataset(tmp_path, songs(1))
    set_aside(tmp_path)
    with (tmp_path / "rejected" / "rejected.csv").open("ab") as stream:
        stream.write(b"\xff.h5,,empty,\nb.h5,,empty,\n")
    examples = [each.text for each in section(page_of(tmp_path), "rejected").every("li")]
    assert examples == ["\N{REPLACEMENT CHARACTER}.h5", "b.h5"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("path,reason\n", "rejected.csv:1: not the columns path, row, reason, detail"),
        ("path,row,reason,detail\na,,empty\n", "rejected.csv:2: not 4 fields"),
        ("path,row,reason,detail\n\na,,dull,b\n", "rejected.csv:2: not 4 fields"),
        ("path,row,reason,detail\na,,dull,b\n", "rejected.csv:2: reason: 'dull' is not known"),
        ("", "rejected.csv:1: not the columns"),
        ("path,row,reason,detail\n" + "a" * 200_000, "rejected.csv:2: field larger"),
    ],
)
def test_a_faulty_list_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    write_dataset(tmp_path, songs(1))
    set_aside(tmp_path)
    (tmp_path / "rejected" / "rejected.csv").write_text(text, "utf-8")
    with pytest.raises(DatasetError, match=fault):
        page_of(tmp_path)


def recipe(known: object) -> dict[str, bytes]:
    fields = {"name": "mine", "columns": ["calm", "speed"], "known": known}
    return {"recipe.json": json.dumps(fields).encode()}


def test_the_recipe_tells_what_was_known_of_the_raw_values(tmp_path: Path) -> None:
    found = page(tmp_path, replace(songs(8), recipe=recipe({"loudness": 6, "sound": 0})))
    table = list(section(found, "known").every("table"))[-1]
    assert table.first("caption").text == "Behind the features"
    assert table.table() == [["loudness", "", "75.0%", "2"], ["sound", "", "0%", "8"]]


@pytest.mark.parametrize("known", [[1], {"tempo": "8"}, {"tempo": 9}, {"tempo": -1}])
def test_a_recipe_that_cannot_be_true_is_refused(tmp_path: Path, known: object) -> None:
    with pytest.raises(DatasetError, match=r"recipe.json: known: not a number of songs"):
        page(tmp_path, replace(songs(8), recipe=recipe(known)))


def test_the_command_writes_the_page_into_the_folder_or_where_it_is_told(tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", songs(1))
    run = CliRunner().invoke(command, ["report", str(tmp_path / "data")])
    assert run.exit_code == 0
    assert run.stdout == f"Wrote {tmp_path / 'data' / 'report.html'}\n"
    target = tmp_path / "new" / "page.html"
    run = CliRunner().invoke(command, ["report", str(tmp_path / "data"), "--output", str(target)])
    assert target.read_bytes() == (tmp_path / "data" / "report.html").read_bytes()


def test_the_command_fails_clearly_where_there_is_no_dataset(tmp_path: Path) -> None:
    run = CliRunner().invoke(command, ["report", str(tmp_path / "nowhere")])
    assert run.exit_code == 1
    assert "nowhere: no such folder" in run.stderr
    assert not list(tmp_path.iterdir())
