"""AnomalyGate: anomalies in the data stop the run, or set the data aside. docs/gates.md.

The component has one name, ``headrace.components.anomaly_gate``, however it is imported, because
TFX records the import path of its executor.
"""

from headrace.components.anomaly_gate.clean_spans import CleanSpansStrategy
from headrace.components.anomaly_gate.component import AnomalyGate

__all__ = ["AnomalyGate", "CleanSpansStrategy"]
