"""A node's memory of what the metadata store has answered, so that it asks once.

TFX's launcher and headrace's own steps around it ask for the same contexts and types many times,
and for the executions of a run twice. On a database server each call is of four to six round trips.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto import metadata_store_service_pb2 as service

_LASTING = {
    "GetContextByTypeAndName": "context",
    "GetContextType": "context_type",
    "GetExecutionType": "execution_type",
    "GetArtifactType": "artifact_type",
    "GetArtifactTypesByID": "artifact_types",
}
"""Calls whose answer stays: contexts and types are never removed, and types only grow. By the field
that an answer has; without it, what was asked for may still come."""
_BRIEF = frozenset(("GetExecutionsByContext", "GetContextsByExecution", "GetExecutionsByID"))
"""Calls whose answer another process may change. For a moment it is what it was."""
_MOMENT_SECONDS = 5.0


class Answers:
    """What one process has been told; every write of its own forgets what that may change."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lasting: dict[tuple[str, bytes], bytes] = {}
        self._brief: dict[tuple[str, bytes], tuple[float, bytes]] = {}

    def recall(self, name: str, request: Any, response: Any) -> bool:
        """Fill ``response`` with what is known; return whether anything is."""
        if name not in _LASTING and name not in _BRIEF:
            return False
        key = (name, request.SerializeToString(deterministic=True))
        data = self._lasting.get(key)
        if data is None and key in self._brief:
            told, answer = self._brief[key]
            data = answer if self._now() - told < _MOMENT_SECONDS else None
        if data is None:
            return False
        response.ParseFromString(data)
        return True

    def keep(self, name: str, request: Any, response: Any) -> None:
        """Remember an answer of the store, and an execution that was just written as it is now."""
        if name == "PutExecution":
            name, request, response = _as_asked(request, response)
        if name in _BRIEF:
            key = (name, request.SerializeToString(deterministic=True))
            self._brief[key] = (self._now(), response.SerializeToString())
        elif name in _LASTING and any(
            field.name == _LASTING[name] for field, _ in response.ListFields()
        ):
            key = (name, request.SerializeToString(deterministic=True))
            self._lasting[key] = response.SerializeToString()

    def forget(self, name: str) -> None:
        """Forget what the call ``name``, about to be made, may change."""
        if not name.startswith("Get"):
            self._brief.clear()
        if name.startswith("Put") and name.endswith(("Type", "Types")):
            self._lasting.clear()


def _as_asked(request: Any, response: Any) -> tuple[str, Any, Any]:
    """The call that would read the execution that this one has written.

    TFX reads an execution before it writes its end, be it a moment after its registration.
    """
    execution = metadata_store_pb2.Execution()
    execution.CopyFrom(request.execution)
    execution.id = response.execution_id
    return (
        "GetExecutionsByID",
        service.GetExecutionsByIDRequest(execution_ids=[execution.id]),
        service.GetExecutionsByIDResponse(executions=[execution]),
    )
