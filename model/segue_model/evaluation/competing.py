"""Who competes: engines by name with the options asked for, the popularity baseline always."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.evaluation.asked import Asked
from segue_model.evaluation.asking import Contender
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.material import Material
from segue_model.evaluation.outsiders import outsiders
from segue_model.evaluation.results import BASELINE, Evaluation
from segue_model.evaluation.run import Field, evaluate

Engines = Mapping[str, Engine[Any]]


def compete(material: Material, asked: Asked, engines: Engines, progress: Progress) -> Evaluation:
    """Return what was found of the engines and models asked for.

    Raises: EvaluationError naming the engine, option, setting or model that is at fault.
    """
    contenders = _contenders(engines, asked)
    progress("Loading models", 0)
    models = outsiders(material, asked.models, may_have_seen=asked.seen_listeners)
    return evaluate(material, Field(contenders, models, asked.trials), progress)


def _contenders(engines: Engines, asked: Asked) -> list[Contender]:
    named = asked.engines or (() if asked.models else tuple(engines))
    chosen = list(dict.fromkeys([BASELINE, *named]))
    unknown = [name for name in chosen if name not in engines]
    if unknown:
        raise EvaluationError(f"no engine {', '.join(unknown)}; there are {', '.join(engines)}")
    given: dict[str, dict[str, object]] = {name: {} for name in chosen}
    for setting in asked.settings:
        for name, option, value in _meant(setting, {name: engines[name] for name in chosen}):
            given[name][option] = value
    return [_contender(name, engines[name], options) for name, options in given.items()]


def _meant(setting: str, engines: Engines) -> list[tuple[str, str, str]]:
    """Return the engines that a setting is for, with its option and value."""
    key, equals, value = setting.partition("=")
    if not equals:
        raise EvaluationError(f"{setting}: not OPTION=VALUE")
    engine, dot, option = key.rpartition(".")
    if dot and engine not in engines:
        raise EvaluationError(f"{setting}: {engine} is not evaluated")
    named = [engine] if dot else list(engines)
    having = [
        name for name in named if option in {each.name for each in fields(engines[name].options)}
    ]
    if not having:
        raise EvaluationError(f"{setting}: {' and '.join(named)} have no option {option!r}")
    return [(name, option, value) for name in having]


def _contender(name: str, engine: Engine[Any], options: Mapping[str, object]) -> Contender:
    try:
        return Contender(name, engine, engine.with_options(options))
    except ValueError as error:
        raise EvaluationError(f"{name}: {error}") from error
