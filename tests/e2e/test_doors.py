"""The published URL, grpcurl and the command line give the same recommendations."""

import csv
import json
import struct
import subprocess
import sys
import urllib.parse
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from running_stack import RunningStack
from segue_model.engines import ENGINES

Answer = Any  # JSON
SONGS = [5, 15, 1249]
CALL = "segue.v1.RecommendationService/RecommendSongs"


def printed(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_curl(running: RunningStack) -> Answer:
    url = f"http://127.0.0.1:{running.stack.ports.http}/recommend?songs=5|15|1249&k=3"
    return json.loads(printed("curl", "--silent", "--fail", "--globoff", url))


def by_grpcurl(running: RunningStack, grpcurl: str) -> Answer:
    request = json.dumps({"songs": SONGS, "k": 3})
    address = f"127.0.0.1:{running.stack.ports.grpc}"
    return json.loads(printed(grpcurl, "-plaintext", "-d", request, address, CALL))


def by_command_line(running: RunningStack) -> Answer:
    address = f"127.0.0.1:{running.stack.ports.grpc}"
    segue = str(Path(sys.executable).with_name("segue"))
    ids = map(str, SONGS)
    return json.loads(printed(segue, "--server", address, "--json", "recommend", *ids, "-k", "3"))


def float32(value: float) -> bytes:
    return struct.pack("f", value)


def listed(answer: Answer) -> list[tuple[object, ...]]:
    fields = ("id", "title", "artist", "album", "year", "genres")
    return [
        # Each door prints as many digits as it likes of the same float32.
        (*(item["song"].get(field) for field in fields), item["rank"], float32(item["score"]))
        for item in answer["recommendations"]
    ]


def test_the_three_doors_agree(running: RunningStack, grpcurl: str) -> None:
    curl = by_curl(running)
    assert len(listed(curl)) == 3
    assert listed(by_grpcurl(running, grpcurl)) == listed(curl)
    assert listed(by_command_line(running)) == listed(curl)
    assert curl["model"]["engine"] == "content"
    assert int(curl["model"]["version"]) >= 1


def test_songs_carry_what_the_dataset_says(running: RunningStack, dataset: Path) -> None:
    with (dataset / "songs.csv").open(encoding="utf-8") as file:
        songs = {int(row["id"]): row for row in csv.DictReader(file)}
    with (dataset / "artists.csv").open(encoding="utf-8") as file:
        artists = {row["id"]: row["name"] for row in csv.DictReader(file)}
    for item in by_curl(running)["recommendations"]:
        row = songs[item["song"]["id"]]
        assert item["song"]["title"] == row["title"]
        assert item["song"]["artist"] == artists[row["artist_id"]]
        assert str(item["song"].get("year", "")) == row["year"]
        assert item["song"]["genres"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/songs/5", "song"),
        ("/v1/songs:batchGet?songIds=5&songIds=15", "songs"),
        ("/v1/songs:search?query=the", "songs"),
        ("/v1/songs/5:similar?k=2", "recommendations"),
        ("/v1/genres", "genres"),
        ("/v1/engines", "engines"),
        ("/v1/engines/content", "engine"),
    ],
)
def test_every_path_answers(running: RunningStack, path: str, field: str) -> None:
    status, answer = running.get(path)
    assert status == 200
    assert answer[field]


def test_engines_tell_what_they_are(running: RunningStack) -> None:
    _, answer = running.get("/v1/engines")
    told = [
        (engine["name"], engine["default"], engine["algorithm"], engine["explains"])
        for engine in answer["engines"]
    ]
    assert told[0] == ("content", True, "content", True)
    assert [name for name, *_ in told] == ["content", *sorted(set(ENGINES) - {"content"})]
    # Every other engine may be a new one.
    assert {
        ("blend", False, "blend", True),
        ("factors", False, "matrix-factorization", True),
        ("item-item", False, "item-item", True),
        ("popular", False, "popularity", False),
    } <= set(told)
    assert {engine["songCount"] for engine in answer["engines"]} == {2_000}


def test_reasons_sum_to_the_score(running: RunningStack) -> None:
    _, answer = running.get("/v1/recommendations?songs=5&songs=15&songs=1249&k=20&explain=true")
    for item in answer["recommendations"]:
        parts = [reason["contribution"] for reason in item["reasons"]]
        assert sum(parts) == pytest.approx(item["score"], abs=1e-6)
        assert {reason["songId"] for reason in item["reasons"]} <= {5, 15, 1249}
        assert all(reason["contribution"] and reason["title"] for reason in item["reasons"])


def test_a_filter_holds_and_still_fills_the_list(running: RunningStack) -> None:
    _, listing = running.get("/v1/genres")
    genre = max(listing["genres"], key=lambda genre: genre["songCount"])["name"]
    query = urllib.parse.urlencode({"k": 10, "filter.genres": genre.upper(), "maxPerArtist": 2})
    status, answer = running.get(f"/v1/recommendations?songs=5&{query}")
    assert status == 200
    songs = [item["song"] for item in answer["recommendations"]]
    assert len(songs) == 10
    assert all(genre in song["genres"] for song in songs)
    assert max(Counter(song["artistId"] for song in songs).values()) <= 2


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/recommend?songs=5&k=-1", 400, "k"),
        ("/recommend?songs=" + "|".join(map(str, range(1, 1002))), 400, "songs"),
        ("/v1/recommendations?songs=5&filter.genres=Rokc", 400, "filter.genres[0]"),
    ],
)
def test_bad_input_is_named(running: RunningStack, path: str, status: int, field: str) -> None:
    answered, body = running.get(path)
    assert answered == status
    bad = next(detail for detail in body["details"] if "fieldViolations" in detail)
    assert [violation["field"] for violation in bad["fieldViolations"]] == [field]


def test_unknown_songs_are_reported_and_nobody_known_gets_the_popular(
    running: RunningStack,
) -> None:
    _, answer = running.get("/recommend?songs=999999|888888&k=5")
    assert answer["unknownSongs"] == [999999, 888888]
    sources = {item["source"] for item in answer["recommendations"]}
    assert sources == {"RECOMMENDATION_SOURCE_POPULAR"}
    _, huge = running.get("/recommend?songs=5&k=1000000000")
    assert len(huge["recommendations"]) == 100
