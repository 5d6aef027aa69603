"""The command line: tensorflow_model_server's flags, by its names and with its defaults."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue_model.serving.errors import UsageError

# Flags of the original that change nothing here; a script that sets them may keep them.
_WITHOUT_EFFECT: Final = (
    "rest_api_num_threads",
    "num_unload_threads",
    "max_num_load_retries",
    "load_retry_interval_micros",
    "flush_filesystem_caches",
    "remove_unused_fields_from_bundle_metagraph",
    "enable_profiler",
)


@dataclass(frozen=True, slots=True)
class Flags:
    """The command line, checked.

    Times are in seconds. `rest_api_port` of 0 serves no REST. A poll wait of 0 looks for
    versions, or reads the configuration, once. `ignored` are the flags given that have no effect
    here.
    """

    host: str
    port: int
    rest_api_port: int
    rest_timeout: float
    model_config_file: Path | None
    config_poll_wait: float
    model_name: str
    model_base_path: str
    poll_wait: float
    enable_batching: bool
    batching_parameters_file: Path | None
    health: bool
    intra_op_threads: int
    inter_op_threads: int
    threads: int
    load_threads: int
    warmup: bool
    warmup_iterations: int
    tags: tuple[str, ...]
    tensor_content: bool
    channel_arguments: tuple[tuple[str, int | str], ...]
    ignored: tuple[str, ...]


def parse(arguments: Sequence[str]) -> Flags:
    """Return the flags given; raise UsageError that names the one at fault.

    `--help` and `--version` raise SystemExit, as argparse does.
    """
    values = _parser().parse_args(arguments)
    if values.model_config_file is None and not values.model_base_path:
        raise UsageError("give either --model_config_file or --model_base_path")
    if values.rest_api_port and values.rest_api_port == values.port:
        raise UsageError(f"--rest_api_port must not be --port, {values.port}")
    if values.model_config_file_poll_wait_seconds and values.model_config_file is None:
        raise UsageError("--model_config_file_poll_wait_seconds needs --model_config_file")
    if values.batching_parameters_file is not None and not values.enable_batching:
        raise UsageError("--batching_parameters_file needs --enable_batching")
    return Flags(
        host=values.host,
        port=values.port,
        rest_api_port=values.rest_api_port,
        rest_timeout=values.rest_api_timeout_in_ms / 1000,
        model_config_file=values.model_config_file,
        config_poll_wait=values.model_config_file_poll_wait_seconds,
        model_name=values.model_name,
        model_base_path=values.model_base_path,
        poll_wait=values.file_system_poll_wait_seconds,
        enable_batching=values.enable_batching,
        batching_parameters_file=values.batching_parameters_file,
        health=values.enable_grpc_healthcheck_service,
        intra_op_threads=values.tensorflow_intra_op_parallelism
        or values.tensorflow_session_parallelism,
        inter_op_threads=values.tensorflow_inter_op_parallelism
        or values.tensorflow_session_parallelism,
        threads=values.grpc_max_threads,
        load_threads=values.num_load_threads,
        warmup=values.enable_model_warmup,
        warmup_iterations=values.num_request_iterations_for_warmup,
        tags=tuple(values.saved_model_tags.split(",")),
        tensor_content=values.enable_serialization_as_tensor_content,
        channel_arguments=_channel_arguments(values.grpc_channel_arguments),
        ignored=tuple(name for name in _WITHOUT_EFFECT if getattr(values, name) is not None),
    )


class _Parser(argparse.ArgumentParser):
    """argparse, but a fault is a UsageError."""

    def error(self, message: str) -> None:  # type: ignore[override]  # raises as NoReturn would
        """Raise what argparse would print."""
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    """Return the parser, with a group for each matter."""
    parser = _Parser(
        prog="segue-model-server",
        usage="%(prog)s --model_config_file=FILE | --model_name=NAME --model_base_path=FOLDER …",
        description="Serves SavedModels as TensorFlow Serving does; see docs/model-server.md.",
        allow_abbrev=False,
    )
    _add_ports(parser.add_argument_group("ports"))
    _add_models(parser.add_argument_group("models"))
    _add_running(parser.add_argument_group("running"))
    ignored = parser.add_argument_group("accepted without effect")
    for name in _WITHOUT_EFFECT:
        ignored.add_argument(f"--{name}", nargs="?", const="true", metavar="…")
    return parser


def _add_ports(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--host", default="127.0.0.1", help="address to bind (ours; the original binds 0.0.0.0)"
    )
    group.add_argument("--port", type=_grpc_port, default=8500, help="gRPC port")
    group.add_argument("--rest_api_port", type=_port, default=0, help="REST port; 0 for none")
    group.add_argument("--rest_api_timeout_in_ms", type=_positive, default=30_000)
    _add_switch(group, "enable_grpc_healthcheck_service", default=False)
    group.add_argument(
        "--grpc_channel_arguments", default="", help="for instance grpc.max_connection_age_ms=2000"
    )


def _add_models(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model_config_file", type=Path, help="a text ModelServerConfig")
    group.add_argument("--model_config_file_poll_wait_seconds", type=_seconds, default=0.0)
    group.add_argument("--model_name", default="default")
    group.add_argument("--model_base_path", default="", help="the folder of the version folders")
    group.add_argument("--file_system_poll_wait_seconds", type=_seconds, default=1.0)
    group.add_argument("--saved_model_tags", default="serve")
    group.add_argument("--num_load_threads", type=_count, default=0)
    _add_switch(group, "enable_model_warmup", default=True)
    group.add_argument("--num_request_iterations_for_warmup", type=_positive, default=1)


def _add_running(group: argparse._ArgumentGroup) -> None:
    _add_switch(group, "enable_batching", default=False)
    group.add_argument(
        "--batching_parameters_file", type=Path, help="a text BatchingParameters message"
    )
    group.add_argument(
        "--grpc_max_threads", type=_count, default=0, help="threads of unbatched requests"
    )
    group.add_argument("--tensorflow_session_parallelism", type=_count, default=0)
    group.add_argument("--tensorflow_intra_op_parallelism", type=_count, default=0)
    group.add_argument("--tensorflow_inter_op_parallelism", type=_count, default=0)
    _add_switch(group, "enable_serialization_as_tensor_content", default=False)


def _add_switch(group: argparse._ArgumentGroup, name: str, *, default: bool) -> None:
    group.add_argument(f"--{name}", type=_boolean, nargs="?", const=True, default=default)


def _boolean(text: str) -> bool:
    values = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in values:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return values[text.lower()]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if (number := _count(text)) == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _port(text: str) -> int:
    if (number := _count(text)) > 65_535:  # noqa: PLR2004 - the largest port
        raise argparse.ArgumentTypeError(f"{number} is no port")
    return number


def _grpc_port(text: str) -> int:
    if (number := _port(text)) == 0:
        raise argparse.ArgumentTypeError("0, for no gRPC, is not supported here")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more")
    return seconds


def _channel_arguments(text: str) -> tuple[tuple[str, int | str], ...]:
    """Return `a=1,b=x` as gRPC's options."""
    pairs = [part.partition("=") for part in text.split(",") if part]
    for name, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--grpc_channel_arguments: {name!r} has no value")
    return tuple((name, int(value) if value.isdigit() else value) for name, _, value in pairs)
