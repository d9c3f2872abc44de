"""Why a node was, or was not, served from the cache: what differs from its execution before.

TFX's cache key is one digest, which cannot say what changed in it. So the execution is compared
with the last one of the node that succeeded, in what the store has of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.orchestration.portable.mlmd import context_lib, event_lib, execution_lib

from headrace.node.pipeline_ir import NodeSpec

_NODE_CONTEXT = "node"
_LOOKED_AT = 20
"""Newest executions of the node, among which the last that succeeded is looked for."""
_OWN = ("headrace_", "__")
"""How the names of properties begin that are no parameters."""
_NO_PARAMETERS = frozenset(("state", "name", "pipeline_name", "pipeline_root", "run_id"))
_INPUT_FILES = "input_fingerprint"
_USER_MODULE = frozenset(("module_path", "module_file"))

Execution = metadata_store_pb2.Execution


def cache_story(
    handle: Any,
    spec: NodeSpec,
    execution: Any,
    code: str,
    keras: str,
    outputs: Sequence[int] | None = None,
) -> str:
    """One line on the execution, which has succeeded; empty for a node without an executor.

    Args:
        execution: the node's, in this run.
        code: digest of the project's code that it ran.
        keras: major version of Keras that it had.
        outputs: artifacts that it puts out, where the store does not have them yet.
    """
    if spec.executor_spec is None:
        return ""
    if execution.last_known_state == Execution.State.CACHED:
        ids = _output_ids(handle, execution) if outputs is None else outputs
        return f"from execution {_origin(handle, execution, ids)}"
    if not spec.node.execution_options.caching_options.enable_cache:
        return "caching is off"
    before = _before(handle, spec, execution)
    if before is None:
        return "first execution"
    changed = ", ".join(_differences(handle, before, execution, code, keras))
    if changed:
        return f"changed since execution {before.id}: {changed}"
    if not _outputs_exist(handle, before):
        return f"outputs of execution {before.id} are gone"
    return f"changed since execution {before.id}: the pipeline or the node's definition"


def _origin(handle: Any, execution: Any, outputs: Sequence[int]) -> int:
    """The execution that made what a cached one put out; its own id if it put out nothing."""
    if not outputs:
        return int(execution.id)
    makers = handle.store.get_events_by_artifact_ids(list(outputs[:1]))
    return min(int(event.execution_id) for event in makers if _is_output(event))


def _before(handle: Any, spec: NodeSpec, execution: Any) -> Any | None:
    contexts = context_lib.prepare_contexts(
        metadata_handle=handle, node_contexts=spec.node.contexts
    )
    node = next(
        (
            registered
            for registered, given in zip(contexts, spec.node.contexts.contexts, strict=True)
            if given.type.name == _NODE_CONTEXT
        ),
        None,
    )
    if node is None:
        return None
    newest = mlmd.ListOptions(limit=_LOOKED_AT, order_by=mlmd.OrderByField.ID, is_asc=False)
    for found in handle.store.get_executions_by_context(node.id, list_options=newest):
        if found.id == execution.id or not execution_lib.is_execution_successful(found):
            continue
        if found.last_known_state == Execution.State.CACHED:
            # It lacks what a driver adds as it runs, such as ExampleGen's fingerprint of files.
            origin = _origin(handle, found, _output_ids(handle, found))
            [found] = handle.store.get_executions_by_id([origin])
        return found
    return None


def _differences(handle: Any, before: Any, execution: Any, code: str, keras: str) -> Iterator[str]:
    old, new = _parameters(before), _parameters(execution)
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    if _text(before, "headrace_code") != code or differing & _USER_MODULE:
        yield "code"
    if _INPUT_FILES in differing:
        yield "input files"
    old_inputs, new_inputs = _inputs(handle, before), _inputs(handle, execution)
    for key in sorted(old_inputs.keys() | new_inputs.keys()):
        if old_inputs.get(key) != new_inputs.get(key):
            yield f"input {key}"
    for name in sorted(differing - _USER_MODULE - {_INPUT_FILES}):
        yield f"parameter {name}"
    if _text(before, "headrace_keras") != keras:
        yield "Keras"


def _parameters(execution: Any) -> dict[str, bytes]:
    kept = {**dict(execution.properties), **dict(execution.custom_properties)}
    return {
        name: value.SerializeToString(deterministic=True)
        for name, value in kept.items()
        if not name.startswith(_OWN) and name not in _NO_PARAMETERS
    }


def _inputs(handle: Any, execution: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for event in _events(handle, execution):
        if event_lib.is_valid_input_event(event):
            key = next((step.key for step in event.path.steps if step.key), "")
            found.setdefault(key, []).append(int(event.artifact_id))
    return {key: sorted(ids) for key, ids in found.items()}


def _outputs_exist(handle: Any, execution: Any) -> bool:
    ids = _output_ids(handle, execution)
    artifacts = handle.store.get_artifacts_by_id(ids) if ids else []
    live = metadata_store_pb2.Artifact.State.LIVE
    return all(item.state == live and fileio.exists(item.uri) for item in artifacts)


def _output_ids(handle: Any, execution: Any) -> list[int]:
    return [event.artifact_id for event in _events(handle, execution) if _is_output(event)]


def _events(handle: Any, execution: Any) -> list[Any]:
    return list(handle.store.get_events_by_execution_ids([execution.id]))


def _is_output(event: Any) -> bool:
    return bool(event_lib.is_valid_output_event(event))


def _text(execution: Any, name: str) -> str:
    kept = execution.custom_properties
    return str(kept[name].string_value) if name in kept else ""
