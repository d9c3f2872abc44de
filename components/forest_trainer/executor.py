"""TFX executor of ForestTrainer."""

from __future__ import annotations

from typing import Any

import tensorflow_transform as tft
from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import path_utils

from . import hyperparameters
from .dataset import read_held_out, read_training, schema_for
from .export import export
from .learning import train
from .problem import EVAL_SPLIT_KEY, TRAIN_SPLIT_KEY, TUNED_KEY, read_problem
from .reports import write_reports

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):  # type: ignore[misc]
    """Trains a forest and exports it as a SavedModel."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Train on one split, judge by another, and write the model and what there is to tell.

        Raises:
            HeadraceError: a parameter, a hyperparameter or the examples are at fault.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        problem = read_problem(exec_properties)
        chosen = hyperparameters.check(
            problem.algorithm,
            {
                **hyperparameters.of_properties(exec_properties),
                # What a tuner found is what it was run for.
                **hyperparameters.of_artifact(input_dict.get(TUNED_KEY)),
            },
        )
        examples = input_dict[specs.EXAMPLES_KEY]
        transform = transform_of(input_dict)
        schema = schema_for(input_dict.get(specs.SCHEMA_KEY), transform)
        data = read_training(examples, exec_properties[TRAIN_SPLIT_KEY], problem, schema)
        held_out = read_held_out(examples, exec_properties[EVAL_SPLIT_KEY], problem, data)
        model = train(problem, chosen, data)
        uri = artifact_utils.get_single_uri(output_dict[specs.MODEL_KEY])
        export(model, problem, data, transform, path_utils.serving_model_dir(uri))
        run_uri = artifact_utils.get_single_uri(output_dict[specs.MODEL_RUN_KEY])
        told = write_reports(run_uri, model, problem, chosen, data, held_out)
        logging.info("Trained %s.", told)


def transform_of(input_dict: Artifacts) -> tft.TFTransformOutput | None:
    """What Transform made the examples with, if it did."""
    artifacts = input_dict.get(specs.TRANSFORM_GRAPH_KEY)
    return tft.TFTransformOutput(artifact_utils.get_single_uri(artifacts)) if artifacts else None
