"""What an engine is: how it is trained, what can be set, and what is worth trying."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from segue_model.data.dataset import Dataset
from segue_model.data.progress import Progress
from segue_model.ranking.module import RankingModel

Options = TypeVar("Options")


@dataclass(frozen=True)
class Engine(Generic[Options]):
    """An algorithm that makes a model of a dataset.

    `fit` tells its progress and makes the same model of the same dataset and options every time.
    `options` is a frozen dataclass of numbers, texts and booleans whose defaults are the engine's;
    it raises ValueError, "NAME: reason", for values that will not do. `search` are the values that
    hyper-parameter search tries, by option.
    """

    fit: Callable[[Dataset, Options, Progress], RankingModel[Any]]
    options: type[Options]
    search: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def with_options(self, given: Mapping[str, object]) -> Options:
        """Return the options that are `given`, texts or values, the others at their defaults.

        Raises: ValueError, "NAME: reason".
        """
        kinds = {one.name: type(one.default) for one in fields(self.options)}  # type: ignore[arg-type]
        values = {}
        for name, value in given.items():
            if name not in kinds:
                raise ValueError(f"{name}: no such option; there are {_listed(kinds)}")
            values[name] = _as(kinds[name], name, value)
        return self.options(**values)


@dataclass(frozen=True)
class NoOptions:
    """Of an engine of which nothing can be set."""


def _as(kind: type, name: str, value: object) -> object:
    if kind is bool:
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f"{name}: {value!r} is neither true nor false")
        return str(value).lower() == "true"
    try:
        made = kind(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}: {value!r} is not of type {kind.__name__}") from error
    if not isinstance(value, str) and made != value:
        raise ValueError(f"{name}: {value!r} is not of type {kind.__name__}")
    return made


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"
