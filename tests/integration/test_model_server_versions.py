"""Versions come and go under load: nothing fails, and each answer is of one version."""

import functools
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2

import segue_signature as sig
from integration.model_server_fixtures import Shared, eventually, shared
from integration.model_server_toy import SLOW, export, flat_request, outputs, request


@pytest.fixture(scope="module")
def at() -> Shared:
    return shared()


def error_of(at: Shared, model: str, version: int) -> str:
    """Return why a version is at END; empty when it is not, or for no error."""
    asked = get_model_status_pb2.GetModelStatusRequest(
        model_spec={"name": model, "version": {"value": version}}
    )
    try:
        (state,) = at.server.models.GetModelStatus(asked, timeout=10).model_version_status
    except grpc.RpcError:
        return ""
    return str(state.status.error_message) if state.state == 50 else ""


def served(at: Shared, model: str) -> int:
    """Return the version that answers, by its own word and by its content."""
    answer = at.server.predict(flat_request([1], 1, model))
    (song,) = outputs(answer)[sig.RECOM_SONGS_IDS]
    assert song == answer.model_spec.version.value * 1000 + 1
    return int(answer.model_spec.version.value)


@pytest.fixture
def listening(at: Shared) -> Iterator[list[int]]:
    """Ask `swap` a hundred times a second; yields the versions that answered so far."""
    seen: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.02):
            seen.append(served(at, "swap"))

    with ThreadPoolExecutor(2) as pool:
        askers = [pool.submit(ask) for _ in range(2)]
        yield seen
        done.set()
        for asker in askers:
            asker.result()


def test_ten_swaps_under_load_fail_no_request(
    at: Shared, listening: list[int], tmp_path: Path
) -> None:
    newest = 11
    for version in range(2, newest + 1):
        export(at.base("swap"), version, warmups=1)
        eventually(functools.partial(at.server.serves, "swap", version))
    eventually(lambda: listening[-1:] == [newest])
    assert set(listening) == set(range(1, newest + 1))
    assert len(listening) > 200
    states = at.server.states("swap")
    assert [n for n, state in states.items() if state == "AVAILABLE"] == [newest]
    # Older ones are kept on disk but no longer in memory.
    assert all(states.get(n, "END") == "END" for n in range(1, newest))


def test_a_request_in_flight_ends_on_the_version_it_began_with(at: Shared, tmp_path: Path) -> None:
    before = served(at, "swap")
    whole = export(tmp_path / "swap", before + 1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(at.server.predict, request(SLOW, "swap", loops=[1_000_000]))
        shutil.move(whole, at.base("swap"))
        eventually(lambda: at.server.states("swap").get(before) == "UNLOADING")
        assert served(at, "swap") == before + 1
        assert slow.result().model_spec.version.value == before
    eventually(lambda: at.server.states("swap").get(before) == "END")


def test_a_deleted_version_is_rolled_back_to_the_one_before(at: Shared) -> None:
    newest = served(at, "swap")
    older = at.base("swap") / str(newest - 1)
    assert older.is_dir()
    shutil.rmtree(at.base("swap") / str(newest))
    eventually(lambda: at.server.serves("swap", newest - 1))
    assert served(at, "swap") == newest - 1


def test_a_half_copied_version_is_served_once_it_is_whole(at: Shared, tmp_path: Path) -> None:
    whole = export(tmp_path / "copy", 2)
    folder = at.base("copy") / "2"
    folder.mkdir()
    shutil.copy(whole / "saved_model.pb", folder)
    assert "variables" in eventually(lambda: error_of(at, "copy", 2))
    assert served(at, "copy") == 1
    shutil.copytree(whole / "variables", folder / "variables")
    shutil.copytree(whole / "assets.extra", folder / "assets.extra")
    eventually(lambda: at.server.serves("copy", 2))
    assert served(at, "copy") == 2


def test_a_version_that_is_still_being_written_is_not_touched(at: Shared, tmp_path: Path) -> None:
    whole = export(tmp_path / "copy", 3)
    folder = at.base("copy") / "3"
    folder.mkdir()
    for step in range(10):
        (folder / "saved_model.pb").write_bytes(b"part" * (step + 1))
        assert at.server.states("copy").get(3, "START") == "START"
        time.sleep(0.06)
    assert served(at, "copy") == 2
    shutil.rmtree(folder)
    shutil.copytree(whole, folder)
    eventually(lambda: at.server.serves("copy", 3))
    assert not error_of(at, "copy", 3)


def test_a_broken_version_leaves_the_old_one_serving(at: Shared) -> None:
    folder = at.base("copy") / "4"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"no graph")
    assert eventually(lambda: error_of(at, "copy", 4))
    assert at.server.serves("copy", 3)
    tries = at.server.text().count("model copy version 4: loading")
    time.sleep(1)
    assert at.server.text().count("model copy version 4: loading") == tries
    shutil.rmtree(folder)
    eventually(lambda: 4 not in at.server.states("copy"))


def test_a_version_whose_warm_up_fails_is_not_served(at: Shared, tmp_path: Path) -> None:
    whole = export(tmp_path / "copy", 5)
    (whole / "assets.extra" / "tf_serving_warmup_requests").write_bytes(
        b"no records, but long enough for one"
    )
    shutil.move(whole, at.base("copy") / "5")
    assert eventually(lambda: error_of(at, "copy", 5))
    assert served(at, "copy") == 3


def test_a_version_without_warm_up_is_served_with_a_warning(at: Shared) -> None:
    export(at.base("copy"), 6, warmups=0)
    eventually(lambda: at.server.serves("copy", 6))
    assert at.server.says("model copy version 6: no warm-up requests")


def test_when_no_version_is_left_the_loaded_one_serves_on(at: Shared) -> None:
    shutil.rmtree(at.base("copy"))
    eventually(lambda: at.server.says("cannot be read: No such file or directory; serving: 6"))
    assert served(at, "copy") == 6
