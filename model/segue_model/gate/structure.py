"""What a SavedModel says of itself before it is loaded: signatures, operations, variables."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import kernels, op_def_registry

from segue_model.gate.errors import LoadError
from segue_model.gate.finding import saved_model_file
from segue_model.gate.side_effects import side_effects_of
from segue_model.gate.tensors import Signature, Tensor
from segue_model.gate.variable_reads import reads_of_variables

Message: TypeAlias = Any

# Registered in every TensorFlow, yet of no use where there is no Python.
PYTHON: Final = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})
COMPILED: Final = ("Xla", "TPU")
# Beginning of the name of TensorFlow's own signature, which no caller calls.
INTERNAL: Final = "__saved_model"
CPU: Final = frozenset({"CPU", "DEFAULT"})


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's size in bytes, and the kinds of operation that the signatures read it by."""

    size: int
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Structure:
    """What `saved_model.pb` holds, by name."""

    signatures: Mapping[str, Signature]
    ops: frozenset[str]
    variables: Mapping[str, Variable]
    side_effects: frozenset[str]

    @property
    def size(self) -> int:
        """The bytes of all variables."""
        return sum(variable.size for variable in self.variables.values())

    def unknown_ops(self) -> list[str]:
        """Return the operations that this TensorFlow has not: a custom library's."""
        return sorted(op for op in self.ops if op_def_registry.get(op) is None)

    def foreign_ops(self) -> dict[str, str]:
        """Return why each operation that stock TensorFlow Serving cannot run is one."""
        reasons = {op: _why_foreign(op) for op in sorted(self.ops)}
        return {op: reason for op, reason in reasons.items() if reason}


def read_structure(folder: Path) -> Structure:
    """Return what the SavedModel in `folder` says. Raises: LoadError saying what is not there."""
    graph = _meta_graph(saved_model_file(folder))
    functions = {function.signature.name for function in graph.graph_def.library.function}
    reads = reads_of_variables(graph)
    return Structure(
        signatures={
            name: _signature(made)
            for name, made in graph.signature_def.items()
            if not name.startswith(INTERNAL)
        },
        ops=frozenset(node.op for node in _nodes(graph)) - functions,
        variables={
            node.name: Variable(_bytes(node), frozenset(reads.get(node.name, ())))
            for node in graph.graph_def.node
            if node.op == "VarHandleOp"
        },
        side_effects=side_effects_of(graph),
    )


def _meta_graph(file: Path) -> Message:
    try:
        graphs = SavedModel.FromString(file.read_bytes()).meta_graphs
    except (DecodeError, OSError) as error:
        raise LoadError(f"{file}: no SavedModel: {error}") from error
    for graph in graphs:
        if list(graph.meta_info_def.tags) == ["serve"]:
            return graph
    raise LoadError(f"{file}: no graph with the tag 'serve' alone")


def _nodes(graph: Message) -> Iterator[Message]:
    yield from graph.graph_def.node
    for function in graph.graph_def.library.function:
        yield from function.node_def


def _signature(made: Message) -> Signature:
    return Signature(
        {name: _tensor(info) for name, info in made.inputs.items()},
        {name: _tensor(info) for name, info in made.outputs.items()},
    )


def _tensor(info: Message) -> Tensor:
    shape = tf.TensorShape(info.tensor_shape)
    sizes = None if shape.rank is None else tuple(shape.as_list())
    return Tensor(tf.as_dtype(info.dtype).name, sizes)


def _bytes(node: Message) -> int:
    sizes = [dim.size for dim in node.attr["shape"].shape.dim]
    return int(tf.as_dtype(node.attr["dtype"].type).size * math.prod(sizes))


def _why_foreign(op: str) -> str:
    if op in PYTHON:
        return "runs Python"
    if op.startswith(COMPILED):
        return "needs a compiler"
    if op_def_registry.get(op) is None:
        return "of a custom library"
    devices = {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(op).kernel}
    return "" if devices & CPU else "not for CPUs"
