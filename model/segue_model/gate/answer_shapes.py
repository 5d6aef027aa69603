"""The check of types, sizes and padding of the answers, before anything is read from them."""

from collections.abc import Mapping
from typing import Final

import numpy as np

import segue_signature as sig
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.model import arrays
from segue_model.gate.requests import Request, tensors_of
from segue_model.gate.subject import UNKNOWN, Subject
from segue_model.gate.tensors import BATCHED_OUTPUTS, FLAT_OUTPUTS, Arrays, Tensors

LISTED: Final = (sig.RECOM_SONGS_SCORES, sig.RECOM_SONGS_CONTRIBUTIONS, sig.RECOM_SONGS_SOURCES)


def answer_shapes(subject: Subject) -> Passed:
    """Compare types and sizes of both signatures' outputs, and what is beyond a row's songs."""
    requests = [Request((*UNKNOWN, 1), 7), Request((), 3), Request((1,), 0)]
    inputs = tensors_of(requests)
    outputs = subject.model.outputs(sig.RECOMMEND_BATCHED, inputs)
    example = {"input": [request.options() for request in requests], "output": _shapes(outputs)}
    width = min(7, subject.song_count)
    sizes = {"B": len(requests), "K": width, "L": inputs[sig.LISTENED_SONGS].shape[1]}
    _expect_shapes(outputs, BATCHED_OUTPUTS, sizes, example)
    _expect_padding(outputs, [max(0, request.no_recom_songs) for request in requests], example)
    given = arrays({sig.LISTENED_SONGS: list(UNKNOWN), sig.NO_RECOM_SONGS: 3})
    flat = subject.model.outputs(sig.RECOMMEND, given)
    sizes = {"K": min(3, subject.song_count), "L": len(UNKNOWN)}
    _expect_shapes(flat, FLAT_OUTPUTS, sizes, _example(given, flat))
    return Passed("both signatures")


def _example(inputs: Arrays, outputs: Arrays) -> dict[str, object]:
    return {
        "input": {name: values.tolist() for name, values in inputs.items()},
        "output": _shapes(outputs),
    }


def _shapes(outputs: Arrays) -> dict[str, str]:
    return {name: f"{values.dtype} {list(values.shape)}" for name, values in outputs.items()}


def _expect_shapes(
    outputs: Arrays, tensors: Tensors, sizes: Mapping[str, int], example: Mapping[str, object]
) -> None:
    letters = dict.fromkeys(tensors, "KL") | dict.fromkeys(LISTED, "K")
    letters |= {
        sig.RECOM_SONGS_IDS: "K",
        sig.RECOM_SONGS_CONTRIBUTIONS: "KL",
        sig.LISTENED_SONGS_KNOWN: "L",
    }
    for name, tensor in tensors.items():
        has, batch = outputs[name], "B" if "B" in sizes else ""
        expected = [sizes[letter] for letter in batch + letters[name]]
        if has.dtype.name != tensor.dtype or list(has.shape) != expected:
            raise Failed(
                f"{name} is {has.dtype} {list(has.shape)}, not {tensor.dtype} {expected}", example
            )


def _expect_padding(outputs: Arrays, most: list[int], example: Mapping[str, object]) -> None:
    ids = outputs[sig.RECOM_SONGS_IDS]
    beyond = np.arange(ids.shape[1]) >= np.array(most)[:, np.newaxis]
    if (ids[beyond] != sig.PAD_ID).any():
        raise Failed("ids beyond a row's songs are not -1", {**example, "ids": ids.tolist()})
    for name in LISTED:
        if outputs[name][ids == sig.PAD_ID].any():
            raise Failed(f"{name} beyond a row's songs is not 0", example)


SHAPES: Final = Check(
    "answer-shapes",
    "Outputs have their types and sizes; beyond a row's songs ids are -1 and all else 0.",
    "Make K the largest no_recom_songs of the batch, at most the number of songs.",
    answer_shapes,
    ("signatures", "description"),
)
