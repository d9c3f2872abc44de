"""TFX executor of ForestTuner."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils

from . import hyperparameters
from .dataset import read_training, schema_for
from .executor import transform_of
from .hyperparameters import Value
from .learning import train
from .problem import TRAIN_SPLIT_KEY, read_problem
from .search import read_search

Artifacts = dict[str, list[types.Artifact]]

_BEST = "best_hyperparameters.txt"
_RESULTS = "tuner_results.json"


class TunerExecutor(base_executor.BaseExecutor):  # type: ignore[misc]
    """Searches hyperparameters, and writes the best and all that were tried."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Try hyperparameters on the training split.

        Raises:
            HeadraceError: a parameter, the space or the examples are at fault.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        problem = read_problem(exec_properties)
        search = read_search(exec_properties)
        fixed = hyperparameters.check(
            problem.algorithm, hyperparameters.of_properties(exec_properties)
        )
        fixed = {name: value for name, value in fixed.items() if name not in search.space}
        schema = schema_for(input_dict.get(specs.SCHEMA_KEY), transform_of(input_dict))
        examples = input_dict[specs.EXAMPLES_KEY]
        data = read_training(examples, exec_properties[TRAIN_SPLIT_KEY], problem, schema)
        model = train(problem, fixed, data, search.tuner())
        trials = model.hyperparameter_optimizer_logs().trials
        results = _ranked([(trial.score, _typed(search.space, trial.params)) for trial in trials])
        best = {name: results[0][name] for name in search.space}
        logging.info("The best of %d trials: %s.", len(results), results[0])
        _write(output_dict, specs.BEST_HYPERPARAMETERS_KEY, _BEST, search.best(best))
        _write(output_dict, specs.TUNER_RESULTS_KEY, _RESULTS, results)


def _typed(space: Mapping[str, Sequence[Value]], tried: Mapping[str, Any]) -> dict[str, Value]:
    """What was tried, as the space has it: YDF logs float32, and bools as texts."""
    return {name: _nearest(space[name], tried[name]) for name in space}


def _nearest(values: Sequence[Value], logged: Any) -> Value:
    def distance(value: Value) -> float:
        if isinstance(value, (bool, str)):
            return float(str(value).lower() != str(logged).lower())
        return abs(value - float(logged))

    return min(values, key=distance)


def _ranked(trials: Sequence[tuple[float, Mapping[str, Value]]]) -> list[dict[str, Any]]:
    """The best first; of equals, the one whose values are written first, so that none is chance."""
    ranked = sorted(trials, key=lambda trial: (-trial[0], json.dumps(trial[1], sort_keys=True)))
    return [
        {"trial_id": str(i), "score": score, **tried} for i, (score, tried) in enumerate(ranked)
    ]


def _write(output_dict: Artifacts, key: str, name: str, content: Any) -> None:
    uri = artifact_utils.get_single_uri(output_dict[key])
    io_utils.write_string_file(posixpath.join(uri, name), json.dumps(content))
