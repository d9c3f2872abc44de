"""TFX component AnomalyGate."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from headrace.errors import UsageError

from . import executor
from .artifacts import BLESSED, DataBlessing
from .findings import SEVERITIES


class AnomalyGateSpec(ComponentSpec):  # type: ignore[misc]
    """The anomalies, and which of them count."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        executor.SEVERITY_KEY: ExecutionParameter(type=str),
        executor.ON_ANOMALY_KEY: ExecutionParameter(type=str),
        executor.IGNORED_KEY: ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        executor.ANOMALIES_KEY: ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        executor.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples, optional=True),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        executor.BLESSING_KEY: ChannelParameter(type=DataBlessing),
    }


class AnomalyGate(base_component.BaseComponent):  # type: ignore[misc]
    """Stops a run whose data has anomalies, or sets the data aside. See docs/gates.md.

    With ``on_anomaly="fail"`` let Transform come after it: ``transform.add_upstream_node(gate)``.
    With ``"quarantine"`` put what uses the data under ``tfx.dsl.Cond(gate.clean)``.
    """

    SPEC_CLASS = AnomalyGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        anomalies: types.BaseChannel,
        examples: types.BaseChannel | None = None,
        *,
        severity: str | Any = "ERROR",
        on_anomaly: str | Any = executor.FAIL,
        ignored: Collection[str] = (),
    ) -> None:
        """Construct the component.

        Args:
            anomalies: ExampleValidator's.
            examples: the data that they are of, for CleanSpansStrategy.
            severity: the least that counts, "ERROR" or "WARNING".
            on_anomaly: "fail", or "quarantine" to go on without this data.
            ignored: names of features whose anomalies do not count.

        Raises:
            UsageError: one of them has no meaning.
        """
        _check("severity", severity, SEVERITIES)
        _check("on_anomaly", on_anomaly, (executor.FAIL, executor.QUARANTINE))
        spec = AnomalyGateSpec(
            anomalies=anomalies,
            examples=examples,
            severity=severity,
            on_anomaly=on_anomaly,
            ignored=json.dumps(sorted(ignored)),
            blessing=types.Channel(type=DataBlessing),
        )
        super().__init__(spec=spec)

    @property
    def clean(self) -> Any:
        """The predicate of ``tfx.dsl.Cond``."""
        return self.outputs[executor.BLESSING_KEY].future()[0].custom_property(BLESSED) == 1


def _check(name: str, value: Any, known: Collection[str]) -> None:
    if isinstance(value, str) and value not in known:
        raise UsageError(
            f"AnomalyGate: {name} {value!r} is not known", f"it is one of {', '.join(known)}"
        )
