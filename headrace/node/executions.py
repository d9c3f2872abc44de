"""The execution of a node in a run, in the metadata store: find, reopen, cancel, annotate."""

from __future__ import annotations

import contextlib
import json
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.orchestration.portable import outputs_utils
from tfx.orchestration.portable.mlmd import context_lib, execution_lib

from headrace.files import exclusive_lock
from headrace.flink_runner.facts import JobFacts
from headrace.keeping.owner import DIRECTORY, LEFT, PROCESS, Owner
from headrace.keeping.superseding import mark_superseded
from headrace.launcher.jobs import ArtifactResult
from headrace.node import output_removal
from headrace.node.pipeline_ir import NodeSpec
from headrace.node.usage import Usage
from headrace.store.leavings import leavings, note_left

Execution = metadata_store_pb2.Execution
Artifact = metadata_store_pb2.Artifact

TRY = "headrace_try"
"""Custom property of an execution: the last try that ran it."""

_LONGEST_ERROR = 1000


def find_execution(handle: Any, spec: NodeSpec) -> Any | None:
    """The node's newest execution in this run, or None."""
    contexts = context_lib.prepare_contexts(
        metadata_handle=handle, node_contexts=spec.node.contexts
    )
    found = execution_lib.get_executions_associated_with_all_contexts(handle, contexts)
    return max(found, key=lambda execution: execution.id, default=None)


def reopen_dead_try(handle: Any, spec: NodeSpec, try_number: int) -> int | None:
    """Make an earlier, unsuccessful try of the node ready to run again; return its id, if any.

    TFX's launcher reuses the execution of an earlier try, with the same output directories. What
    that try left in them is removed first, so that it cannot mix with what the new try writes.
    """
    if not _is_unsuccessful(find_execution(handle, spec)):
        return None
    # Somebody may be about to close it, because its process is dead.
    with exclusive_lock(handle.closing_lock):
        execution = find_execution(handle, spec)
        if not _is_unsuccessful(execution):
            return None
        return _reopen(handle, spec, execution, try_number)


def supersede(handle: Any, spec: NodeSpec, cleared_after: int) -> int | None:
    """Have an ended execution of the node in this run not count any more; return its id, if any.

    Its outputs stay as they are: other runs may have them, and the node itself, from the cache,
    where nothing has changed. One that failed is not run again under the same execution either: it
    may have had other inputs.

    Args:
        cleared_after: the last try whose execution is meant; that of a later one counts.
    """
    execution = find_execution(handle, spec)
    if execution is None or execution_lib.is_execution_active(execution):
        return None
    if execution.custom_properties[TRY].int_value > cleared_after:
        return None
    mark_superseded(execution)
    handle.store.put_executions([execution])
    return int(execution.id)


def has_read_others(
    handle: Any, execution: Any, inputs: Mapping[str, Sequence[Any]] | None
) -> bool:
    """Whether the store knows the execution as a reader of other artifacts than these."""
    kinds = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)
    events = handle.store.get_events_by_execution_ids([execution.id])
    read = {event.artifact_id for event in events if event.type in kinds}
    return read != {item.id for artifacts in (inputs or {}).values() for item in artifacts}


def supersede_open(handle: Any, execution: Any) -> None:
    """Close an execution that has not ended, for another of the node in its run."""
    execution.last_known_state = Execution.State.CANCELED
    mark_superseded(execution)
    handle.store.put_executions([execution])


def _is_unsuccessful(execution: Any | None) -> bool:
    return execution is not None and not execution_lib.is_execution_successful(execution)


def _reopen(handle: Any, spec: NodeSpec, execution: Any, try_number: int) -> int:
    remove_outputs(spec, execution.id)
    _remove_state(spec, execution)
    for artifact in output_artifacts(handle, execution.id):
        artifact.state = Artifact.State.ABANDONED
        handle.store.put_artifacts([artifact])
    execution.last_known_state = Execution.State.RUNNING
    for name in ("__execution_result__", "headrace_error", LEFT):
        execution.custom_properties.pop(name, None)
    own(execution, spec, try_number)
    handle.store.put_executions([execution])
    return int(execution.id)


def own(execution: Any, spec: NodeSpec, try_number: int) -> None:
    """Put into the execution that this process runs it, and where it leaves files meanwhile."""
    properties = execution.custom_properties
    properties[TRY].int_value = try_number
    properties[PROCESS].string_value = Owner.this_process().to_text()
    properties[DIRECTORY].string_value = outputs_utils.get_node_dir(
        spec.pipeline.runtime_spec, spec.node.node_info.id
    )


def close_cancelled(handle: Any, spec: NodeSpec) -> None:
    """Mark the node's execution as cancelled, its outputs abandoned, and remove its files.

    One that has failed, too: what a component started was told to end as well, and may have failed
    it by that.
    """
    execution = find_execution(handle, spec)
    if execution is None or execution_lib.is_execution_successful(execution):
        return
    with contextlib.suppress(Exception):  # that it is cancelled must be kept all the same
        remove_outputs(spec, execution.id)
    note_what_is_left(execution)
    for artifact in output_artifacts(handle, execution.id):
        artifact.state = Artifact.State.ABANDONED
        handle.store.put_artifacts([artifact])
    execution.last_known_state = Execution.State.CANCELED
    handle.store.put_executions([execution])


