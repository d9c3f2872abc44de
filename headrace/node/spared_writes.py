"""Leaves out of a write what the store has, so that ML Metadata does not look whether it has it.

TFX writes an execution with its artifacts and contexts as a whole, at its beginning and at its end.
For each artifact ML Metadata makes four round trips to find that nothing has changed, and for each
context three to find that the execution is in it.
"""

from __future__ import annotations

from typing import Any

from ml_metadata.proto import metadata_store_service_pb2 as service

_WRITE = "PutExecution"


class KnownState:
    """What one process has read of artifacts and has written of executions."""

    def __init__(self) -> None:
        self._artifacts: dict[int, Any] = {}
        self._contexts: dict[int, set[int]] = {}

    def learn(self, name: str, request: Any, response: Any) -> None:
        """Keep what a call has said."""
        if name == "GetArtifactsByID":
            for artifact in response.artifacts:
                self._artifacts[artifact.id] = type(artifact)()
                self._artifacts[artifact.id].CopyFrom(artifact)
        elif name == _WRITE:
            self._contexts.setdefault(response.execution_id, set()).update(response.context_ids)
            for pair in request.artifact_event_pairs:
                self._artifacts.pop(pair.artifact.id, None)
        elif not name.startswith("Get"):
            self._artifacts.clear()

    def without_known(self, name: str, request: Any) -> Any:
        """The request, or a smaller one that has the same effect."""
        if name != _WRITE:
            return request
        smaller = service.PutExecutionRequest()
        smaller.CopyFrom(request)
        for pair in smaller.artifact_event_pairs:
            if pair.HasField("event") and pair.artifact == self._artifacts.get(pair.artifact.id):
                pair.event.artifact_id = pair.artifact.id
                pair.ClearField("artifact")
        if not smaller.artifact_event_pairs:  # with them, each artifact is put into each context
            known = self._contexts.get(smaller.execution.id, set())
            kept = [context for context in smaller.contexts if context.id not in known]
            del smaller.contexts[:]
            smaller.contexts.extend(kept)
        return smaller


def complete(name: str, request: Any, smaller: Any, response: Any) -> None:
    """Make the response to the smaller request one to the request, with an id of each context."""
    if name == _WRITE and len(smaller.contexts) < len(request.contexts):
        told = iter(list(response.context_ids))
        sent = {context.id for context in smaller.contexts}
        ids = [next(told) if context.id in sent else context.id for context in request.contexts]
        response.context_ids[:] = ids
