"""What is asked of a model server for all listeners, and what is made of its answers."""

import itertools
import json

import numpy as np
import pytest

import segue_signature
from bulk_use import Reply, saying
from segue_model.bulk import signature
from segue_model.bulk.errors import BulkError
from segue_model.bulk.listening import Listening
from segue_model.bulk.lists import inputs_of, table_of
from segue_model.bulk.model_server import find_version
from segue_model.bulk.recommending import CONTRIBUTIONS_OF_A_BATCH, batches
from segue_model.data.columns import Ragged

STATES = {"2": "AVAILABLE", "10": "AVAILABLE", "11": "LOADING"}
STATUS = {"model_version_status": [{"version": v, "state": s} for v, s in STATES.items()]}
PATH = "/v1/models/one"


def test_the_names_are_those_of_the_signature() -> None:
    names = {name: value for name, value in vars(signature).items() if name.isupper()}
    own = {name: names.pop(name) for name in ("SOURCES", "UNCONSTRAINED")}

    assert names == {name: getattr(segue_signature, name) for name in names}
    assert {f"SOURCE_{word}": code for code, word in own["SOURCES"].items()} == {
        name: code for name, code in vars(segue_signature).items() if name.startswith("SOURCE_")
    }
    sets = ("EXCLUDED_SONGS", "EXCLUDED_ARTISTS", "EXCLUDE_SEED_ARTISTS", "GENRES", "ARTISTS")
    bounds = ("YEARS", "TEMPOS", "MAX_PER_ARTIST", "DIVERSITY")
    assert set(own["UNCONSTRAINED"]) == {getattr(segue_signature, n) for n in (*sets, *bounds)}


def listening(*songs: list[int]) -> Listening:
    return Listening(np.arange(1, len(songs) + 1, dtype=np.int32), Ragged.of(songs))


def test_batches_hold_everyone_once_and_no_more_than_fits() -> None:
    lengths = [*itertools.repeat(3, 100), 900, 2000, 30_000]
    found = list(batches(listening(*(list(range(1, n + 1)) for n in lengths)), 100))

    assert sorted(np.concatenate([b.listeners for b in found]).tolist()) == list(range(1, 104))
    assert [len(batch.listeners) for batch in found] == [32, 32, 32, 4 + 1, 1, 1]
    for batch in found[:-1]:
        longest = np.diff(batch.songs.offsets).max()
        assert len(batch.listeners) * longest * 100 <= CONTRIBUTIONS_OF_A_BATCH


def test_reasons_are_the_strongest_of_the_listened_songs() -> None:
    batch = listening([4, 7, 9], [5])
    outputs = {
        signature.RECOM_SONGS_IDS: [[1, 2], [3, -1]],
        signature.RECOM_SONGS_SCORES: [[3.0, 1.0], [2.0, 0.0]],
        signature.RECOM_SONGS_SOURCES: [[2, 1], [4, 0]],
        signature.RECOM_SONGS_CONTRIBUTIONS: [
            [[1.5, 0.0, 1.5], [-1.0, 0.0, 2.0]],
            [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        ],
    }
    reasons = table_of(batch, outputs, explain=True)["reasons"].to_pylist()

    assert [[tuple(reason.values()) for reason in of_song] for of_song in reasons] == [
        [(4, 1.5), (9, 1.5)],
        [(9, 2.0), (4, -1.0)],
        [],
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (signature.RECOM_SONGS_IDS, [[1]], "of shape"),
        (signature.RECOM_SONGS_IDS, None, "not an array of numbers"),
        (signature.RECOM_SONGS_SCORES, [[1.0], [float("nan")]], "not all are numbers"),
        (signature.RECOM_SONGS_SOURCES, [[1], [9]], "9 is no source"),
    ],
)
def test_an_answer_that_is_none_to_the_batch_is_refused(
    name: str, value: object, reason: str
) -> None:
    outputs = {
        signature.RECOM_SONGS_IDS: [[1], [2]],
        signature.RECOM_SONGS_SCORES: [[1.0], [1.0]],
        signature.RECOM_SONGS_SOURCES: [[1], [1]],
    }
    assert len(table_of(listening([4], [5]), outputs, explain=False)) == 2
    with pytest.raises(ValueError, match=f"{name}: .*{reason}"):
        table_of(listening([4], [5]), {**outputs, name: value}, explain=False)


def test_histories_are_padded_and_say_nothing_else() -> None:
    inputs = inputs_of(listening([4, 7, 9], [5]), 3)

    assert inputs[signature.LISTENED_SONGS] == [[4, 7, 9], [5, -1, -1]]
    assert inputs[signature.NO_RECOM_SONGS] == [3, 3]
    assert all(len(values) == 2 for values in inputs.values())


GOOD = Reply(200, json.dumps(STATUS).encode())


@pytest.mark.parametrize(
    "trouble", [Reply(429, b"{}"), Reply(503, b"{}"), Reply(200, b'{"mod', 900)]
)
def test_a_call_refused_for_a_while_or_cut_off_is_made_again(trouble: Reply) -> None:
    with saying(trouble, GOOD) as url:
        found = find_version(f"{url}{PATH}:predict", 1)

    assert found.url == f"{url}{PATH}/versions/10"
    assert found.version == 10


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ([Reply(503, b'{"error": "busy"}')], "HTTP 503: .*busy"),
        ([Reply(404, b'{"error": "no such"}'), GOOD], "HTTP 404: .*no such"),
        ([Reply(200, b'{"mod', 900)], "no answer, asked 2 times"),
        ([Reply(200, b"<html>")], "an answer that is not JSON"),
        ([Reply(200, b"{}")], "no status of a model"),
        ([Reply(200, b'{"model_version_status": []}')], "no version of it is available"),
    ],
)
def test_a_server_that_does_not_answer_well_is_named(replies: list[Reply], reason: str) -> None:
    with saying(*replies) as url, pytest.raises(BulkError, match=f"{PATH}: {reason}"):
        find_version(f"{url}{PATH}", 1)


def test_what_is_no_url_of_a_model_is_refused() -> None:
    with pytest.raises(BulkError, match="not http://HOST:PORT/v1/models/NAME"):
        find_version("http://127.0.0.1/one", 1)
