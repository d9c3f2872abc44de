"""The artifact that a RetrainGate puts out."""

from __future__ import annotations

from tfx.types.artifact import Artifact

RETRAIN = "retrain"
REASON = "reason"
FILE_NAME = "decision.json"


class RetrainDecision(Artifact):  # type: ignore[misc]
    """Whether to retrain, as custom property ``retrain`` (0, 1), and why, as ``reason``.

    Its directory has ``decision.json``: all that was looked at, with the figures.
    """

    TYPE_NAME = "RetrainDecision"
