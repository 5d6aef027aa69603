"""What is told of an evaluation: as JSON, as tables, as a page."""

import io
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from rich.console import Console

from evaluation_figures import evaluation, result
from report_page import Element, parsed, section
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.json_files import as_json, read_evaluation
from segue_model.evaluation.metrics import Estimate
from segue_model.evaluation.page import render
from segue_model.evaluation.table import in_errors, print_tables

METRICS = {
    "protocol",
    "listeners",
    "recall_at_20",
    "recall_at_50",
    "ndcg_at_100",
    "coverage_at_10",
    "gini_at_10",
    "cold_recall_at_20",
    "popularity_ndcg_at_100",
    "seed",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "evaluation.json"
    path.write_text(as_json(evaluation()), "utf-8")
    return path


def changed(file: Path, *place: str, to: object = None) -> Path:
    """Put a value at a place of the file, or take away what is there."""
    fields: Any = json.loads(file.read_text("utf-8"))
    inside = fields
    for name in place[:-1]:
        inside = inside[name]
    if to is None:
        del inside[place[-1]]
    else:
        inside[place[-1]] = to
    file.write_text(json.dumps(fields), "utf-8")
    return file


def tables(width: int | None = None) -> str:
    text = io.StringIO()
    print_tables(evaluation(), Console(file=text, width=width))
    return text.getvalue()


@pytest.fixture(scope="module")
def page() -> Element:
    return parsed(render(evaluation()))


def test_the_json_tells_all_by_engine(file: Path) -> None:
    fields = json.loads(file.read_text("utf-8"))
    assert fields["format"] == 1
    assert (fields["dataset"], fields["fingerprint"], fields["seed"]) == (
        "a <sample>",
        "f" * 64,
        98_765,
    )
    assert list(fields["engines"]) == ["popular", "item-item", "content", "item-item/7", "mine"]
    found = fields["engines"]["item-item"]
    assert set(found["metrics"]) == METRICS
    assert found["metrics"]["ndcg_at_100"] == {"value": 0.3, "standard_error": 0.01}
    assert [trial.get("refused") for trial in found["trials"]] == [None, "shrink: below 0", None]
    assert found["cold"]["mixed"]["listeners"] == 97
    assert fields["split"]["test_listeners"] == 98


def test_the_file_is_read_back_as_options_and_metrics(file: Path) -> None:
    read = read_evaluation(file)
    assert read.fingerprint == "f" * 64
    assert read.engines["item-item"].options == {"shrink": 3.0, "form": "auto"}
    assert set(read.engines["item-item"].metrics) == METRICS
    assert read.engines["content"].metrics["ndcg_at_100"]["value"] == 0.05  # type: ignore[index]


def test_models_that_came_trained_are_not_read_back(file: Path) -> None:
    assert set(read_evaluation(file).engines) == {"popular", "item-item", "content"}


def test_no_cold_songs_are_no_error(file: Path) -> None:
    fields = json.loads(file.read_text("utf-8"))
    fields["engines"]["content"]["metrics"]["cold_recall_at_20"] = None
    file.write_text(json.dumps(fields), "utf-8")
    assert read_evaluation(file).engines["content"].metrics["cold_recall_at_20"] is None


@pytest.mark.parametrize(
    ("place", "to", "message"),
    [
        (("format",), None, "format: missing"),
        (("format",), 2, "format: 2; 1 is known"),
        (("format",), True, "format: unexpected true"),
        (("fingerprint",), 3, "fingerprint: unexpected 3"),
        (("engines",), [], "engines: unexpected"),
        (("engines", "content"), "x", 'engines.content: unexpected "x"'),
        (("engines", "content", "options"), None, "engines.content.options: missing"),
        (("engines", "content", "times"), None, "engines.content.times: missing"),
        (("engines", "content", "metrics", "seed"), "1", "engines.content.metrics.seed: unexp"),
        (("engines", "content", "metrics", "listeners"), 1.5, "metrics.listeners: unexpected"),
        (("engines", "content", "metrics", "protocol"), None, "metrics.protocol: missing"),
        (("engines", "content", "metrics", "gini_at_10"), None, "metrics.gini_at_10: missing"),
        (
            ("engines", "popular", "metrics", "ndcg_at_100", "value"),
            None,
            "engines.popular.metrics.ndcg_at_100.value: missing",
        ),
        (
            ("engines", "content", "metrics", "cold_recall_at_20", "standard_error"),
            "much",
            "metrics.cold_recall_at_20.standard_error: unexpected",
        ),
    ],
)
def test_a_file_at_fault_is_told_with_its_place(
    file: Path, place: tuple[str, ...], to: object, message: str
) -> None:
    with pytest.raises(EvaluationError, match=re.escape(message)) as raised:
        read_evaluation(changed(file, *place, to=to))
    assert str(raised.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "not JSON"), (b"\xff", "not JSON"), (b"[1]", "not a JSON object")],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        read_evaluation(tmp_path / "file")
    with pytest.raises(EvaluationError, match=r"nowhere: No such file"):
        read_evaluation(tmp_path / "nowhere")


