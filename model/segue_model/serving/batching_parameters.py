"""The batching parameters file, in TensorFlow Serving's own text format."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from segue_model.serving.errors import UsageError
from segue_model.serving.untyped import Message

_Field = descriptor_pb2.FieldDescriptorProto

# The fields of tensorflow.serving.BatchingParameters: its message is not in the API's wheel.
_NUMBERS: Final = {
    "max_batch_size": 1,
    "batch_timeout_micros": 2,
    "max_enqueued_batches": 3,
    "num_batch_threads": 4,
    "max_execution_batch_size": 9,
}
_WITHOUT_EFFECT: Final = (
    "thread_pool_name",
    "allowed_batch_sizes",
    "enable_large_batch_splitting",
    "max_execution_batch_size",
)


@dataclass(frozen=True, slots=True)
class BatchingParameters:
    """How requests share runs.

    `max_batch_size` is in rows; `batch_timeout` in seconds, how long a request waits for others
    while a thread is free; `max_enqueued_batches` bounds the queue; `pad` says whether requests
    whose later dimensions differ may share a run. `ignored` are the fields without effect here.
    """

    max_batch_size: int = 32
    batch_timeout: float = 0.0
    max_enqueued_batches: int = 10
    num_batch_threads: int = 1
    pad: bool = True
    ignored: tuple[str, ...] = ()


def load(path: Path | None) -> BatchingParameters:
    """Return the parameters in the file, defaults where it is silent or there is none.

    As in the original, a file that does not say `pad_variable_length_inputs` means false.
    Raises UsageError that names the file and the line or field.
    """
    if path is None:
        return BatchingParameters()
    message = _message()
    try:
        text_format.Parse(path.read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UsageError(f"{path}: {error}") from error
    return _checked(message, path)


def _checked(message: Message, path: Path) -> BatchingParameters:
    defaults = BatchingParameters()
    values = {
        name: getattr(message, name).value if message.HasField(name) else None for name in _NUMBERS
    }
    for name, value in values.items():
        least = 0 if name == "batch_timeout_micros" else 1
        if value is not None and value < least:
            raise UsageError(f"{path}: {name}: {value} must be at least {least}")
    return BatchingParameters(
        max_batch_size=values["max_batch_size"] or defaults.max_batch_size,
        batch_timeout=(values["batch_timeout_micros"] or 0) / 1e6,
        max_enqueued_batches=values["max_enqueued_batches"] or defaults.max_enqueued_batches,
        num_batch_threads=values["num_batch_threads"] or defaults.num_batch_threads,
        pad=message.pad_variable_length_inputs,
        ignored=tuple(
            field.name for field, _ in message.ListFields() if field.name in _WITHOUT_EFFECT
        ),
    )


def _message() -> Message:
    """Return an empty BatchingParameters message of a pool of its own."""
    wrapped = ".google.protobuf."
    fields = [
        *(_field(name, number, f"{wrapped}Int64Value") for name, number in _NUMBERS.items()),
        _field("thread_pool_name", 5, f"{wrapped}StringValue"),
        _Field(
            name="allowed_batch_sizes",
            number=6,
            type=_Field.TYPE_INT64,
            label=_Field.LABEL_REPEATED,
        ),
        _Field(name="pad_variable_length_inputs", number=7, type=_Field.TYPE_BOOL),
        _field("enable_large_batch_splitting", 8, f"{wrapped}BoolValue"),
    ]
    file = descriptor_pb2.FileDescriptorProto(
        name="batching_parameters.proto",
        package="segue_model.serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
        message_type=[descriptor_pb2.DescriptorProto(name="BatchingParameters", field=fields)],
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    found = pool.FindMessageTypeByName("segue_model.serving.BatchingParameters")
    return message_factory.GetMessageClass(found)()


def _field(name: str, number: int, of: str) -> descriptor_pb2.FieldDescriptorProto:
    return _Field(name=name, number=number, type=_Field.TYPE_MESSAGE, type_name=of)
