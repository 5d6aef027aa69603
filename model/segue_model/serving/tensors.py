"""TensorProto in, TensorProto out: the only place that knows how tensors lie on the wire."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segue_model.serving.errors import ServingError, invalid
from segue_model.serving.untyped import Message, Object

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

# A few bytes can claim a huge tensor, since a last value stands for all that follow.
MAX_TENSOR_BYTES: Final = 64 * 2**20
_STRING_BYTES: Final = 16

_VALUE_FIELDS: Final = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int32: "int_val",
    tf.int16: "int_val",
    tf.int8: "int_val",
    tf.uint8: "int_val",
    tf.uint16: "int_val",
    tf.int64: "int64_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    tf.bool: "bool_val",
    tf.string: "string_val",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """What a signature says of a tensor; `None` is a dimension, or a rank, left open."""

    dtype: tf.DType
    shape: tuple[int | None, ...] | None

    @classmethod
    def of(cls, info: Message) -> "Spec":
        """Return the spec in a signature's TensorInfo."""
        shape = info.tensor_shape
        sizes = tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
        return cls(tf.as_dtype(info.dtype), None if shape.unknown_rank else sizes)

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Tell whether a tensor of `shape` satisfies the spec."""
        return self.shape is None or (
            len(shape) == len(self.shape)
            and all(want in (None, got) for want, got in zip(self.shape, shape, strict=True))
        )

    def in_rows(self) -> bool:
        """Tell whether the first dimension is open, so that it can count requests."""
        return self.shape is not None and len(self.shape) > 0 and self.shape[0] is None


def check(name: str, array: Array, spec: Spec) -> Array:
    """Return `array`; raise INVALID_ARGUMENT unless it is of the spec's shape."""
    if not spec.admits(array.shape):
        raise invalid(
            f'input "{name}" must be of shape {_shape_text(spec.shape)}, '
            f"is of shape {_shape_text(array.shape)}"
        )
    return array


def decode(name: str, proto: Message, spec: Spec) -> Array:
    """Return the tensor of input `name`, of the spec's type and shape.

    Raises INVALID_ARGUMENT that names the input when it is malformed, of another type or of
    another shape.
    """
    if proto.dtype != spec.dtype.as_datatype_enum:
        raise invalid(f'input "{name}" must be {spec.dtype.name}, is {_dtype_name(proto.dtype)}')
    _check_size(name, proto, spec.dtype)
    try:
        array: Array = tf.make_ndarray(proto)
    except (ValueError, TypeError) as error:
        raise _unreadable(name, str(error)) from error
    return check(name, array, spec)


def encode(array: Array, dtype: tf.DType, proto: Message, *, as_content: bool) -> None:
    """Fill the TensorProto with `array`, in the typed field or, `as_content`, as bytes.

    Strings are always typed.
    """
    field = _VALUE_FIELDS.get(dtype)
    if field is None:
        proto.CopyFrom(tf.make_tensor_proto(array, dtype=dtype))
        return
    proto.dtype = dtype.as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if as_content and dtype != tf.string:
        proto.tensor_content = array.tobytes()
    else:
        getattr(proto, field).extend(array.ravel().tolist())


def as_array(value: Object, dtype: tf.DType) -> Array:
    """Return what TensorFlow gave as an array; strings as an array of bytes objects."""
    if isinstance(value, np.ndarray):
        return value
    array: Array = np.empty((), dtype.as_numpy_dtype)
    array[()] = value
    return array


def _check_size(name: str, proto: Message, dtype: tf.DType) -> None:
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise _unreadable(name, "the shape is not fully known")
    item = _STRING_BYTES if dtype == tf.string else dtype.size
    count = math.prod(sizes)
    if count * item > MAX_TENSOR_BYTES:
        raise _unreadable(name, f"{count} elements are more than {MAX_TENSOR_BYTES} bytes")
    if proto.tensor_content and len(proto.tensor_content) != count * item:
        raise _unreadable(name, f"{len(proto.tensor_content)} bytes for {count} elements")


def _unreadable(name: str, reason: str) -> ServingError:
    return invalid(f"tensor parsing error: {name}: {reason}")


def _dtype_name(number: int) -> str:
    try:
        return str(tf.as_dtype(number).name)
    except TypeError:
        return f"no known type ({number})"


def _shape_text(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return "any"
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
