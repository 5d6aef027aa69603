"""By which operations a SavedModel's signatures read each variable, through all function calls."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = Any
Labels: TypeAlias = dict[str, str]  # the variable that a node or an argument hands on

# Their first input chooses the function, the others are its arguments.
CHOOSING: Final = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})


def reads_of_variables(graph: Message) -> Mapping[str, set[str]]:
    """Return the kinds of operation that take each variable, by its name in the graph.

    Only what signatures reach counts: saving, for one, reads every variable whole.
    """
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    nodes = reached(graph)
    reads: dict[str, set[str]] = {}
    variables = {node.name: node.name for node in nodes if node.op == "VarHandleOp"}
    open_calls, seen = [(nodes, variables)], set()
    while open_calls:
        calls, labels = open_calls.pop()
        for node, given in _taking(calls, labels):
            for variable in filter(None, given):
                reads.setdefault(variable, set()).add(node.op)
            for name in called(node):
                inner = _arguments(functions[name], given[node.op in CHOOSING :])
                key = (name, frozenset(inner.items()))
                if inner and key not in seen:
                    seen.add(key)
                    open_calls.append((functions[name].node_def, inner))
    return reads


def reached(graph: Message, further: Iterable[str] = ()) -> list[Message]:
    """Return the nodes of the main graph that the signatures' outputs depend on.

    `further` are the names of nodes that are run too.
    """
    nodes = {node.name: node for node in graph.graph_def.node}
    todo = [
        _source(output.name)
        for signature in graph.signature_def.values()
        for output in signature.outputs.values()
    ]
    todo += [_source(name) for name in further]
    found: dict[str, Message] = {}
    while todo:
        name = todo.pop()
        if name in nodes and name not in found:
            found[name] = nodes[name]
            todo += [_source(given) for given in nodes[name].input]
    return list(found.values())


def _taking(nodes: Iterable[Message], labels: Labels) -> Iterator[tuple[Message, list[str | None]]]:
    """Yield each node that takes a variable, and which variable each of its inputs is."""
    for node in nodes:
        given = [labels.get(_source(name)) for name in node.input if not name.startswith("^")]
        if any(given):
            yield node, given


def called(node: Message) -> Iterator[str]:
    """Yield the names of the functions that a node is given to call."""
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            yield attribute.func.name
        yield from (function.name for function in attribute.list.func)


def _arguments(function: Message, given: list[str | None]) -> Labels:
    pairs = zip(function.signature.input_arg, given, strict=False)
    return {argument.name: variable for argument, variable in pairs if variable}


def _source(name: str) -> str:
    """Return the node that an input's name, `^node` or `node:output:0`, refers to."""
    return name.removeprefix("^").partition(":")[0]
