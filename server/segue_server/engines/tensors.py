"""Tensors as TensorFlow Serving's Predict carries them, without TensorFlow or NumPy."""

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import TypeVar

from segue.tfserving.v1.predict_pb2 import (
    DATA_TYPE_BOOL,
    DATA_TYPE_FLOAT,
    DATA_TYPE_INT32,
    DATA_TYPE_STRING,
    DataType,
    TensorProto,
    TensorShapeProto,
)

Number = TypeVar("Number", int, float)


def _shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


def int_rows(*rows: Sequence[int]) -> TensorProto:
    """Return int32 [rows, columns]; all rows are of one length."""
    flat = [value for row in rows for value in row]
    shape = _shape(len(rows), len(rows[0]))
    return TensorProto(dtype=DATA_TYPE_INT32, tensor_shape=shape, int_val=flat)


def ints(*values: int) -> TensorProto:
    """Return int32 [values]."""
    return TensorProto(dtype=DATA_TYPE_INT32, tensor_shape=_shape(len(values)), int_val=values)


def int_scalar(value: int) -> TensorProto:
    """Return int32 []."""
    return TensorProto(dtype=DATA_TYPE_INT32, tensor_shape=_shape(), int_val=[value])


def bools(*values: bool) -> TensorProto:
    """Return bool [values]."""
    return TensorProto(dtype=DATA_TYPE_BOOL, tensor_shape=_shape(len(values)), bool_val=values)


def floats(*values: float) -> TensorProto:
    """Return float32 [values]."""
    return TensorProto(dtype=DATA_TYPE_FLOAT, tensor_shape=_shape(len(values)), float_val=values)


def float_row(values: Sequence[float]) -> TensorProto:
    """Return float32 [1, values]."""
    shape = _shape(1, len(values))
    return TensorProto(dtype=DATA_TYPE_FLOAT, tensor_shape=shape, float_val=values)


def string_row(values: Sequence[str]) -> TensorProto:
    """Return string [1, values]."""
    encoded = [value.encode() for value in values]
    shape = _shape(1, len(values))
    return TensorProto(dtype=DATA_TYPE_STRING, tensor_shape=shape, string_val=encoded)


def shape_of(tensor: TensorProto) -> tuple[int, ...]:
    """Return the sizes of the dimensions."""
    return tuple(dim.size for dim in tensor.tensor_shape.dim)


def read_ints(tensor: TensorProto) -> list[int]:
    """Return the elements of an int32 tensor in row-major order; ValueError if it is not one."""
    return _read(tensor, DATA_TYPE_INT32, array("i"), tensor.int_val)


def read_floats(tensor: TensorProto) -> list[float]:
    """Return the elements of a float32 tensor; ValueError if it is not one."""
    return _read(tensor, DATA_TYPE_FLOAT, array("f"), tensor.float_val)


def read_bools(tensor: TensorProto) -> list[bool]:
    """Return the elements of a bool tensor; ValueError if it is not one."""
    return [bool(value) for value in _read(tensor, DATA_TYPE_BOOL, array("b"), tensor.bool_val)]


def read_string(tensor: TensorProto) -> str:
    """Return the one element of a string tensor; ValueError if it is not one."""
    if tensor.dtype != DATA_TYPE_STRING or len(tensor.string_val) != 1:
        raise ValueError("not one string")
    return tensor.string_val[0].decode()


def _read(
    tensor: TensorProto, dtype: DataType.ValueType, packed: "array[Number]", typed: Iterable[Number]
) -> list[Number]:
    """Return the elements, whichever of the two forms holds them."""
    if tensor.dtype != dtype:
        raise ValueError(f"of type {tensor.dtype} instead of {dtype}")
    if tensor.tensor_content:
        packed.frombytes(tensor.tensor_content)
        if sys.byteorder == "big":
            packed.byteswap()
        values = packed.tolist()
    else:
        values = list(typed)
    size = math.prod(shape_of(tensor))
    if values and len(values) < size:
        values += values[-1:] * (size - len(values))
    if len(values) != size:
        raise ValueError(f"{len(values)} elements in a shape of {size}")
    return values
