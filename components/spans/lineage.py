"""Which spans of data an artifact was made from, by the events in the metadata store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx import types

_SPAN = "span"
_MODEL = "Model"
_Event = metadata_store_pb2.Event


def property_span(artifact: Any) -> int | None:
    """The span that an ExampleGen has noted on its artifact; None where it has none.

    Args:
        artifact: an artifact of ML Metadata, not of TFX.
    """
    if _SPAN not in artifact.custom_properties:
        return None
    value = artifact.custom_properties[_SPAN]
    # Early versions of TFX kept it as text.
    return int(value.string_value) if value.HasField("string_value") else int(value.int_value)


def span_of(artifact: types.Artifact) -> int:
    """The span of the run's examples.

    Raises:
        ValueError: they have none.
    """
    span = property_span(artifact.mlmd_artifact)
    if span is None:
        raise ValueError(
            f"the examples {artifact.id} ({artifact.uri}) have no span: "
            "give the ExampleGen that made them a pattern with {SPAN} or {YYYY}, {MM} and {DD}"
        )
    return span


def newest_span(store: Any, artifact_id: int) -> int | None:
    """The newest span among the data that an artifact was made from; None where there is none.

    What a model was warm-started from is not looked into: it is older than the model.
    """
    found: list[int] = []
    seen, level = {artifact_id}, [artifact_id]
    while level:
        above = _made_from(store, level) - seen
        seen |= above
        level = []
        for artifact in store.get_artifacts_by_id(sorted(above)) if above else ():
            span = property_span(artifact)
            if span is not None:
                found.append(span)
            elif artifact.type != _MODEL:
                level.append(artifact.id)
    return max(found, default=None)


def inputs_of(store: Any, artifact_id: int, key: str) -> list[int]:
    """Ids of what the execution that made an artifact was given as the input ``key``."""
    events = store.get_events_by_execution_ids(_makers(store, [artifact_id]))
    return [
        event.artifact_id
        for event in events
        if event.type == _Event.INPUT and any(step.key == key for step in event.path.steps)
    ]


def _made_from(store: Any, artifact_ids: Iterable[int]) -> set[int]:
    makers = _makers(store, artifact_ids)
    events = store.get_events_by_execution_ids(makers) if makers else []
    return {event.artifact_id for event in events if event.type == _Event.INPUT}


def _makers(store: Any, artifact_ids: Iterable[int]) -> list[int]:
    """Executions that made the artifacts; resolvers, which only hand them on, are none."""
    events = store.get_events_by_artifact_ids(list(artifact_ids))
    return sorted({event.execution_id for event in events if event.type == _Event.OUTPUT})