def note_what_is_left(execution: Any) -> None:
    """Put into an execution that has not ended well what could not be removed, for a repair."""
    first = next(leavings(execution), None)
    note_left(execution, f"{first} could not be removed" if first is not None else "")


def remove_outputs(spec: NodeSpec, execution_id: int) -> None:
    """Remove the directories that this execution's outputs would be written to."""
    resolver = outputs_utils.OutputsResolver(
        pipeline_node=spec.node,
        pipeline_info=spec.pipeline.pipeline_info,
        pipeline_runtime_spec=spec.pipeline.runtime_spec,
    )
    output_removal.remove_outputs(resolver.generate_output_artifacts(execution_id))


def _remove_state(spec: NodeSpec, execution: Any) -> None:
    """Remove the directory of TFX's that a try keeps its state in; see ``NodeLauncher``."""
    if execution.name:
        node = outputs_utils.get_node_dir(spec.pipeline.runtime_spec, spec.node.node_info.id)
        directory = posixpath.join(node, ".system", "stateful_working_dir", execution.name)
        if fileio.exists(directory):
            fileio.rmtree(directory)


def output_artifacts(handle: Any, execution_id: int) -> list[Any]:
    """The artifacts that an execution put out, from its events."""
    outputs = (
        metadata_store_pb2.Event.OUTPUT,
        metadata_store_pb2.Event.DECLARED_OUTPUT,
        metadata_store_pb2.Event.PENDING_OUTPUT,
    )
    events = handle.store.get_events_by_execution_ids([execution_id])
    ids = [event.artifact_id for event in events if event.type in outputs]
    return list(handle.store.get_artifacts_by_id(ids)) if ids else []


def has_put_out(handle: Any, execution: Any) -> bool:
    """Whether it has ended well and put out an artifact, or handed one through."""
    if not execution_lib.is_execution_successful(execution):
        return False
    kinds = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.INTERNAL_OUTPUT)
    events = handle.store.get_events_by_execution_ids([execution.id])
    return any(event.type in kinds for event in events)


def output_results(handle: Any, execution_id: int) -> list[ArtifactResult]:
    """The outputs as a task reports them, in the order of their keys."""
    events = handle.store.get_events_by_execution_ids([execution_id])
    keys = {
        event.artifact_id: next((step.key for step in event.path.steps if step.key), "")
        for event in events
        if event.type == metadata_store_pb2.Event.OUTPUT
    }
    artifacts = handle.store.get_artifacts_by_id(list(keys)) if keys else []
    results = [
        ArtifactResult(id=item.id, type=item.type, uri=item.uri, key=keys[item.id])
        for item in artifacts
    ]
    return sorted(results, key=lambda result: (result.key, result.id))


@dataclass(frozen=True)
class Notes:
    """What is kept with an execution beside its cost.

    Attributes:
        owner: who asked for it.
        code: digest of the project's code that it ran, empty if it ran none.
        keras: major version of Keras that its process had.
        cache: why it was, or was not, served from the cache.
        error: why it failed, the first line of it; empty if it did not.
        jobs: gives the Flink jobs that it had, once it has ended.
    """

    owner: str
    try_number: int
    code: str = ""
    keras: str = ""
    cache: str = ""
    error: str = ""
    jobs: Callable[[], Sequence[JobFacts]] = tuple


def annotate(handle: Any, execution_id: int, usage: Usage, notes: Notes) -> Any:
    """Keep with an execution that was written before what it cost and its notes; return it."""
    [execution] = handle.store.get_executions_by_id([execution_id])
    note(execution, usage, notes)
    if execution.last_known_state == Execution.State.FAILED:
        note_what_is_left(execution)
    handle.store.put_executions([execution])
    return execution


def note(execution: Any, usage: Usage, notes: Notes) -> None:
    """Put into the execution what it cost and its notes; writing it is the caller's."""
    properties = execution.custom_properties
    properties["headrace_wall_seconds"].double_value = usage.wall_seconds
    properties["headrace_cpu_seconds"].double_value = usage.cpu_seconds
    properties["headrace_peak_memory_bytes"].int_value = usage.peak_memory_bytes
    properties[TRY].int_value = notes.try_number
    texts = {
        "owner": notes.owner,
        "code": notes.code,
        "keras": notes.keras,
        "cache": notes.cache,
        "error": _first_line(notes.error),
    }
    for name, text in texts.items():
        properties.pop(f"headrace_{name}", None)  # of an earlier try
        if text:
            properties[f"headrace_{name}"].string_value = text
    for name, text in _job_texts(notes.jobs()).items():
        properties.pop(name, None)
        if text:
            properties[name].string_value = text


def usage_of(execution: Any) -> Usage:
    """What ``note`` has put into the execution."""
    properties = execution.custom_properties
    return Usage(
        properties["headrace_wall_seconds"].double_value,
        properties["headrace_cpu_seconds"].double_value,
        properties["headrace_peak_memory_bytes"].int_value,
    )


def _job_texts(jobs: Sequence[JobFacts]) -> dict[str, str]:
    """Properties on an execution's Flink jobs; empty texts if it had none."""
    return {
        "headrace_flink_job_id": jobs[-1].job_id if jobs else "",
        "headrace_flink_jobs": json.dumps([asdict(job) for job in jobs]) if jobs else "",
    }


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:_LONGEST_ERROR] if lines else ""
