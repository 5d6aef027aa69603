"""Figures of an evaluation in words."""

import json
from collections.abc import Mapping

from segue_model.evaluation.metrics import Estimate


def fraction(value: float) -> str:
    """Return a figure between 0 and 1 to three places."""
    return f"{value:.3f}"


def with_error(found: Estimate) -> str:
    """Return a figure to three places and its standard error."""
    return f"{found.value:.3f} ± {found.standard_error:.3f}"


def settings(options: Mapping[str, object]) -> str:
    """Return options as they are set."""
    return ", ".join(f"{name} {_value(value)}" for name, value in options.items()) or "none"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
