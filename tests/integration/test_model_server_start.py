"""How the model server starts and stops, and what it says when it is told nonsense."""

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from integration.model_server_fixtures import ModelServer, config, eventually, free_port, serving
from integration.model_server_toy import COUNT, SLOW, export, flat_request, outputs, request
from segue_model.serving import batching_parameters, flags, versions
from segue_model.serving import config as models_config
from segue_model.serving.__main__ import run
from segue_model.serving.batching_parameters import BatchingParameters
from segue_model.serving.errors import UsageError


def loaded(text: str, folder: Path) -> tuple[models_config.ModelConfig, ...]:
    file = folder / "models.config"
    file.write_text(text)
    return models_config.load(flags.parse([f"--model_config_file={file}"]))


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        ("", [9]),
        ("model_version_policy { latest { num_versions: 2 } }", [9, 7]),
        ("model_version_policy { all {} }", [9, 7, 1]),
        ("model_version_policy { specific { versions: 1 versions: 8 } }", [1]),
    ],
)
def test_the_policy_chooses_the_versions(tmp_path: Path, policy: str, chosen: list[int]) -> None:
    (model,) = loaded(config(toy=f'base_path: "/toy" {policy}'), tmp_path)
    assert model.policy([1, 9, 7]) == chosen


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "model_config_list names no model"),
        ("model_config_list {", ":1:19 : Expected"),
        (config(toy='base_path: "/toy" base: 1'), 'has no field named "base"'),
        (config(toy='base_path: "toy"'), "config[0] (toy).base_path: 'toy' must be an absolute"),
        (config(toy='base_path: "gs://toy"'), "must be an absolute path"),
        (config(**{"": 'base_path: "/toy"'}), "config[0].name"),
        (config(**{"a/b": 'base_path: "/toy"'}), "without / and :"),
        (
            config(toy='base_path: "/toy"')[:-1] + config(toy='base_path: "/toy"')[19:],
            "toy is listed more than once",
        ),
        (config(toy='base_path: "/t\\000"'), "config[0] (toy).base_path"),
        (config(toy='base_path: "/t" version_labels { key: "a" value: -1 }'), "version_labels"),
        (config(toy='base_path: "/t" model_version_policy { specific {} }'), "names no version"),
        ('model_config_list { config { name: "a" base_path: "/a" } }', 'must be "tensorflow"'),
    ],
)
def test_a_wrong_models_config_is_named_with_the_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(text, tmp_path)
    assert str(tmp_path / "models.config") in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model_base_path=/x", "--no_such_flag=1"], "--no_such_flag"),
        (["--model_base_path=/x", "--ssl_config_file=x"], "--ssl_config_file"),
        ([], "--model_base_path"),
        (["--model_base_path=x"], "--model_base_path: 'x' must be an absolute path"),
        (["--model_base_path=/x", "--port=0"], "--port"),
        (["--model_base_path=/x", "--port=70000"], "--port"),
        (["--model_base_path=/x", "--port=8501", "--rest_api_port=8501"], "--rest_api_port"),
        (["--model_base_path=/x", "--enable_batching=maybe"], "--enable_batching"),
        (["--model_base_path=/x", "--file_system_poll_wait_seconds=-1"], "poll_wait_seconds"),
        (["--model_base_path=/x", "--batching_parameters_file=/x"], "--enable_batching"),
        (["--model_base_path=/x", "--grpc_channel_arguments=x"], "--grpc_channel_arguments"),
        (["--model_config_file=/no/such/file"], "/no/such/file"),
        (["--model_base_path=/x", "--model_config_file_poll_wait_seconds=1"], "needs --model_con"),
        (["--model_config_file=/x", "--model_config_file_poll_wait_seconds=-1"], "poll_wait_secon"),
    ],
)
def test_a_wrong_command_line_ends_with_the_reason(
    arguments: list[str], reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1
    error = capfd.readouterr().err
    assert error.startswith("segue-model-server: error: ")
    assert reason in error


@pytest.mark.parametrize("flag", ["port", "rest_api_port"])
def test_a_taken_port_ends_with_the_reason(flag: str, capfd: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        other = "rest_api_port" if flag == "port" else "port"
        ports = [f"--{flag}={port}", f"--{other}={free_port()}"]
        assert run(["--model_base_path=/x", *ports]) == 1
    assert f"--{flag}: cannot listen at 127.0.0.1:{port}" in capfd.readouterr().err


def test_switches_are_read_as_the_original_reads_them() -> None:
    given = flags.parse(
        [
            "--model_base_path=/x",
            "--enable_batching",
            "--enable_model_warmup=false",
            "--num_unload_threads=2",
            "--tensorflow_session_parallelism=3",
            "--tensorflow_intra_op_parallelism=1",
            "--grpc_channel_arguments=grpc.max_connection_age_ms=2000,a=b",
        ]
    )
    assert (given.host, given.port, given.poll_wait) == ("127.0.0.1", 8500, 1.0)
    assert (given.enable_batching, given.warmup) == (True, False)
    assert (given.intra_op_threads, given.inter_op_threads) == (1, 3)
    assert given.channel_arguments == (("grpc.max_connection_age_ms", 2000), ("a", "b"))
    assert given.ignored == ("num_unload_threads",)


def test_batching_parameters_are_read_from_the_originals_text(tmp_path: Path) -> None:
    file = tmp_path / "batching.config"
    file.write_text(
        "max_batch_size { value: 64 }\nbatch_timeout_micros { value: 500 }\n"
        "max_enqueued_batches { value: 5 }\nnum_batch_threads { value: 2 }\n"
        'pad_variable_length_inputs: true\nthread_pool_name { value: "x" }\n'
        "allowed_batch_sizes: 64\n"
    )
    assert batching_parameters.load(file) == BatchingParameters(
        64, 0.0005, 5, 2, pad=True, ignored=("thread_pool_name", "allowed_batch_sizes")
    )
    assert batching_parameters.load(None) == BatchingParameters()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("max_batch_size: 3", "1:"),
        ("no_such { value: 1 }", 'no field named "no_such"'),
        ("num_batch_threads { value: 0 }", "num_batch_threads: 0 must be at least 1"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros"),
    ],
)
def test_wrong_batching_parameters_are_named(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "batching.config"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        batching_parameters.load(file)
    assert str(file) in str(caught.value)
    assert reason in str(caught.value)


def test_only_folders_named_by_digits_that_hold_a_graph_are_versions(tmp_path: Path) -> None:
    for name in ("1", "0002", "3", "x", "-4", "5.0", str(2**63)):
        (tmp_path / name).mkdir()
        if name != "3":
            (tmp_path / name / "saved_model.pb").touch()
    (tmp_path / "6").touch()
    assert sorted(versions.find(tmp_path)) == [1, 2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ModelServer]:
    """A server whose model has no version yet."""
    (tmp_path / "toy").mkdir()
    poll = "--file_system_poll_wait_seconds=0.2"
    health = "--enable_grpc_healthcheck_service"
    base = f"--model_base_path={tmp_path / 'toy'}"
    with serving(tmp_path / "log", "--model_name=toy", base, poll, health) as started:
        yield started.ready()


def test_it_starts_without_a_model_serves_what_comes_and_stops_when_told(
    server: ModelServer, tmp_path: Path
) -> None:
    health = health_pb2_grpc.HealthStub(server.channel)
    check: Callable[..., health_pb2.HealthCheckResponse] = getattr(health, "Check")  # noqa: B009 - not in the types

    def state() -> int:
        return check(health_pb2.HealthCheckRequest(), timeout=5).status

    with pytest.raises(grpc.RpcError) as caught:
        server.predict(flat_request([1], 1))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    assert state() == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.says("holds no version to serve; serving: none")

    export(tmp_path / "toy", 1)
    eventually(lambda: state() == health_pb2.HealthCheckResponse.SERVING)
    assert server.predict(flat_request([1], 1)).model_spec.version.value == 1

    with ThreadPoolExecutor(1) as pool:
        calls = outputs(server.predict(request(COUNT, add=0)))
        slow = pool.submit(server.predict, request(SLOW, loops=[400_000]))
        eventually(lambda: outputs(server.predict(request(COUNT, add=0))) != calls)
        os.kill(server.process.pid, signal.SIGTERM)
        assert not slow.done()
        assert slow.result().model_spec.version.value == 1
    assert server.process.wait(10) == 0
    server.channel.close()
    # gRPC may word its own end of a call as a traceback; one through our code is a fault.
    assert "segue_model/serving/" not in server.text()
    assert server.says("stopped")
