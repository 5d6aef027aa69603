"""What a Predict request must hold to fit its signature."""

from collections.abc import Iterable, Mapping, Sequence

from segue_model.serving.errors import invalid
from segue_model.serving.servable import Signature
from segue_model.serving.tensors import Arrays, decode
from segue_model.serving.untyped import Message


def decode_inputs(signature: Signature, protos: Mapping[str, Message]) -> Arrays:
    """Return the request's tensors as arrays, defaults where the signature has them.

    Raises INVALID_ARGUMENT that names the inputs at fault.
    """
    given = {**signature.defaults, **protos}
    check_names(signature, given)
    return {name: decode(name, given[name], spec) for name, spec in signature.inputs.items()}


def check_names(signature: Signature, given: Iterable[str]) -> None:
    """Raise INVALID_ARGUMENT unless the names given are those of the signature's inputs."""
    got, wanted = set(given), set(signature.inputs)
    if got != wanted:
        raise invalid(
            f"input size does not match signature: {len(got)}!={len(wanted)} "
            f"len({_listed(got)}) != len({_listed(wanted)}). "
            f"Sent extra: {_listed(got - wanted)}. "
            f"Missing but required: {_listed(wanted - got)}."
        )


def selected_outputs(signature: Signature, wanted: Sequence[str]) -> Sequence[str]:
    """Return the outputs that the filter `wanted` names, all when it is empty.

    Raises INVALID_ARGUMENT for a name that the signature lacks or that comes twice.
    """
    for name in wanted:
        if name not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {_listed(signature.outputs)}."
            )
        if wanted.count(name) > 1:
            raise invalid(f"duplicate output tensor alias: {name}")
    return wanted or tuple(signature.outputs)


def _listed(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
