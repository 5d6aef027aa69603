"""Many requests as one run: joined row under row, split again.

Rows of different widths are padded with their own first element. The original takes the first
element of the request's whole tensor, which is the same for a request of one row; for more, a
row would be padded with what belongs to another. An empty row, which the original refuses, is
padded with -1 (signed integers), 0 or the empty string.
"""

import logging
from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from segue_model.serving.errors import ServingError, invalid
from segue_model.serving.servable import Signature, run
from segue_model.serving.tensors import Array, Arrays

log = logging.getLogger(__name__)

_PADDING: Final = {"i": -1, "O": b""}


def rows_of(inputs: Arrays) -> int:
    """Return the number of rows of all inputs; raise INVALID_ARGUMENT when they differ."""
    counts = {array.shape[0] for array in inputs.values()}
    if len(counts) != 1:
        raise invalid("Batching session Run() input tensors must have equal 0th-dimension size")
    return counts.pop()


def key_of(inputs: Arrays, *, pad: bool) -> Hashable:
    """Return what requests must have in common to be joined."""
    return tuple(
        (name, array.ndim if pad else array.shape[1:]) for name, array in sorted(inputs.items())
    )


def run_together(signature: Signature, requests: Sequence[Arrays]) -> list[Arrays | ServingError]:
    """Return each request's outputs or its error; blocks.

    When the joint run fails, each runs alone, so that one request cannot fail another.
    """
    if len(requests) > 1:
        try:
            outputs = run(signature, join(requests))
        except ServingError:
            return [_alone(signature, inputs) for inputs in requests]
        rows = [rows_of(inputs) for inputs in requests]
        if all(array.shape[:1] == (sum(rows),) for array in outputs.values()):
            return list(split(outputs, rows))
        log.warning("signature %s does not answer row by row; it runs unbatched", signature.name)
    return [_alone(signature, inputs) for inputs in requests]


def join(requests: Sequence[Arrays]) -> dict[str, Array]:
    """Return the requests' inputs below each other, as wide as the widest."""
    return {name: _below([inputs[name] for inputs in requests]) for name in requests[0]}


def split(outputs: Arrays, rows: Sequence[int]) -> list[dict[str, Array]]:
    """Return the outputs of each request, which has so many of the `rows`."""
    ends = np.cumsum(rows)[:-1]
    parts = {name: np.split(array, ends) for name, array in outputs.items()}
    return [{name: part[i] for name, part in parts.items()} for i in range(len(rows))]


def _alone(signature: Signature, inputs: Arrays) -> Arrays | ServingError:
    try:
        return run(signature, inputs)
    except ServingError as error:
        return error


def _below(arrays: Sequence[Array]) -> Array:
    widest = tuple(map(max, zip(*(array.shape[1:] for array in arrays), strict=True)))
    return np.concatenate([_widened(array, widest) for array in arrays])


def _widened(array: Array, width: tuple[int, ...]) -> Array:
    """Return `array` with each row padded at the ends to `width`."""
    if array.shape[1:] == width:
        return array
    wide: Array = np.full((len(array), *width), _PADDING.get(array.dtype.kind, 0), array.dtype)
    if array.size:
        wide[...] = array.reshape(len(array), -1)[:, 0].reshape(-1, *(1 for _ in width))
    wide[(slice(None), *map(slice, array.shape[1:]))] = array
    return wide
