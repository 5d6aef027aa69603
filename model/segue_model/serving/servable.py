"""One loaded version of a model: its signatures, ready to run.

It runs in a TensorFlow session, as the original does: feeds and fetches by tensor name, no
Python in the graph, and memory that is free again as soon as the session closes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tensorflow as tf
from grpc import StatusCode

from segue_model.serving.errors import ServingError, translated
from segue_model.serving.tensors import Array, Arrays, Spec, as_array
from segue_model.serving.untyped import Message, Object

DEFAULT_SIGNATURE: Final = "serving_default"
_METHODS: Final = frozenset(
    f"tensorflow/serving/{kind}" for kind in ("predict", "classify", "regress")
)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How sessions are made; 0 threads leave the number to TensorFlow."""

    tags: tuple[str, ...] = ("serve",)
    intra_op_threads: int = 0
    inter_op_threads: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature: what it takes, what it gives and how to run it.

    `run` takes an array for each input and gives one for each output, in their orders here.
    `defaults` are TensorProtos for inputs that may be left out. `in_rows` says that every
    tensor's first dimension is open, so that requests can share a run.
    """

    name: str
    inputs: Mapping[str, Spec]
    outputs: Mapping[str, Spec]
    defaults: Mapping[str, Message]
    in_rows: bool
    run: Callable[..., Sequence[Object]]


class Servable:
    """A loaded version. Its memory is in use until `close`."""

    def __init__(self, name: str, version: int, session: Object, definitions: Message) -> None:
        """Take a session with the graph loaded and the signature definitions by name."""
        self.name = name
        self.version = version
        self.definitions = definitions
        self._session = session
        self._signatures = {
            key: _signature(key, definition, session)
            for key, definition in definitions.items()
            if definition.method_name in _METHODS
        }

    def signature(self, name: str) -> Signature:
        """Return the signature; empty means serving_default. Raise FAILED_PRECONDITION if none."""
        name = name or DEFAULT_SIGNATURE
        if name not in self._signatures:
            raise ServingError(
                StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.'
            )
        return self._signatures[name]

    def close(self) -> None:
        """Free the memory; nothing may run any more."""
        self._signatures.clear()
        self._session.close()


def run(signature: Signature, inputs: Arrays) -> dict[str, Array]:
    """Return all outputs for the inputs, which satisfy the signature; blocks, without the GIL.

    Raises ServingError with TensorFlow's own code when the graph fails.
    """
    try:
        values = signature.run(*(inputs[name] for name in signature.inputs))
    except (tf.errors.OpError, ValueError, TypeError) as error:
        raise translated(error, StatusCode.INVALID_ARGUMENT) from error
    return {
        name: as_array(value, spec.dtype)
        for (name, spec), value in zip(signature.outputs.items(), values, strict=True)
    }


def load(name: str, version: int, path: Path, options: SessionOptions) -> Servable:
    """Return the SavedModel in the folder, loaded; blocks.

    Raises whatever TensorFlow raises for a folder that it cannot load.
    """
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=options.intra_op_threads,
        inter_op_parallelism_threads=options.inter_op_threads,
    )
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph, config=config)
    try:
        meta_graph = tf.compat.v1.saved_model.loader.load(session, list(options.tags), str(path))
        return Servable(name, version, session, dict(meta_graph.signature_def))
    except BaseException:
        session.close()
        raise


def _signature(name: str, definition: Message, session: Object) -> Signature:
    feeds, fetches = sorted(definition.inputs.items()), sorted(definition.outputs.items())
    inputs = {key: Spec.of(info) for key, info in feeds}
    outputs = {key: Spec.of(info) for key, info in fetches}
    with session.graph.as_default():
        call = session.make_callable(
            [info.name for _, info in fetches], feed_list=[info.name for _, info in feeds]
        )
    return Signature(
        name=name,
        inputs=inputs,
        outputs=outputs,
        defaults=dict(definition.defaults),
        in_rows=bool(inputs)
        and all(spec.in_rows() for spec in (*inputs.values(), *outputs.values())),
        run=call,
    )
