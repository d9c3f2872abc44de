"""RetrainGate: retrains only when there is a reason. docs/gates.md has all of it.

The component has one name, ``headrace.components.retrain_gate``, however it is imported, because
TFX records the import path of its executor.
"""

from headrace.components.retrain_gate.component import RetrainGate
from headrace.components.retrain_gate.live_evaluator import LiveEvaluator
from headrace.components.retrain_gate.live_model import LiveModelBefore, LiveModelStrategy
from headrace.components.retrain_gate.policy import MetricLimit, Policy

__all__ = [
    "LiveEvaluator",
    "LiveModelBefore",
    "LiveModelStrategy",
    "MetricLimit",
    "Policy",
    "RetrainGate",
]
