"""Evaluator of the model that is in use, which a pipeline's first run does not have."""

from __future__ import annotations

from typing import Any

from absl import logging
from tfx import types
from tfx.components import Evaluator
from tfx.components.evaluator import executor
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_component_specs as specs

Artifacts = dict[str, list[types.Artifact]]


class LiveExecutor(executor.Executor):  # type: ignore[misc]
    """TFX's, which does nothing where there is no model."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Evaluate the model, if there is one."""
        if not input_dict.get(specs.MODEL_KEY):
            logging.info("There is no live model yet, so nothing is evaluated.")
            return
        super().Do(input_dict, output_dict, exec_properties)


class LiveEvaluator(Evaluator):  # type: ignore[misc]
    """Evaluates the live model on the newest labelled data, for a RetrainGate.

    Takes what Evaluator takes; ``model`` is a Resolver's.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(LiveExecutor)
