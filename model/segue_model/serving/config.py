"""models.config: which models are served from where, in TensorFlow Serving's own text format."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from segue_model.serving.errors import UsageError
from segue_model.serving.flags import Flags
from segue_model.serving.untyped import Message

Policy = Callable[[Collection[int]], list[int]]
"""Takes the versions that can be served, returns those that shall be, the newest first."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A model to serve: its name, where its version folders lie, which of them count."""

    name: str
    base_path: Path
    policy: Policy
    labels: Mapping[str, int] = field(default_factory=dict)


def latest(count: int) -> Policy:
    """Return the policy that serves the `count` newest versions."""
    return lambda versions: sorted(versions, reverse=True)[:count]


def every() -> Policy:
    """Return the policy that serves all versions."""
    return lambda versions: sorted(versions, reverse=True)


def specific(wanted: Collection[int]) -> Policy:
    """Return the policy that serves the versions `wanted` and no other."""
    return lambda versions: sorted(set(versions) & set(wanted), reverse=True)


def load(flags: Flags) -> tuple[ModelConfig, ...]:
    """Return the models that the flags ask for; raise UsageError that names file and field."""
    if flags.model_config_file is None:
        path = _base_path(flags.model_base_path, "--model_base_path")
        return (ModelConfig(_name(flags.model_name, "--model_name"), path, latest(1)),)
    return parse(read(flags.model_config_file), str(flags.model_config_file))


def read(path: Path) -> str:
    """Return what a configuration file says; raise UsageError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error


def parse(text: str, source: str) -> tuple[ModelConfig, ...]:
    """Return the models of a configuration; raise UsageError that names `source` and field."""
    message = ModelServerConfig()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise UsageError(f"{source}:{error}") from error
    if not message.model_config_list.config:
        raise UsageError(f"{source}: model_config_list names no model")
    models = tuple(
        _model(entry, f"{source}: config[{index}]")
        for index, entry in enumerate(message.model_config_list.config)
    )
    names = [model.name for model in models]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{source}: model {min(doubled)} is listed more than once")
    return models


def _model(entry: Message, where: str) -> ModelConfig:
    name = _name(entry.name, f"{where}.name")
    where = f"{where} ({name})"
    if not (entry.model_platform == "tensorflow" or entry.model_type == 1):
        raise UsageError(f'{where}.model_platform: must be "tensorflow"')
    if entry.HasField("logging_config"):
        raise UsageError(f"{where}.logging_config: is not supported")
    if negative := [label for label, version in entry.version_labels.items() if version < 0]:
        raise UsageError(f"{where}.version_labels: {min(negative)} must not be negative")
    return ModelConfig(
        name=name,
        base_path=_base_path(entry.base_path, f"{where}.base_path"),
        policy=_policy(entry.model_version_policy, f"{where}.model_version_policy"),
        labels=dict(entry.version_labels),
    )


def _name(name: str, where: str) -> str:
    if not name or any(character in "/:" for character in name):
        raise UsageError(f"{where}: {name!r} must be a name without / and :")
    return name


def _base_path(text: str, where: str) -> Path:
    path = Path(text)
    if "\0" in text:
        raise UsageError(f"{where}: {text!r} must not hold a zero byte")
    if "://" in text or not path.is_absolute():
        raise UsageError(f"{where}: {text!r} must be an absolute path")
    return path


def _policy(message: Message, where: str) -> Policy:
    choice = message.WhichOneof("policy_choice")
    if choice == "all":
        return every()
    if choice == "specific":
        if not message.specific.versions:
            raise UsageError(f"{where}.specific: names no version")
        return specific(frozenset(message.specific.versions))
    # The original takes 0, which is also what an absent number reads as, for 1.
    return latest(message.latest.num_versions or 1)
