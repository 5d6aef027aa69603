"""Operations that reach outside the model, in what loading or calling it may run."""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from segue_model.gate.variable_reads import called, reached

Message: TypeAlias = Any

# Files, the network, the console and the process itself, whatever the release of the operation.
# A table may be filled from a file: vocabularies are assets of a model.
RESTORING: Final = r"(DTensor)?Restore(Slice)?"
OUTSIDE: Final = (
    r"(Read|Write)File|MatchingFiles|FileSystemSetConfiguration|Save(Slices)?|MergeV2Checkpoints",
    r"DistributedSave|GenerateVocabRemapping|LoadAndRemapMatrix|DatasetToTFRecord",
    r"(CSV|Cache|DataService|FixedLengthRecord|LMDB|Load|MatchingFiles|Register)Dataset",
    r"(Save|Snapshot|SnapshotChunk|SnapshotNested|Sql|TFRecord|TextLine)Dataset(Reader)?",
    r"ListSnapshotChunksDataset|(FixedLengthRecord|LMDB|TFRecord|TextLine|WholeFile)Reader",
    r"Write\w*Summary|(Create|Close|Flush)?Summary(File|Db)?Writer|ImportEvent",
    r"StatsAggregatorSetSummaryWriter|Rpc\w+|DeleteRpcFutureResource",
    r"Abort|Print|DumpTensor|Debug(Identity|NanCount|NumericSummary)",
)
# Where a model of TensorFlow 1, which has no object graph, names what loading it runs.
STARTING: Final = ("saved_model_main_op", "legacy_init_op")


def side_effects_of(graph: Message) -> frozenset[str]:
    """Return the operations with effects outside the model that loading or a signature reaches.

    Saving, for one, writes files, but neither loading nor any signature does it.
    """
    # A model of TensorFlow 1 reads its variables by operations of its own.
    kinds = (*OUTSIDE, RESTORING) if graph.HasField("object_graph_def") else OUTSIDE
    outside = re.compile(rf"(Experimental)?({'|'.join(kinds)})(V\d+)?")
    return frozenset(op for op in _operations(graph) if outside.fullmatch(op))


def _operations(graph: Message) -> Iterator[str]:
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    todo, seen = reached(graph, _started(graph)), set(_loaded(graph.object_graph_def))
    todo += [node for name in seen & functions.keys() for node in functions[name].node_def]
    while todo:
        node = todo.pop()
        yield node.op
        # TensorFlow 1 calls a function by a node of its name.
        for name in {*called(node), node.op} & functions.keys() - seen:
            seen.add(name)
            todo += functions[name].node_def


def _started(graph: Message) -> Iterator[str]:
    for name in STARTING:
        yield from graph.collection_def[name].node_list.value
    if not graph.HasField("object_graph_def"):
        yield graph.saver_def.restore_op_name


def _loaded(objects: Message) -> Iterator[str]:
    """Yield the functions of the object graph that loading the model runs, and its signatures.

    Python takes signatures from there, and not those that `signature_def` names.
    """
    for at, held in enumerate(objects.nodes):
        for child in held.children:
            if held.HasField("resource"):
                yield from _functions(objects.nodes[child.node_id])
            elif at == 0 and child.local_name == "signatures":
                for offered in objects.nodes[child.node_id].children:
                    yield from _functions(objects.nodes[offered.node_id])
        for saveable in held.saveable_objects.values():
            yield from _functions(objects.nodes[saveable.restore_function])


def _functions(held: Message) -> Iterator[str]:
    yield from held.function.concrete_functions
    if held.bare_concrete_function.concrete_function_name:
        yield held.bare_concrete_function.concrete_function_name
