"""The command line against a real server: what people see and what scripts rely on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from canned_server import Canned, canned_server
from segue.v1.recommendation_service_pb2 import (
    DIVERSITY_MEDIUM,
    RecommendationExclusion,
    RecommendationFilter,
    RecommendSongsRequest,
)
from segue.v1.song_pb2 import SONG_VIEW_IDS_ONLY
from segue_client.cli import main

SEGUE = Path(sys.executable).with_name("segue")


@pytest.fixture(scope="module")
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        yield canned


def segue(server: Canned, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--server", server.target, *arguments])


def process(server: Canned, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(SEGUE), "--server", server.target, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_recommendations_are_a_table(server: Canned) -> None:
    result = segue(server, "recommend", "5", "15", "1249", "-k", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    header, _, first, second = [line for line in result.stdout.splitlines() if line.strip()][:4]
    assert cells(header) == ["#", "id", "title", "artist", "year", "genres", "score", "source"]
    assert cells(first)[:4] == ["1", "5", "Hoppípolla", "Sigur Rós"]
    assert "[red]Alert[/red]" in second
    assert "ranked by content version 3" in result.stdout
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(
        songs=[5, 15, 1249], k=2, filter=RecommendationFilter(), exclude=RecommendationExclusion()
    )


def test_every_option_reaches_the_server(server: Canned) -> None:
    options = (
        *("recommend", "5", "--engine", "content", "--genre", "rock", "--genre", "jazz"),
        *("--artist", "7", "--min-year", "1990", "--max-year", "1999", "--min-tempo", "100.5"),
        *("--max-tempo", "120", "--exclude-song", "8", "--exclude-artist", "9"),
        *("--exclude-seed-artists", "--dislike", "6", "--max-per-artist", "2", "--explain"),
        *("--view", "ids-only", "--diversity", "medium", "--visitor", "anna"),
    )
    assert segue(server, *options).exit_code == 0
    assert server.asked(RecommendSongsRequest) == RecommendSongsRequest(
        songs=[5],
        engine="content",
        filter=RecommendationFilter(
            genres=["rock", "jazz"],
            artist_ids=[7],
            min_year=1990,
            max_year=1999,
            min_tempo=100.5,
            max_tempo=120,
        ),
        exclude=RecommendationExclusion(song_ids=[8], artist_ids=[9], seed_artists=True),
        disliked_songs=[6],
        max_per_artist=2,
        explain=True,
        view=SONG_VIEW_IDS_ONLY,
        diversity=DIVERSITY_MEDIUM,
        visitor_id="anna",
    )


def test_explanations_name_the_songs_listened_to(server: Canned) -> None:
    result = segue(server, "recommend", "5", "15", "-k", "1", "--explain")
    assert "because you listened to" in result.stdout
    assert "Title 5 (+0.750)" in result.stdout
    assert "song 15 (+0.250)" in result.stdout


def test_a_title_cannot_take_over_the_terminal(server: Canned) -> None:
    result = segue(server, "recommend", "5", "-k", "3")
    assert "\x1b" not in result.stdout
    assert "Third \N{REPLACEMENT CHARACTER}[31mSong" in result.stdout


def test_unknown_songs_are_told_beside_the_answer(server: Canned) -> None:
    result = segue(server, "recommend", "5", "9001", "9002")
    assert result.exit_code == 0
    assert result.stderr == "Note: unknown songs, ignored: 9001, 9002\n"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_degraded_answer_is_told_beside_the_answer(server: Canned, form: tuple[str, ...]) -> None:
    result = segue(server, *form, "recommend", "5", "--engine", "degraded")
    assert result.exit_code == 0
    assert (
        result.stderr == "Note: degraded: the model did not answer; these are the popular songs\n"
    )


def test_popular_songs_are_said_to_be_for_everybody(server: Canned) -> None:
    result = segue(server, "recommend", "--engine", "popular")
    assert "popular" in result.stdout
    assert result.stderr == "Note: nothing is known of this listener: these are the popular songs\n"


def test_similar_songs_are_a_table(server: Canned) -> None:
    result = segue(server, "similar", "5", "-k", "1")
    assert result.exit_code == 0
    assert "Hoppípolla" in result.stdout


def test_a_search_tells_how_to_go_on(server: Canned) -> None:
    first = segue(server, "search", "song", "--page-size", "2")
    assert "Fourth Song" in first.stdout
    assert first.stderr == "Note: there are more: --page-token 2\n"
    second = segue(server, "search", "song", "--page-size", "2", "--page-token", "2")
    assert ("Fifth Song" in second.stdout, second.stderr) == (True, "")


def test_a_search_without_a_result_says_so(server: Canned) -> None:
    result = segue(server, "search", "nothing")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Note: no song was found\n"


def test_a_song_is_told_line_by_line(server: Canned) -> None:
    lines = dict(cells(line) for line in segue(server, "song", "5").stdout.splitlines())
    assert (lines["title"], lines["length"], lines["bpm"]) == ("Hoppípolla", "4:28", "82")
    assert lines["MSD track"] == "TRAAAAA12903CDBE1C"


def test_genres_and_engines_are_tables(server: Canned) -> None:
    genres = segue(server, "genres").stdout
    assert [cells(line) for line in genres.splitlines()[3:6]] == [
        ["ambient", "10"],
        ["jazz", "20"],
        ["rock", "30"],
    ]
    engines = segue(server, "engines").stdout
    assert "10,000" in engines
    assert "unavailable" in engines
    lines = [line.split() for line in engines.splitlines() if line.strip()]
    content, down = [line for line in lines if line[0] in ("content", "down")][2:]
    assert " ".join(content) == "content 90% 1,804 2 1 3.1 ms 0.213 ± 0.004 0.198 ± 0.003"
    assert " ".join(down) == "down 0% 0 0 0"


def test_the_arm_of_an_experiment_is_told_below_the_songs(server: Canned) -> None:
    told = segue(server, "recommend", "5", "--visitor", "anna").stdout
    assert "ranked by content version 3 for the experiment try" in told
    assert "experiment" not in segue(server, "recommend", "5").stdout


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("recommend", "5"), ("recommendations", 0, "song", "title")),
        (("similar", "5"), ("recommendations", 0, "song", "title")),
        (("search", "hopp"), ("songs", 0, "title")),
        (("song", "5"), ("song", "title")),
    ],
)
def test_json_is_for_programs(
    server: Canned, arguments: tuple[str, ...], path: tuple[str | int, ...]
) -> None:
    found = json.loads(segue(server, "--json", *arguments).stdout)
    for key in path:
        found = found[key]
    assert found == "Hoppípolla"


def test_json_writes_zeros_and_the_names_of_the_contract(server: Canned) -> None:
    answer = json.loads(segue(server, "--json", "recommend", "5", "-k", "2").stdout)
    assert answer["unknownSongs"] == []
    assert answer["timing"]["catalog"] == "0s"
    assert "year" not in answer["recommendations"][1]["song"]
    assert len(json.loads(segue(server, "--json", "genres").stdout)["genres"]) == 3
    engines = json.loads(segue(server, "--json", "engines").stdout)["engines"]
    assert [engine["default"] for engine in engines] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("song", "5"), 0, ""),
        (("song", "x"), 2, "'x' is no id; ids are whole numbers from 1"),
        (("song", "0"), 2, "'0' is no id"),
        (("recommend", "2147483648"), 2, "'2147483648' is no id"),
        (("recommend", "-k", "some"), 2, "'some' is no whole number"),
        (("recommend", "--view", "all"), 2, "is not one of"),
        (("recommends",), 2, "No such command"),
        (("song", "99"), 3, "Error: song '99' does not exist\n"),
        (("recommend", "--engine", "absent"), 3, "Error: engine 'absent' does not exist\n"),
        (("similar", "5", "--engine", "down"), 4, "model and catalog are down; try again in 1.5 s"),
        (("--timeout", "0.2", "recommend", "--engine", "slow"), 5, "in time; --timeout"),
        (("recommend", "--engine", "broken"), 1, "Error: a bug\n"),
    ],
)
def test_exit_codes_tell_scripts_what_happened(
    server: Canned, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = segue(server, *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert bool(result.stdout) == (code == 0)


def test_a_request_that_the_server_refuses_names_the_field(server: Canned) -> None:
    server.refuse = "k: is too much"
    try:
        result = segue(server, "recommend", "5", "-k", "7")
    finally:
        server.refuse = ""
    assert result.exit_code == 2
    assert result.stderr == "Error: the request is invalid\n  k: is too much\n"


def test_a_server_that_is_not_there_is_named() -> None:
    with canned_server() as gone:
        target = gone.target
    result = CliRunner().invoke(main, ["genres"], env={"SEGUE_SERVER": target})
    assert result.exit_code == 4
    assert f"no answer from {target}; is it running there?" in result.stderr
    assert "Traceback" not in result.output


def test_the_server_may_stand_in_the_environment(server: Canned) -> None:
    result = CliRunner().invoke(main, ["genres"], env={"SEGUE_SERVER": server.target})
    assert result.exit_code == 0


def test_the_installed_command_answers_and_exits_with_the_codes(server: Canned) -> None:
    good = process(server, "--json", "recommend", "5", "-k", "1")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["recommendations"][0]["song"]["title"] == "Hoppípolla"
    bad = process(server, "song", "99")
    assert (bad.returncode, bad.stdout, bad.stderr) == (3, "", "Error: song '99' does not exist\n")


def test_a_reader_that_stops_early_hears_no_complaint(server: Canned) -> None:
    command = f"{SEGUE} --server {server.target} --json recommend 5 --engine huge | head -c 1"
    result = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, text=True, timeout=20
    )
    assert (result.stdout, result.stderr) == ("{", "")


def test_a_terminal_without_the_letters_shows_others(server: Canned) -> None:
    result = subprocess.run(
        [str(SEGUE), "--server", server.target, "song", "5"],
        check=False,
        capture_output=True,
        timeout=20,
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
    )
    assert result.returncode == 0, result.stderr
    assert b"Hopp?polla" in result.stdout


def test_help_tells_the_commands_and_the_exit_codes() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for word in ("recommend", "similar", "search", "song", "genres", "engines", "SEGUE_SERVER"):
        assert word in result.stdout
    text = " ".join(result.stdout.split())
    assert "3 not found, 4 server unavailable, 5 timeout, 1 any other failure" in text
    options = CliRunner().invoke(main, ["recommend", "--help"]).stdout
    assert "--exclude-seed-artists" in options
