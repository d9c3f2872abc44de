"""Has the end of an execution written once: its state, what it put out, what it cost and why.

TFX's launcher writes an execution's end. What headrace adds would be a second write, and what the
node's result says of the outputs a reading of what was just written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from headrace.launcher.jobs import ArtifactResult
from headrace.node.metadata import Metadata

Execution = metadata_store_pb2.Execution
_BEGINNINGS = (Execution.State.NEW, Execution.State.RUNNING)
_ENDS = (Execution.State.COMPLETE, Execution.State.CACHED)


@dataclass(frozen=True)
class Published:
    """An execution that has ended well, as it was written.

    Attributes:
        outputs: what it put out; None where that is not known in full.
    """

    execution: Any
    outputs: list[ArtifactResult] | None


class Publication:
    """Adds to the end of each execution that one process publishes, and keeps what was written.

    Args:
        add: notes on an execution that is about to be written with these artifacts as outputs.
        begin: notes on one that is about to be registered.
    """

    def __init__(
        self,
        metadata: Metadata,
        add: Callable[[Any, list[int]], None],
        begin: Callable[[Any], None] = lambda execution: None,
    ) -> None:
        self._add, self._begin = add, begin
        self._metadata = metadata
        self._published: dict[int, Published] = {}
        metadata.on_write, metadata.on_written = self._on_write, self._on_written

    def of(self, execution_id: int) -> Published | None:
        """What this process has written of the execution's end, or None."""
        return self._published.get(execution_id)

    def _on_write(self, name: str, request: Any) -> None:
        if name == "PutExecution" and request.execution.last_known_state in _BEGINNINGS:
            self._begin(request.execution)
        execution = _ending(name, request)
        if execution is not None:
            self._add(execution, [artifact.id for artifact, _ in _outputs(name, request)])

    def _on_written(self, name: str, request: Any, response: Any) -> None:
        execution = _ending(name, request)
        if execution is None:
            return
        kept = Execution()
        kept.CopyFrom(execution)
        self._published[kept.id] = Published(kept, self._results(name, request, response))

    def _results(self, name: str, request: Any, response: Any) -> list[ArtifactResult] | None:
        types = self._metadata.artifact_types
        results = []
        for artifact, event in _outputs(name, request, list(response.artifact_ids)):
            if artifact.type_id not in types or not artifact.id:
                return None
            key = next((step.key for step in event.path.steps if step.key), "")
            kind = types[artifact.type_id]
            results.append(ArtifactResult(artifact.id, kind, artifact.uri, key))
        return sorted(results, key=lambda result: (result.key, result.id))


def _ending(name: str, request: Any) -> Any | None:
    """The execution whose successful end this call writes, if it writes that of one."""
    if name == "PutExecution":
        execution = request.execution
    elif name == "PutLineageSubgraph" and len(request.executions) == 1:
        execution = request.executions[0]
    else:
        return None
    return execution if execution.id and execution.last_known_state in _ENDS else None


def _outputs(name: str, request: Any, ids: Sequence[int] = ()) -> list[tuple[Any, Any]]:
    """The artifacts that the call writes as outputs, with ``ids`` where given, and their events."""
    if name == "PutExecution":
        artifacts = [pair.artifact for pair in request.artifact_event_pairs]
        events = list(enumerate(pair.event for pair in request.artifact_event_pairs))
    else:
        artifacts = list(request.artifacts)
        events = [(edge.artifact_index, edge.event) for edge in request.event_edges]
    found = []
    for index, event in events:
        if event.type == metadata_store_pb2.Event.OUTPUT:
            artifact = metadata_store_pb2.Artifact()
            artifact.CopyFrom(artifacts[index])
            if ids:
                artifact.id = ids[index]
            found.append((artifact, event))
    return found
