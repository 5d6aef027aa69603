"""Checks of what can be seen without a request: signatures, operations, variables."""

from collections.abc import Iterator
from typing import Final

import segue_signature as sig
from segue_model.gate.checks import Check, Passed
from segue_model.gate.errors import Failed
from segue_model.gate.subject import Subject
from segue_model.gate.tensors import SIGNATURES, Signature, Tensors

# Copying less than this on every read is not felt.
MODEST: Final = 1 << 20
STOCK_OPS: Final = "stock-ops"
GATHERS: Final = frozenset({"ResourceGather", "ResourceGatherNd"})


def signatures(subject: Subject) -> Passed:
    """Compare names, types and ranks with those of the signature."""
    required = [sig.RECOMMEND, sig.RECOMMEND_BATCHED, sig.DESCRIBE]
    for name in required:
        _expect_signature(subject, name)
    return Passed(", ".join(required))


def default_signature(subject: Subject) -> Passed:
    """Compare the default signature's tensors with those of the batched one."""
    _expect_signature(subject, sig.DEFAULT)
    return Passed(f"{sig.DEFAULT} has the tensors of {sig.RECOMMEND_BATCHED}")


def stock_ops(subject: Subject) -> Passed:
    """Look for operations that need Python, a compiler or a library of one's own.

    A model with operations that reach outside it never comes so far.
    """
    ops, foreign = subject.structure.ops, subject.structure.foreign_ops()
    if foreign:
        listed = ", ".join(f"{op} ({reason})" for op, reason in foreign.items())
        raise Failed(f"not in the stock model server: {listed}", {"operations": list(foreign)})
    return Passed(f"{len(ops)} kinds of operation")


def variable_reads(subject: Subject) -> Passed:
    """Look for large variables that are both gathered from in place and read whole."""
    copied = {
        name: variable
        for name, variable in subject.structure.variables.items()
        if variable.size > MODEST
        and variable.reads & GATHERS
        and "ReadVariableOp" in variable.reads
    }
    for name, variable in copied.items():
        raise Failed(
            f"the variable {name} of {variable.size / 1e6:.1f} MB is copied at every request",
            {"variable": name, "read by": sorted(variable.reads)},
        )
    return Passed(
        f"{len(subject.structure.variables)} variables of {subject.structure.size / 1e6:.1f} MB",
        {"variables_mb": subject.structure.size / 1e6},
    )


def _expect_signature(subject: Subject, name: str) -> None:
    offered = subject.structure.signatures
    if name not in offered:
        raise Failed(f"no signature {name}", {"signatures": sorted(offered)})
    faults = list(_faults(offered[name], SIGNATURES[name]))
    if faults:
        raise Failed(f"{name}: {'; '.join(faults)}", {"signature": name, "faults": faults})


def _faults(offered: Signature, expected: Signature) -> Iterator[str]:
    yield from _tensor_faults("input", offered.inputs, expected.inputs)
    yield from _tensor_faults("output", offered.outputs, expected.outputs)


def _tensor_faults(kind: str, offered: Tensors, expected: Tensors) -> Iterator[str]:
    for name in expected.keys() - offered.keys():
        yield f"no {kind} {name}, {expected[name]}"
    for name in offered.keys() - expected.keys():
        yield f"an {kind} {name} too many"
    for name in expected.keys() & offered.keys():
        if not offered[name].fits(expected[name], output=kind == "output"):
            yield f"{kind} {name} is {offered[name]}, not {expected[name]}"


CHECKS: Final = (
    Check(
        "signatures",
        "The signatures are there, with the names, types and ranks of every input and output.",
        "Export functions whose inputs are tf.TensorSpec(shape, dtype, name) with the names of "
        "docs/signature.md and that return a dict of outputs.",
        signatures,
    ),
    Check(
        "default-signature",
        "serving_default is there and has the tensors of recommend_songs_batched.",
        "Give the batched function to tf.saved_model.save under serving_default too.",
        default_signature,
    ),
    Check(
        STOCK_OPS,
        "TensorFlow Serving's stock image has every operation, and none reaches outside the model.",
        "Write what the named operations do with TensorFlow's own: no tf.py_function or "
        "tf.numpy_function, no jit_compile, no library of your own. Leave out what reads or writes "
        "files, prints or calls others: the model's own variables and assets must do.",
        stock_ops,
    ),
    Check(
        "variable-reads",
        "No large variable is both gathered from in place and read whole, which copies it.",
        "Gather from variable.read_value(), not from the variable.",
        variable_reads,
    ),
)
