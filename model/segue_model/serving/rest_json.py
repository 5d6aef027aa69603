"""TensorFlow Serving's JSON: the row and the column form of requests and answers."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow as tf

from segue_model.serving.errors import ServingError, invalid
from segue_model.serving.requests import check_names
from segue_model.serving.servable import Signature
from segue_model.serving.tensors import Array, Arrays, Spec, check
from segue_model.serving.untyped import Json

_ROWS: Final = "instances"
_COLUMNS: Final = "inputs"
_BASE64: Final = "b64"
_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class JsonRequest:
    """A request's body: the signature's name, and its tensors as rows or columns."""

    signature_name: str
    rows: bool
    value: Json

    def inputs(self, signature: Signature) -> Arrays:
        """Return the tensors as arrays; raise INVALID_ARGUMENT that says what does not fit."""
        columns = _from_rows(self.value, signature) if self.rows else self.value
        if not _is_named(columns):
            columns = {_only_input(signature, "inputs"): columns}
        check_names(signature, columns)
        return {
            name: check(name, _array(name, columns[name], spec), spec)
            for name, spec in signature.inputs.items()
        }


def parse(body: bytes) -> JsonRequest:
    """Return the request in a body; raise INVALID_ARGUMENT that says what is wrong with it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid("JSON Value: is not an object")
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid("'signature_name' key must be a string value.")
    if (_ROWS in document) == (_COLUMNS in document):
        raise invalid(f"expecting one of the keys '{_COLUMNS}' and '{_ROWS}'")
    if _COLUMNS in document:
        return JsonRequest(name, rows=False, value=document[_COLUMNS])
    rows = document[_ROWS]
    if not isinstance(rows, list) or not rows:
        raise invalid(f"Expecting '{_ROWS}' to be a list with at least one value")
    return JsonRequest(name, rows=True, value=rows)


def answer(outputs: Mapping[str, Array], *, rows: bool) -> dict[str, Json]:
    """Return the answer's body in the request's form.

    Raises INVALID_ARGUMENT when outputs cannot be told as rows, or as JSON.
    """
    columns = {name: _json_value(name, array) for name, array in outputs.items()}
    if not rows:
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
    _check_rows(outputs)
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    values = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in values]}


def _from_rows(rows: list[Json], signature: Signature) -> Json:
    """Return the columns of a list of rows: named, or one unnamed."""
    named = _is_named(rows[0])
    if not named:
        _only_input(signature, _ROWS)
    for index, row in enumerate(rows):
        if _is_named(row) != named:
            raise invalid(f"item {index} of '{_ROWS}': objects and plain values are mixed")
        if named and row.keys() != signature.inputs.keys():
            raise invalid(
                f"Failed to process element: {index} of '{_ROWS}' list. "
                f"keys must be equal to: {','.join(signature.inputs)}"
            )
    return {name: [row[name] for row in rows] for name in signature.inputs} if named else rows


def _is_named(value: Json) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Json) -> bool:
    return isinstance(value, dict) and value.keys() == {_BASE64} and isinstance(value[_BASE64], str)


def _only_input(signature: Signature, key: str) -> str:
    if len(signature.inputs) != 1:
        raise invalid(
            f"'{key}' is a plain value/list, but expecting named tensors: "
            f"{','.join(signature.inputs)}"
        )
    return next(iter(signature.inputs))


def _array(name: str, value: Json, spec: Spec) -> Array:
    """Return nested lists as an array; every list of a level must be of the same length."""
    shape = _shape(value)
    if len(shape) > _DEEPEST:
        raise _unfit(name, f"lists are nested deeper than {_DEEPEST}")
    leaves = [_leaf(name, leaf, spec.dtype) for leaf in _leaves(name, value, shape)]
    try:
        return np.array(leaves, dtype=spec.dtype.as_numpy_dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise _unfit(name, f"{spec.dtype.name}: {error}") from error


def _shape(value: Json) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _leaves(name: str, value: Json, shape: Sequence[int]) -> Iterator[Json]:
    if not shape:
        if isinstance(value, list):
            raise _unfit(name, "a list where a value is expected")
        yield value
    elif not isinstance(value, list) or len(value) != shape[0]:
        raise _unfit(name, f"a list of {shape[0]} is expected at each place of its level")
    else:
        for item in value:
            yield from _leaves(name, item, shape[1:])


def _leaf(name: str, value: Json, dtype: tf.DType) -> Json:
    """Return a JSON value as the tensor's; as in the original, 1.0 is no integer."""
    is_boolean = isinstance(value, bool)
    if dtype == tf.string and isinstance(value, str):
        return value.encode()
    if dtype == tf.string and _is_base64(value):
        return _decoded(name, value[_BASE64])
    if dtype == tf.bool and is_boolean:
        return value
    if dtype.is_integer and isinstance(value, int) and not is_boolean:
        return value
    if dtype.is_floating and isinstance(value, int | float) and not is_boolean:
        return value
    raise _unfit(name, f"{json.dumps(value)[:100]} is not of expected type: {dtype.name}")


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _unfit(name, f"Unable to base64 decode: {error}") from error


def _json_value(name: str, array: Array) -> Json:
    if array.dtype == object:
        return _mapped(array.tolist(), _as_base64 if name.endswith("_bytes") else _as_text(name))
    if array.dtype.kind == "f" and array.dtype.itemsize < np.dtype(np.float64).itemsize:
        # The shortest decimal that is this float32; as a double it would show noise digits.
        return array.astype(str).astype(np.float64).tolist()
    if array.dtype.kind not in "biuf":
        raise invalid(f"Failed to write JSON value for tensor type: {array.dtype}")
    return array.tolist()


def _mapped(value: Json, function: Callable[[bytes], Json]) -> Json:
    return (
        [_mapped(item, function) for item in value] if isinstance(value, list) else function(value)
    )


def _as_base64(value: bytes) -> dict[str, str]:
    return {_BASE64: base64.b64encode(value).decode("ascii")}


def _as_text(name: str) -> Callable[[bytes], str]:
    def decoded(value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise invalid(f"output {name} is not UTF-8; end its name in _bytes") from error

    return decoded


def _check_rows(outputs: Mapping[str, Array]) -> None:
    sizes = {}
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information")
        sizes[name] = len(array)
    if len(set(sizes.values())) > 1:
        raise invalid(f"outputs have inconsistent batch sizes: {sizes}; ask with '{_COLUMNS}'")


def _unfit(name: str, reason: str) -> ServingError:
    return invalid(f'JSON value of input "{name}": {reason}')
