"""ML Metadata's protos as headrace's records."""

from __future__ import annotations

import json
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from headrace.graph.resolvers import found_nothing
from headrace.keeping.superseding import is_superseded
from headrace.records.entities import Artifact, Execution, Link
from headrace.records.places import Place

_KINDS = {
    "INPUT": "input",
    "DECLARED_INPUT": "input",
    "OUTPUT": "output",
    "DECLARED_OUTPUT": "output",
    "PENDING_OUTPUT": "output",
    "INTERNAL_INPUT": "internal",
    "INTERNAL_OUTPUT": "internal",
}


def execution_record(proto: Any, place: Place) -> Execution:
    """An execution, with what headrace has noted of it."""
    kept = proto.custom_properties
    state = metadata_store_pb2.Execution.State.Name(proto.last_known_state).lower()
    cache = _text(kept, "headrace_cache")
    error = _text(kept, "headrace_error") or _tfx_error(_text(kept, "__execution_result__"))
    if state == "failed" and found_nothing(proto.type, error):
        state, cache, error = "complete", "found no artifact", ""
    return Execution(
        id=proto.id,
        run_id=place.run_id,
        pipeline=place.pipeline,
        node_id=place.node_id,
        component=proto.type,
        state=state,
        created_ms=proto.create_time_since_epoch,
        updated_ms=proto.last_update_time_since_epoch,
        wall_seconds=_number(kept, "headrace_wall_seconds"),
        cpu_seconds=_number(kept, "headrace_cpu_seconds"),
        peak_memory_bytes=_whole(kept, "headrace_peak_memory_bytes"),
        owner=_text(kept, "headrace_owner"),
        code=_text(kept, "headrace_code"),
        cache=cache,
        error=error,
        superseded=is_superseded(proto),
    )


def artifact_record(proto: Any) -> Artifact:
    """An artifact; TFX keeps the name that its author gave it as a custom property."""
    return Artifact(
        id=proto.id,
        type=proto.type,
        name=proto.name or _text(proto.custom_properties, "name"),
        uri=proto.uri,
        state=metadata_store_pb2.Artifact.State.Name(proto.state).lower(),
        created_ms=proto.create_time_since_epoch,
    )


def link_record(event: Any) -> Link:
    """An event."""
    kind = metadata_store_pb2.Event.Type.Name(event.type)
    key = next((step.key for step in event.path.steps if step.key), "")
    return Link(event.artifact_id, event.execution_id, _KINDS.get(kind, "internal"), key)


def _tfx_error(result: str) -> str:
    """The last line of the traceback that TFX keeps of an input that it could not resolve."""
    try:
        message = str(json.loads(result).get("resultMessage", "")).strip()
    except (ValueError, AttributeError):
        return ""
    return message.splitlines()[-1] if message else ""


def _text(properties: Any, name: str) -> str:
    return str(properties[name].string_value) if name in properties else ""


def _number(properties: Any, name: str) -> float | None:
    return float(properties[name].double_value) if name in properties else None


def _whole(properties: Any, name: str) -> int | None:
    return int(properties[name].int_value) if name in properties else None
