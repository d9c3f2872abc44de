"""TFX component ForestTuner."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from . import problem, search
from .component import EXAMPLES_INPUTS, PROBLEM_PARAMETERS, check_now, problem_properties
from .tuner_executor import TunerExecutor


class ForestTunerSpec(ComponentSpec):  # type: ignore[misc]
    """What is searched, and on what."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **PROBLEM_PARAMETERS,
        search.SPACE_KEY: ExecutionParameter(type=str),
        search.TRIALS_KEY: ExecutionParameter(type=int),
        search.PARALLEL_KEY: ExecutionParameter(type=int),
    }
    INPUTS = EXAMPLES_INPUTS
    OUTPUTS: ClassVar[dict[str, Any]] = {
        specs.BEST_HYPERPARAMETERS_KEY: ChannelParameter(type=standard_artifacts.HyperParameters),
        specs.TUNER_RESULTS_KEY: ChannelParameter(type=standard_artifacts.TunerResults),
    }


class ForestTuner(base_component.BaseComponent):  # type: ignore[misc]
    """Tries hyperparameters of a forest with YDF's random search, several at once.

    See docs/forest_trainer.md. Component ``outputs`` contains ``best_hyperparameters``, a channel
    of type ``standard_artifacts.HyperParameters``, and ``tuner_results``, both as TFX's Tuner
    writes them.
    """

    SPEC_CLASS = ForestTunerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(TunerExecutor)

    def __init__(
        self,
        examples: types.BaseChannel,
        label: str | Any,
        task: str | Any,
        *,
        space: Mapping[str, Sequence[Any]],
        trials: int | Any = 20,
        parallel_trials: int | Any = 0,
        transform_graph: types.BaseChannel | None = None,
        schema: types.BaseChannel | None = None,
        algorithm: str | Any = problem.Algorithm.GRADIENT_BOOSTED_TREES.value,
        weights: str | Any | None = None,
        features: Sequence[str] | None = None,
        categorical: Sequence[str] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        seed: int | Any = 0,
        threads: int | Any = 0,
        train_split: str | Any = "train",
    ) -> None:
        """Construct the component; what is not named here is as of ForestTrainer.

        Args:
            examples: as of ForestTrainer. Only the training split is read: what a forest is judged
                by at the end has no say here.
            label: as of ForestTrainer.
            task: as of ForestTrainer.
            space: for each hyperparameter to search, the values to try.
            trials: how many forests to train.
            parallel_trials: so many at once; 0 for one a processor.
            transform_graph: as of ForestTrainer.
            schema: as of ForestTrainer.
            algorithm: as of ForestTrainer.
            weights: as of ForestTrainer.
            features: as of ForestTrainer.
            categorical: as of ForestTrainer.
            hyperparameters: those that are not searched.
            seed: as of ForestTrainer.
            threads: of all trials together; 0 for one a processor.
            train_split: as of ForestTrainer.

        Raises:
            HeadraceError: one of them has no meaning.
        """
        properties = problem_properties(
            label, task, algorithm, weights, features, categorical, hyperparameters, seed, threads
        )
        properties[search.SPACE_KEY] = json.dumps(
            {name: list(values) for name, values in space.items()}
        )
        properties |= {search.TRIALS_KEY: trials, search.PARALLEL_KEY: parallel_trials}
        if check_now(properties):
            search.read_search(properties)
        spec = ForestTunerSpec(
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            train_split=train_split,
            best_hyperparameters=types.Channel(type=standard_artifacts.HyperParameters),
            tuner_results=types.Channel(type=standard_artifacts.TunerResults),
            **properties,
        )
        super().__init__(spec=spec)
