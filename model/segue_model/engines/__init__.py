"""The engines: one file an algorithm, each from a dataset to a model that can be exported."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue_model.engines.engine import Engine


class _Engines(Mapping[str, "Engine[Any]"]):
    """The `ENGINE` of each module; imported when it is asked for, as TensorFlow takes seconds."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> "Engine[Any]":
        engine: Engine[Any] = import_module(f"{__name__}.{self._modules[name]}").ENGINE
        return engine

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules


# A new engine is a file beside this one and a line here: its name and the module's.
ENGINES: Mapping[str, "Engine[Any]"] = _Engines(
    {
        "content": "content",
        "item-item": "item_item",
        "factors": "factors",
        "blend": "blend",
        "popular": "popularity",
    }
)
