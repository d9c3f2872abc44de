"""What made an artifact and what that has read, by the events of a metadata store."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ml_metadata.proto import metadata_store_pb2

_Event = metadata_store_pb2.Event
_READ = (_Event.INPUT, _Event.DECLARED_INPUT)
_MADE = (_Event.OUTPUT, _Event.DECLARED_OUTPUT)


def makers(store: Any, artifact_ids: Iterable[int]) -> list[int]:
    """Ids of the executions that made the artifacts, or found them cached; the oldest first.

    Resolvers, which only hand artifacts on, are none.
    """
    events = store.get_events_by_artifact_ids(list(artifact_ids))
    return sorted({event.execution_id for event in events if event.type in _MADE})


def inputs(store: Any, execution_ids: Collection[int]) -> dict[str, list[int]]:
    """Ids of what the executions have read, by key."""
    return _by_key(store, execution_ids, _READ)


def outputs(store: Any, execution_ids: Collection[int]) -> dict[str, list[int]]:
    """Ids of what the executions have put out, by key."""
    return _by_key(store, execution_ids, _MADE)


def _by_key(store: Any, execution_ids: Collection[int], kinds: Any) -> dict[str, list[int]]:
    events = store.get_events_by_execution_ids(list(execution_ids)) if execution_ids else ()
    found: dict[str, list[int]] = {}
    for event in events:
        if event.type in kinds:
            key = next((step.key for step in event.path.steps if step.key), "")
            found.setdefault(key, []).append(event.artifact_id)
    return found