def test_the_table_has_a_line_an_engine_the_baseline_first() -> None:
    lines = [re.split(r"\s{2,}", line.strip()) for line in tables().splitlines()]
    names = ["popular", "item-item", "content", "item-item/7 [seen listeners]"]
    found = [line for line in lines if line[0] in names]
    assert [line[0] for line in found][:4] == names
    assert found[1] == [
        "item-item",
        "0.2700 ± 0.0120",
        "0.3300 ± 0.0110",
        "0.3000 ± 0.0100",
        "+20.0",
        "15.0%",
        "0.700",
        "1.2 s",
        "0.75 ms",
    ]
    assert "\N{MINUS SIGN}5.0" in found[2]
    assert len(found[0]) == len(found[1]) - 1


def test_columns_of_the_table_are_aligned() -> None:
    lines = [line for line in tables().splitlines() if "±" in line and " ms" in line]
    assert len(lines) == 5
    assert len({line.index("±") for line in lines}) == 1
    assert len({len(line.rstrip()) for line in lines}) == 1


def test_figures_that_flatter_are_marked() -> None:
    text = tables()
    assert "item-item/7: has learned from the listeners asked for" in text
    assert "mine [trained on unknown data]" in text
    assert "content: " not in text


def test_cold_songs_have_a_table_where_there_are_any() -> None:
    text = tables()
    assert "120 of the 1,200 songs made cold" in text
    assert "0.2400 ± 0.0100  0.1200 ± 0.0100  0.0300 ± 0.0100" in text
    out = io.StringIO()
    print_tables(
        replace(evaluation(), results=[result("popular", 0.1, cold=None)]), Console(file=out)
    )
    assert "cold" not in out.getvalue()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(0.03, 0.01), "+3.0"),
        (Estimate(-0.03, 0.01), "\N{MINUS SIGN}3.0"),
        (Estimate(0.0, 0.0), "0"),
        (Estimate(0.1, 0.0), "+∞"),
        (Estimate(-0.1, 0.0), "\N{MINUS SIGN}∞"),
    ],
)
def test_differences_are_told_in_standard_errors(found: Estimate, words: str) -> None:
    assert in_errors(found) == words


def test_the_page_names_the_best_of_those_that_played_fair(page: Element) -> None:
    told = page.first("p", **{"class": "standfirst"}).text
    assert told.startswith("item-item is the most accurate: NDCG@100 of 0.300")
    assert "reaches 0.100; that is a difference of +20.0 standard errors" in told
    assert page.first("h1").text == "a <sample>"


def test_the_page_says_so_when_nothing_beats_popularity() -> None:
    found = replace(evaluation(), results=[result("popular", 0.1), result("content", 0.05)])
    told = parsed(render(found)).first("p", **{"class": "standfirst"}).text
    assert "No engine was more accurate" in told


