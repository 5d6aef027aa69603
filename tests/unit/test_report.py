"""The report: its figures are the dataset's, and the page needs nothing but itself."""

import itertools
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from report_page import Element, page_of, section
from segue_model.data.columns import Features
from segue_model.data.dataset import Dataset, DatasetError, write_dataset
from segue_model.data.synthetic import synthetic_dataset
from segue_model.report import write_report


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return synthetic_dataset(1300, 60, 5)


@pytest.fixture(scope="module")
def folder(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "dataset"
    write_dataset(path, dataset)
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> Element:
    return page_of(folder)


def rows(page: Element, name: str) -> dict[str, list[str]]:
    """Return the rows of all tables of a section by their first cells."""
    tables = section(page, name).every("table")
    return {first: rest for table in tables for first, *rest in table.table()}


def test_the_counts_come_first_and_are_those_of_the_dataset(
    page: Element, dataset: Dataset
) -> None:
    counts = page.first("header").first("dl", **{"class": "counts"})
    found = {each.first("dt").text: each.first("dd").text for each in counts.every("div")}
    assert found == {thing: f"{count:,}" for thing, count in dataset.counts().items()}
    assert found["songs"] == "1,300"


def test_the_standfirst_tells_of_years_and_plays(page: Element, dataset: Dataset) -> None:
    known = dataset.songs.years[dataset.songs.years > 0]
    words = page.first("p", **{"class": "standfirst"}).text
    assert f"from {known.min()} to {known.max()}." in words
    assert f"60 listeners played them {dataset.listens.plays.sum():,} times" in words


def test_name_source_recipe_and_fingerprint_are_told(page: Element, folder: Path) -> None:
    assert page.first("h1").text == "synthetic-1300"
    source = page.first("footer").first("dl")
    told = {each.first("dt").text: each.first("dd").text for each in source.every("div")}
    assert told.pop("fingerprint") in (folder / "dataset.json").read_text("utf-8")
    wanted = {"kind": "synthetic", "songs": "1300", "listeners": "60", "seed": "5"}
    assert told == {**wanted, "recipe": "synthetic-1"}


def test_missing_values_are_counted_field_by_field(page: Element, dataset: Dataset) -> None:
    songs, found = dataset.songs, rows(page, "known")
    missing = {
        "Title": sum(title == "" for title in songs.titles),
        "Album": sum(songs.albums == 0),
        "Genre": sum(len(songs.genres[at]) == 0 for at in range(1300)),
        "Year": sum(songs.years == 0),
        "Duration": sum(np.isnan(songs.durations)),
        "Tempo": sum(np.isnan(songs.tempos)),
        "A listener": sum(songs.popularity == 0),
        "MSD track of a song": 1300,
        "MSD song": 1300,
        "MSD artist of an artist": len(dataset.artists.ids),
    }
    assert {name: cells[-1] for name, cells in found.items()} == {
        name: f"{count:,}" for name, count in missing.items()
    }
    assert missing["Year"] > 0
    assert found["Year"][1] == f"{1 - missing['Year'] / 1300:.1%}"


def test_genres_are_listed_with_their_songs_and_listens(page: Element, dataset: Dataset) -> None:
    listens = Counter(dataset.listens.songs.tolist())
    songs, heard = Counter[str](), Counter[str]()
    for row, song in enumerate(dataset.songs.ids.tolist()):
        for genre in dataset.songs.genres[row].tolist():
            songs[dataset.genres.names[genre - 1]] += 1
            heard[dataset.genres.names[genre - 1]] += listens[song]
    found = rows(page, "genres")
    assert {name: cells[0] for name, cells in found.items()} == {
        name: f"{count:,}" for name, count in songs.items()
    }
    for name, (_, _, of_songs, of_listens) in found.items():
        assert of_songs == f"{songs[name] / 1300:.1%}"
        assert of_listens == f"{heard[name] / listens.total():.1%}"
    sizes = [songs[name] for name in found]
    assert sizes == sorted(sizes, reverse=True)


def test_every_card_is_a_known_song_of_another_artist(page: Element, dataset: Dataset) -> None:
    cards = list(section(page, "neighbors").every("article"))
    artists = [card.first("bdi", **{"class": "artist"}).text for card in cards]
    assert len(set(artists)) == len(cards) == 12
    best = int(np.argmax(dataset.songs.popularity))
    assert cards[0].first("bdi").text == dataset.songs.titles[best]
    assert f"{dataset.songs.popularity[best]:.1%}" in cards[0].text
    assert all(len(list(card.every("li"))) == 5 for card in cards)


def test_the_page_needs_nothing_from_elsewhere(page: Element) -> None:
    elements = list(page.every("*"))
    assert {each.tag for each in elements}.isdisjoint({"script", "link", "img", "iframe", "object"})
    for each in elements:
        for name, value in each.attributes.items():
            assert not name.startswith("on")
            if name.split(":")[-1] in ("href", "src", "srcset", "action", "data"):
                assert str(value).startswith("#")
            assert "//" not in str(value) or name.startswith("xmlns")
    style = page.first("style").text
    assert "@import" not in style
    assert "url(" not in style
    policy = page.first("meta", **{"http-equiv": "Content-Security-Policy"})
    assert str(policy.attributes["content"]).startswith("default-src 'none'")


def test_ids_are_given_once_and_every_reference_finds_its_own(page: Element, folder: Path) -> None:
    ids = Counter(each.attributes["id"] for each in page.every("*") if "id" in each.attributes)
    assert set(ids.values()) == {1}
    text = (folder / "report.html").read_text("utf-8")
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    assert referred
    assert referred <= set(ids)


def test_pictures_are_told_in_words_and_tables_have_captions(page: Element) -> None:
    pictures = list(page.every("div", role="img"))
    assert len(pictures) == 1 + 3 + 3 + 12 + 1
    assert all(len(str(picture.attributes["aria-label"])) > 15 for picture in pictures)
    assert all(svg.attributes["aria-hidden"] == "true" for svg in page.every("svg"))
    assert all(table.first("caption").text for table in page.every("table"))
    levels = [int(each.tag[1]) for each in page.every("*") if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_pictures_take_their_inks_and_fonts_from_the_page(page: Element) -> None:
    for svg in page.every("svg"):
        assert "width" not in svg.attributes
        assert svg.attributes["viewbox"]
        styles = [str(each.attributes.get("style", "")) for each in svg.every("*")]
        assert not any("font-family" in style for style in styles)
        inks = {ink for style in styles for ink in re.findall(r"(?:fill|stroke): ([^;]+)", style)}
        assert inks <= {"none", "var(--ink)", "var(--rule)", "var(--bars)", "var(--mark)"}
        assert list(svg.every("text"))


def test_the_same_dataset_makes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_report(folder, tmp_path / "one.html")
    with mpl.rc_context({"font.size": 40, "axes.grid": True, "svg.hashsalt": "other"}):
        write_report(folder, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_page_of_many_columns_stays_small(dataset: Dataset, tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(1300, 212)).astype(np.float32)
    names = tuple(f"column_{at}" for at in range(212))
    write_dataset(tmp_path, replace(dataset, features=Features(names, values, "wide")))
    write_report(tmp_path, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


def test_an_older_page_stays_when_the_dataset_is_at_fault(folder: Path, tmp_path: Path) -> None:
    data, output = tmp_path / "data", tmp_path / "page.html"
    shutil.copytree(folder, data)
    (data / "listens.csv").write_text("listener_id,song_id,plays\n1,9999,1\n", "utf-8")
    output.write_text("older", "utf-8")
    with pytest.raises(DatasetError, match=r"listens.csv:2: song_id: 9999 does not exist"):
        write_report(data, output)
    assert output.read_text("utf-8") == "older"


def test_a_page_that_cannot_be_put_in_place_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError, match=r"page\.html"):
        write_report(folder, tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
