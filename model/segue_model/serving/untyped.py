"""Names for what comes without types, so that a signature says at least what is meant."""

from typing import Any, TypeAlias

Message: TypeAlias = Any
"""A message of TensorFlow or of its model server."""

Object: TypeAlias = Any
"""A Python object of TensorFlow."""

Json: TypeAlias = Any
"""What json.loads returns."""
