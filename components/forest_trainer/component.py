"""TFX component ForestTrainer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from . import hyperparameters as checking
from . import problem
from .executor import Executor

PROBLEM_PARAMETERS: dict[str, Any] = {
    problem.LABEL_KEY: ExecutionParameter(type=str),
    problem.TASK_KEY: ExecutionParameter(type=str),
    problem.ALGORITHM_KEY: ExecutionParameter(type=str),
    problem.WEIGHTS_KEY: ExecutionParameter(type=str, optional=True),
    problem.FEATURES_KEY: ExecutionParameter(type=str, optional=True),
    problem.CATEGORICAL_KEY: ExecutionParameter(type=str, optional=True),
    problem.SEED_KEY: ExecutionParameter(type=int),
    problem.THREADS_KEY: ExecutionParameter(type=int),
    problem.TRAIN_SPLIT_KEY: ExecutionParameter(type=str),
    problem.HYPERPARAMETERS_KEY: ExecutionParameter(type=str),
}
EXAMPLES_INPUTS: dict[str, Any] = {
    specs.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples),
    specs.TRANSFORM_GRAPH_KEY: ChannelParameter(
        type=standard_artifacts.TransformGraph, optional=True
    ),
    specs.SCHEMA_KEY: ChannelParameter(type=standard_artifacts.Schema, optional=True),
}


class ForestTrainerSpec(ComponentSpec):  # type: ignore[misc]
    """What a forest is trained from and by."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **PROBLEM_PARAMETERS,
        problem.EVAL_SPLIT_KEY: ExecutionParameter(type=str),
        "num_trees": ExecutionParameter(type=int, optional=True),
        "max_depth": ExecutionParameter(type=int, optional=True),
        "min_examples": ExecutionParameter(type=int, optional=True),
        "shrinkage": ExecutionParameter(type=float, optional=True),
        "subsample": ExecutionParameter(type=float, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        **EXAMPLES_INPUTS,
        problem.TUNED_KEY: ChannelParameter(type=standard_artifacts.HyperParameters, optional=True),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        specs.MODEL_KEY: ChannelParameter(type=standard_artifacts.Model),
        specs.MODEL_RUN_KEY: ChannelParameter(type=standard_artifacts.ModelRun),
    }


class ForestTrainer(base_component.BaseComponent):  # type: ignore[misc]
    """Trains gradient-boosted trees or a random forest with YDF, as Trainer trains a network.

    See docs/forest_trainer.md. Component ``outputs`` contains ``model``, a channel of type
    ``standard_artifacts.Model``, and ``model_run``, of type ``standard_artifacts.ModelRun``.
    """

    SPEC_CLASS = ForestTrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        label: str | Any,
        task: str | Any,
        *,
        transform_graph: types.BaseChannel | None = None,
        schema: types.BaseChannel | None = None,
        algorithm: str | Any = problem.Algorithm.GRADIENT_BOOSTED_TREES.value,
        weights: str | Any | None = None,
        features: Sequence[str] | None = None,
        categorical: Sequence[str] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        num_trees: int | Any | None = None,
        max_depth: int | Any | None = None,
        min_examples: int | Any | None = None,
        shrinkage: float | Any | None = None,
        subsample: float | Any | None = None,
        tuned: types.BaseChannel | None = None,
        seed: int | Any = 0,
        threads: int | Any = 0,
        train_split: str | Any = "train",
        eval_split: str | Any = "eval",
    ) -> None:
        """Construct the component.

        Args:
            examples: what to train on: Transform's, or raw ones.
            label: the feature to predict, by its name in ``examples``.
            task: "binary", "multiclass" or "regression".
            transform_graph: of the Transform that made ``examples``; it becomes part of the model.
            schema: of raw examples.
            algorithm: "gradient_boosted_trees" or "random_forest".
            weights: the feature that says how much each row counts.
            features: what to learn from; by default all that the schema has.
            categorical: features whose whole numbers are names; those that Transform's
                vocabularies made are known to be.
            hyperparameters: any of YDF's, by its names.
            num_trees: one of them, for a run to set; so are ``max_depth``, ``min_examples``,
                ``shrinkage`` and ``subsample``.
            max_depth: see ``num_trees``.
            min_examples: see ``num_trees``.
            shrinkage: see ``num_trees``; of gradient-boosted trees only.
            subsample: see ``num_trees``; of gradient-boosted trees only.
            tuned: a channel of HyperParameters, such as ForestTuner's; what it has goes before
                the others.
            seed: of all that is drawn by chance.
            threads: 0 for one a processor.
            train_split: the split to train on.
            eval_split: the split to judge by.

        Raises:
            HeadraceError: one of them has no meaning.
        """
        one_by_one = {
            "num_trees": num_trees,
            "max_depth": max_depth,
            "min_examples": min_examples,
            "shrinkage": shrinkage,
            "subsample": subsample,
        }
        properties = problem_properties(
            label, task, algorithm, weights, features, categorical, hyperparameters, seed, threads
        )
        check_now({**properties, **one_by_one})
        spec = ForestTrainerSpec(
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            tuned=tuned,
            train_split=train_split,
            eval_split=eval_split,
            model=types.Channel(type=standard_artifacts.Model),
            model_run=types.Channel(type=standard_artifacts.ModelRun),
            **properties,
            **one_by_one,
        )
        super().__init__(spec=spec)


def problem_properties(
    label: Any,
    task: Any,
    algorithm: Any,
    weights: Any,
    features: Sequence[str] | None,
    categorical: Sequence[str] | None,
    hyperparameters: Mapping[str, Any] | None,
    seed: Any,
    threads: Any,
) -> dict[str, Any]:
    """Execution properties that ForestTrainer and ForestTuner share."""
    return {
        problem.LABEL_KEY: label,
        problem.TASK_KEY: task,
        problem.ALGORITHM_KEY: algorithm,
        problem.WEIGHTS_KEY: weights,
        problem.FEATURES_KEY: problem.as_json(features),
        problem.CATEGORICAL_KEY: problem.as_json(categorical),
        problem.HYPERPARAMETERS_KEY: json.dumps(dict(hyperparameters or {}), sort_keys=True),
        problem.SEED_KEY: seed,
        problem.THREADS_KEY: threads,
    }


def check_now(properties: Mapping[str, Any]) -> bool:
    """Check them when the pipeline is made, unless a run will set one; say whether it was done.

    Raises:
        HeadraceError: one of them has no meaning.
    """
    plain = (str, int, float, type(None))
    if not all(isinstance(value, plain) for value in properties.values()):
        return False
    found = problem.read_problem(properties)
    checking.check(found.algorithm, checking.of_properties(properties))
    return True
