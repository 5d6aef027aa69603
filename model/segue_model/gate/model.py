"""A SavedModel as its callers see it: signatures by name, and nothing of what is inside."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import tensorflow as tf

import segue_signature as sig
from segue_model.gate.answers import Answer, answers_of, flat_answer
from segue_model.gate.errors import Failed, LoadError
from segue_model.gate.requests import Request, tensors_of
from segue_model.gate.tensors import FLAT_INPUTS, NUMPY, Array, Arrays

STATM: Final = Path("/proc/self/statm")


class Model:
    """A loaded model. Raises: Failed from every call that the model refuses."""

    def __init__(self, loaded: object, functions: Mapping[str, Callable[..., Any]]) -> None:
        """Take the loaded module, which must outlive its functions, and these by name."""
        self._loaded = loaded
        self._functions = functions

    def outputs(self, signature: str, inputs: Arrays) -> dict[str, Array]:
        """Return what a signature answers."""
        try:
            made = self.call(signature, inputs)()
            return {name: np.asarray(tensor.numpy()) for name, tensor in made.items()}
        except (tf.errors.OpError, TypeError, ValueError, KeyError) as error:
            shown = {name: values.tolist() for name, values in inputs.items()}
            reason = " ".join(str(error).split())[:300]
            raise Failed(f"{signature} failed: {reason}", {"input": shown}) from error

    def call(self, signature: str, inputs: Arrays) -> Callable[[], dict[str, Any]]:
        """Return what runs a signature on these inputs, which are tensors already."""
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        return lambda: self._functions[signature](**tensors)

    def rank(self, *requests: Request) -> list[Answer]:
        """Return the answers to one batch."""
        outputs = self.outputs(sig.RECOMMEND_BATCHED, tensors_of(requests))
        return answers_of(outputs, [len(request.listened_songs) for request in requests])

    def rank_one(self, request: Request) -> Answer:
        """Return the answer to a request alone in its batch."""
        return self.rank(request)[0]

    def rank_flat(self, listened: Sequence[int], k: int) -> Answer:
        """Return the answer of the flat signature."""
        given = {sig.LISTENED_SONGS: listened, sig.NO_RECOM_SONGS: k}
        return flat_answer(self.outputs(sig.RECOMMEND, arrays(given)))

    def description(self, schema: int) -> bytes:
        """Return what the model says of itself."""
        outputs = self.outputs(sig.DESCRIBE, arrays({sig.DESCRIPTION_SCHEMA: schema}))
        return bytes(outputs[sig.DESCRIPTION].item())


def arrays(given: Mapping[str, object]) -> Arrays:
    """Return the inputs of the flat and the describing signature as arrays."""
    types = {name: tensor.dtype for name, tensor in FLAT_INPUTS.items()}
    return {
        name: tf.constant(value, NUMPY[types.get(name, "int32")]).numpy()
        for name, value in given.items()
    }


class Loading:
    """A model, and what loading it took: seconds, and bytes of memory where that can be told."""

    def __init__(self, folder: Path) -> None:
        """Load the SavedModel in `folder`. Raises: LoadError."""
        before, started = resident(), time.perf_counter()
        try:
            loaded = tf.saved_model.load(str(folder))
        except (tf.errors.OpError, OSError, ValueError, KeyError, AttributeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise LoadError(f"{folder}: cannot be loaded: {reason}") from error
        self.seconds = time.perf_counter() - started
        after = resident()
        self.bytes = None if before is None or after is None else max(0, after - before)
        self.model = Model(loaded, dict(loaded.signatures))


def resident() -> int | None:
    """Return the bytes of memory that this process holds, `None` where the system tells none."""
    if not STATM.is_file():
        return None
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
