"""A random search of hyperparameters: what is tried, how many at once, and the best of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras_tuner
import ydf

from headrace.errors import HeadraceError

from . import hyperparameters
from .hyperparameters import Value
from .learning import processors
from .problem import Algorithm

SPACE_KEY = "space"
TRIALS_KEY = "trials"
PARALLEL_KEY = "parallel_trials"


@dataclass(frozen=True)
class Search:
    """What is searched.

    Attributes:
        space: the values to try, by hyperparameter.
        parallel: how many trials run at once.
    """

    space: Mapping[str, list[Value]]
    trials: int
    parallel: int

    def tuner(self) -> ydf.RandomSearchTuner:
        """YDF's search."""
        tuner = ydf.RandomSearchTuner(num_trials=self.trials, parallel_trials=self.parallel)
        for name, values in self.space.items():
            tuner.choice(name, values)
        return tuner

    def best(self, chosen: Mapping[str, Value]) -> dict[str, Any]:
        """A choice as KerasTuner keeps it, which is TFX's form of HyperParameters."""
        found = keras_tuner.HyperParameters()
        for name, values in self.space.items():
            found.Choice(name, values, default=values[0])
            found.values[name] = chosen[name]
        config: dict[str, Any] = found.get_config()
        return config


def read_search(properties: Mapping[str, Any]) -> Search:
    """Return what execution properties say.

    Raises:
        HeadraceError: one of them has no meaning.
    """
    algorithm = Algorithm(properties["algorithm"])
    space = json.loads(properties[SPACE_KEY])
    if not space:
        raise HeadraceError("space must name at least one hyperparameter and the values to try")
    checked = {name: _values(algorithm, name, values) for name, values in space.items()}
    trials, parallel = int(properties[TRIALS_KEY]), int(properties[PARALLEL_KEY])
    if trials < 1:
        raise HeadraceError(f"trials must be at least 1, not {trials}")
    if parallel < 0:
        raise HeadraceError(f"parallel_trials must be 0 (one a processor) or more, not {parallel}")
    # YDF does not try the same twice, and would look for more than there is.
    trials = min(trials, math.prod(map(len, checked.values())))
    threads = int(properties.get("threads") or 0) or processors()
    return Search(checked, trials, min(parallel or threads, trials))


def _values(algorithm: Algorithm, name: str, values: list[Any]) -> list[Value]:
    if not values:
        raise HeadraceError(f"space has no value to try for {name}")
    found = [hyperparameters.check(algorithm, {name: value})[name] for value in values]
    if len(set(found)) < len(found):
        raise HeadraceError(f"space names a value of {name} twice: {values}")
    return found