def test_every_engine_is_in_the_tables_of_the_page(page: Element) -> None:
    names = [one.name for one in evaluation().results]
    for name in ("accuracy", "breadth"):
        rows = section(page, name).table()
        assert [row[0].split(" [")[0] for row in rows] == names
    assert section(page, "accuracy").table()[1] == [
        "item-item",
        "0.270 ± 0.012",
        "0.330 ± 0.011",
        "0.300 ± 0.010",
        "+20.0",
        "1.2 s",
        "0.75 ms",
    ]


def test_the_page_warns_of_models_that_did_not_play_fair(page: Element) -> None:
    warnings = [each.text for each in page.every("p", **{"class": "warning"})]
    assert len(warnings) == 2
    assert warnings[0].startswith("item-item/7 has learned from the listeners")
    assert warnings[1].startswith("What mine was trained on is not known")


def test_histories_and_popularity_have_a_picture_an_engine(page: Element) -> None:
    for name in ("history", "popularity"):
        assert len(list(section(page, name).every("div", role="img"))) == 5
        first = section(page, name).first("div", role="img").attributes["aria-label"]
        assert f"popular, recall@20 by {name}: 1-4: 0.050, 5-9: 0.100" in str(first)


def test_cold_pictures_name_those_that_were_asked(page: Element) -> None:
    labels = [
        str(each.attributes["aria-label"])
        for each in section(page, "cold").every("div", role="img")
    ]
    assert len(labels) == 3
    assert "item-item 0.120 ± 0.010" in labels[1]
    assert "mine" not in labels[1]


def test_trials_are_listed_best_first_without_those_refused(page: Element) -> None:
    assert section(page, "search").table() == [
        ["shrink 3.0, form auto", "0.2900"],
        ["shrink 1.0, form auto", "0.2100"],
    ]


def test_the_page_leaves_out_what_was_not_done() -> None:
    results = [result("popular", 0.1, cold=None), result("content", 0.2, cold=None)]
    found = {
        each.attributes.get("id")
        for each in parsed(render(replace(evaluation(), results=results))).every("section")
    }
    assert found == {"accuracy", "breadth", "history", "popularity"}


def test_a_name_of_any_letters_can_be_drawn() -> None:
    results = [result("popular", 0.1), result("модель $x$ <b>", 0.2), result("x" * 90, 0.0)]
    text = render(replace(evaluation(), results=results))
    assert "<b>" not in text
    assert "модель $x$ &lt;b&gt;" in text


def test_the_page_needs_nothing_from_elsewhere(page: Element) -> None:
    elements = list(page.every("*"))
    assert {each.tag for each in elements}.isdisjoint({"script", "link", "img", "iframe", "object"})
    policy = page.first("meta", **{"http-equiv": "Content-Security-Policy"})
    assert str(policy.attributes["content"]).startswith("default-src 'none'")
    style = page.first("style").text
    assert "@import" not in style
    assert "url(" not in style


def test_ids_of_the_page_are_given_once_and_every_reference_finds_its_own(page: Element) -> None:
    ids = Counter(each.attributes["id"] for each in page.every("*") if "id" in each.attributes)
    assert set(ids.values()) == {1}
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', render(evaluation())))
    assert referred <= set(ids)


def test_pictures_take_their_inks_from_the_page(page: Element) -> None:
    for svg in page.every("svg"):
        styles = [str(each.attributes.get("style", "")) for each in svg.every("*")]
        inks = {ink for style in styles for ink in re.findall(r"(?:fill|stroke): ([^;]+)", style)}
        assert inks <= {"none", "var(--ink)", "var(--rule)", "var(--bars)", "var(--mark)"}


def test_the_same_evaluation_makes_the_same_page() -> None:
    first = render(evaluation())
    with mpl.rc_context({"font.size": 40, "svg.hashsalt": "other"}):
        assert render(evaluation()) == first
