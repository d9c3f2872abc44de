"""TFX component RetrainGate."""

from __future__ import annotations

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from . import executor, keys
from .artifacts import RETRAIN, RetrainDecision
from .driver import Driver
from .policy import Policy


class RetrainGateSpec(ComponentSpec):  # type: ignore[misc]
    """What a decision is made from."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        keys.POLICY: ExecutionParameter(type=str),
        keys.FORCE: ExecutionParameter(type=int, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        keys.STATISTICS: ChannelParameter(type=standard_artifacts.ExampleStatistics),
        keys.MODEL: ChannelParameter(type=standard_artifacts.Model, optional=True),
        keys.LIVE_STATISTICS: ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
        keys.SERVING_STATISTICS: ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
        keys.EVALUATION: ChannelParameter(type=standard_artifacts.ModelEvaluation, optional=True),
        keys.LIVE_EVALUATION: ChannelParameter(
            type=standard_artifacts.ModelEvaluation, optional=True
        ),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        keys.DECISION: ChannelParameter(type=RetrainDecision),
    }


class RetrainGate(base_component.BaseComponent):  # type: ignore[misc]
    """Decides whether a run has a reason to train a model. See docs/gates.md.

    Component ``outputs`` contains ``decision``. What comes after it goes under
    ``tfx.dsl.Cond(gate.retrain)``.
    """

    SPEC_CLASS = RetrainGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        statistics: types.BaseChannel,
        model: types.BaseChannel | None = None,
        live_statistics: types.BaseChannel | None = None,
        evaluation: types.BaseChannel | None = None,
        live_evaluation: types.BaseChannel | None = None,
        serving_statistics: types.BaseChannel | None = None,
        *,
        policy: Policy | None = None,
        force: int | Any | None = None,
    ) -> None:
        """Construct the component.

        Args:
            statistics: of the new data.
            model: the live model: a Resolver's with LiveModelStrategy. Without one it retrains.
            live_statistics: of the data in the live model's run, of the same Resolver.
            evaluation: of the live model on the new data: LiveEvaluator's.
            live_evaluation: of the live model when it was blessed, of the Resolver.
            serving_statistics: of what the live model is asked in production.
            policy: the reasons to retrain; by default drift and skew.
            force: 1 retrains whatever the figures say; may be a RuntimeParameter.
        """
        spec = RetrainGateSpec(
            statistics=statistics,
            model=model,
            live_statistics=live_statistics,
            evaluation=evaluation,
            live_evaluation=live_evaluation,
            serving_statistics=serving_statistics,
            policy=(policy or Policy()).to_json(),
            force=force,
            decision=types.Channel(type=RetrainDecision),
        )
        super().__init__(spec=spec)

    @property
    def retrain(self) -> Any:
        """The predicate of ``tfx.dsl.Cond``."""
        return self.outputs[keys.DECISION].future()[0].custom_property(RETRAIN) == 1
