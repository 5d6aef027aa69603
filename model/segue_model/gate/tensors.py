"""The tensors of the model signature, as `docs/signature.md` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

import segue_signature as sig

Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's type and shape; a size of `None` is any, a shape of `None` unknown."""

    dtype: str
    shape: tuple[int | None, ...] | None

    def fits(self, expected: "Tensor", *, output: bool) -> bool:
        """Return whether this declaration is as good as `expected`.

        An input must take every size; an output may be declared of unknown or of some sizes.
        """
        if self.dtype != expected.dtype or self.shape is None or expected.shape is None:
            return self.dtype == expected.dtype and output
        if len(self.shape) != len(expected.shape):
            return False
        pairs = zip(self.shape, expected.shape, strict=True)
        return output or all(size in (None, want) for size, want in pairs)

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype} of unknown rank"
        sizes = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{self.dtype} [{sizes}]"


Tensors: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a signature, by name."""

    inputs: Tensors
    outputs: Tensors


_VECTOR: Final = Tensor("int32", (None,))
_SETS: Final = Tensor("int32", (None, None))

BATCHED_INPUTS: Final[Tensors] = {
    sig.LISTENED_SONGS: _SETS,
    sig.NO_RECOM_SONGS: _VECTOR,
    sig.EXCLUDED_SONGS: _SETS,
    sig.EXCLUDED_ARTISTS: _SETS,
    sig.EXCLUDE_SEED_ARTISTS: Tensor("bool", (None,)),
    sig.GENRES: Tensor("string", (None, None)),
    sig.ARTISTS: _SETS,
    sig.YEARS: Tensor("int32", (None, 2)),
    sig.TEMPOS: Tensor("float32", (None, 2)),
    sig.MAX_PER_ARTIST: _VECTOR,
    sig.DIVERSITY: Tensor("float32", (None,)),
}
BATCHED_OUTPUTS: Final[Tensors] = {
    sig.RECOM_SONGS_IDS: _SETS,
    sig.RECOM_SONGS_SCORES: Tensor("float32", (None, None)),
    sig.RECOM_SONGS_CONTRIBUTIONS: Tensor("float32", (None, None, None)),
    sig.RECOM_SONGS_SOURCES: _SETS,
    sig.LISTENED_SONGS_KNOWN: Tensor("bool", (None, None)),
}
FLAT_INPUTS: Final[Tensors] = {
    sig.LISTENED_SONGS: _VECTOR,
    sig.NO_RECOM_SONGS: Tensor("int32", ()),
}
FLAT_OUTPUTS: Final[Tensors] = {
    name: Tensor(tensor.dtype, (tensor.shape or ())[1:]) for name, tensor in BATCHED_OUTPUTS.items()
}

SIGNATURES: Final[Mapping[str, Signature]] = {
    sig.RECOMMEND: Signature(FLAT_INPUTS, FLAT_OUTPUTS),
    sig.RECOMMEND_BATCHED: Signature(BATCHED_INPUTS, BATCHED_OUTPUTS),
    sig.DESCRIBE: Signature(
        {sig.DESCRIPTION_SCHEMA: Tensor("int32", ())}, {sig.DESCRIPTION: Tensor("string", ())}
    ),
    sig.DEFAULT: Signature(BATCHED_INPUTS, BATCHED_OUTPUTS),
}

# What an array of each type is made as.
NUMPY: Final[Mapping[str, type]] = {
    "int32": np.int32,
    "float32": np.float32,
    "bool": np.bool_,
    "string": np.object_,
}
