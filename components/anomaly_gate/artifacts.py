"""The artifact that an AnomalyGate puts out."""

from __future__ import annotations

from tfx.types.artifact import Artifact

BLESSED = "blessed"
REASON = "reason"
EXAMPLES_ID = "examples_id"
FILE_NAME = "anomalies.json"


class DataBlessing(Artifact):  # type: ignore[misc]
    """Whether data may be used, as custom property ``blessed`` (0, 1), as ModelBlessing has it.

    ``examples_id`` is the artifact that it is of, ``reason`` the anomalies, which are in
    ``anomalies.json`` too.
    """

    TYPE_NAME = "DataBlessing"
