"""Hyper-parameter search: options tried on the validation listeners, never on those of the test."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from segue_model.data.progress import Progress
from segue_model.engines.engine import Engine
from segue_model.evaluation.asking import Contender, ask, trained
from segue_model.evaluation.errors import EvaluationError
from segue_model.evaluation.material import Material
from segue_model.evaluation.metrics import estimate
from segue_model.evaluation.results import Trial
from segue_model.evaluation.scoring import accuracy

Options = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Found:
    """The contender with the best options tried, and all trials in the order they were made."""

    contender: Contender
    trials: list[Trial]


def search(contender: Contender, material: Material, trials: int, progress: Progress) -> Found:
    """Return the contender with the options of the highest NDCG on validation listeners.

    Its own options are tried first, then the grid of its engine's values, or a random part of it
    where that is larger than `trials`; of equal ones the first wins.
    Raises: EvaluationError when none of the options will do.
    """
    made: list[Trial] = []
    options: list[Any] = []
    for given in candidates(contender.engine, asdict(contender.options), trials, _seed(material)):
        tried = _try(contender, given, material, progress)
        made.append(tried[0])
        options.append(tried[1])
        progress(f"search {len(made)}", len(made) / trials)
    worth = [one.ndcg_at_100.value if one.ndcg_at_100 else -1.0 for one in made]
    best = int(np.argmax(worth))
    if worth[best] < 0:
        raise EvaluationError(f"{contender.name}: no options will do: {made[best].refused}")
    return Found(replace(contender, options=options[best]), made)


def candidates(engine: Engine[Any], first: Options, trials: int, seed: int) -> Iterator[Options]:
    """Yield at most `trials` sets of options: `first`, then others of the grid of `engine.search`.

    The same arguments yield the same ones.
    """
    yield first
    names, values = list(engine.search), list(engine.search.values())
    sizes = [len(each) for each in values]
    left = trials - 1
    for at in _points(math.prod(sizes), left + 1, seed):
        chosen = np.unravel_index(at, sizes) if sizes else ()
        point = {
            name: values[n][int(i)] for n, (name, i) in enumerate(zip(names, chosen, strict=True))
        }
        given = {**first, **point}
        if given != first and left > 0:
            left -= 1
            yield given


def _points(size: int, number: int, seed: int) -> list[int]:
    """Return all of the grid in order, or `number` of it in random order."""
    if size <= number:
        return list(range(size))
    drawn = np.random.default_rng(seed).choice(size, number, replace=False)
    return [int(at) for at in drawn]


def _try(
    contender: Contender, given: Options, material: Material, progress: Progress
) -> tuple[Trial, Any]:
    try:
        options = contender.engine.with_options(given)
    except ValueError as error:
        return Trial(given, None, None, 0.0, str(error)), None
    ids, held_out = material.whole.songs.ids, material.split.validation
    made = trained(replace(contender, options=options), material.training, ids, progress)
    answers = ask(made.recommender, held_out.shown, progress)
    found = accuracy(answers.recommended, held_out)
    worth = estimate(found.ndcg_at_100), estimate(found.recall_at_20)
    return Trial(asdict(options), *worth, made.seconds), options


def _seed(material: Material) -> int:
    return material.split.plan.seed
