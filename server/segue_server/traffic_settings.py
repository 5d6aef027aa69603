"""Which engines there are and how requests are shared out to them, as an operator writes it."""

import json
import math
import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

LAST_PORT = 65_535
MODEL = re.compile(r"[^\s/:@]+(@[^\s/:@]+)?")
FORMS = "MODEL, MODEL@LABEL, grpc://HOST:PORT/MODEL[@LABEL], or the http(s) URL of a :predict"


class TrafficError(Exception):
    """A traffic file is at fault; the text names the fields and what is wrong with each."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model of a model server that speaks gRPC; without `address` the default one.

    Without `label` its newest version is meant.
    """

    model: str
    label: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class HostedModel:
    """A model behind REST predict."""

    url: str


def host_and_port(value: str) -> str:
    """Return the address; raise ValueError when it is not HOST:PORT."""
    port = re.fullmatch(r"[^\s/]+:(\d{1,5})", value)
    if port is None or not 1 <= int(port[1]) <= LAST_PORT:
        raise ValueError(f"{value!r} is not HOST:PORT")
    return value


def place_of(text: str) -> ServedModel | HostedModel:
    """Return where a model is; raise ValueError when the text is of none of the forms."""
    if text.startswith(("http://", "https://")):
        if not text.endswith(":predict") or not urlsplit(text).hostname:
            raise ValueError(f"{text!r} is not the URL of a :predict")
        return HostedModel(text)
    address, model = "", text
    if text.startswith("grpc://"):
        address, _, model = text.removeprefix("grpc://").partition("/")
        host_and_port(address)
    if not MODEL.fullmatch(model):
        raise ValueError(f"{text!r} is not {FORMS}")
    name, _, label = model.partition("@")
    return ServedModel(name, label, address)


def _model(text: str) -> str:
    place_of(text)
    return text


def _weight(value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError("a weight is a number of 0 or more")
    return value


EngineName = Annotated[str, Field(pattern=r"^[\w.@-]{1,100}$")]
Model = Annotated[str, AfterValidator(_model)]
Weight = Annotated[float, AfterValidator(_weight)]
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class ExperimentSettings(BaseModel):
    """An experiment: its name, and the weight of each engine that takes part."""

    model_config = _STRICT

    name: EngineName
    arms: dict[EngineName, Weight] = Field(min_length=1)

    @model_validator(mode="after")
    def _some_weight(self) -> "ExperimentSettings":
        if not 0 < sum(self.arms.values()) < math.inf:
            raise ValueError("the weights of the arms are all 0, or too large")
        return self


class TrafficSettings(BaseModel):
    """Engine names with the models that they rank by, the default one, the experiment."""

    model_config = _STRICT

    engines: dict[EngineName, Model] = Field(min_length=1)
    default: str
    experiment: ExperimentSettings | None = None

    @model_validator(mode="after")
    def _all_exist(self) -> "TrafficSettings":
        named = {"default": self.default}
        if self.experiment:
            named |= {f"experiment.arms.{arm}": arm for arm in self.experiment.arms}
        absent = [f"{field}: {name!r}" for field, name in named.items() if name not in self.engines]
        if absent:
            raise ValueError(f"{', '.join(absent)} is not among the engines")
        return self


def parse(content: bytes) -> TrafficSettings:
    """Return what a traffic file says; raise TrafficError naming everything wrong with it."""
    try:
        return TrafficSettings.model_validate(
            json.loads(content.decode(), object_pairs_hook=_once_each)
        )
    except ValidationError as error:
        raise TrafficError("; ".join(map(_told, error.errors()))) from error
    except (ValueError, RecursionError) as error:
        raise TrafficError(f"not JSON: {error}") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{min(doubled)!r} is there more than once")
    return dict(pairs)


def _told(trouble: Any) -> str:  # noqa: ANN401 - pydantic's own type is not public
    place = ".".join(map(str, trouble["loc"]))
    reason = trouble["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
