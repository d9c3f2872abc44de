"""Pushes a model that was pushed before, as an execution of its own."""

from __future__ import annotations

import contextlib
import posixpath
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.orchestration.portable.mlmd import context_lib
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.utils import path_utils, proto_utils

from headrace.errors import HeadraceError, UsageError
from headrace.keeping.owner import PROCESS, Owner
from headrace.launcher.failures import describe
from headrace.launcher.jobs import ArtifactResult, RollbackRequest, RollbackResult
from headrace.node.asset_facts import PUSHED_MODEL, asset_facts
from headrace.node.metadata import open_metadata
from headrace.node.patient_files import retry_files
from headrace.node.pushing import DESTINATION, VERSION, mend_pusher
from headrace.store import lineage

EXECUTION_TYPE = "headrace.rollback"
_NODE = "rollback"
_PUSHED = "pushed"
_Event = metadata_store_pb2.Event
_Execution = metadata_store_pb2.Execution


@dataclass(frozen=True)
class Push:
    """A model that was pushed.

    Attributes:
        artifact: the PushedModel.
        inputs: what the push read, by key: the model and its blessings.
    """

    artifact: Any
    inputs: dict[str, list[Any]]

    @property
    def model(self) -> Any:
        """The model itself."""
        [model] = self.inputs[specs.MODEL_KEY]
        return model


def roll_back(request: RollbackRequest) -> RollbackResult | None:
    """Push the model before the live one again, or the one that is asked for.

    Returns:
        What was pushed; None if the pipeline has pushed nothing that this store knows of.

    Raises:
        UsageError: there is no such model, or none before the live one.
        HeadraceError: the model's files are gone, or it cannot be pushed.
    """
    retry_files()
    mend_pusher()
    with open_metadata(request.metadata_url, Path()) as handle:
        pushes = list(_pushes(handle.store, request.pipeline))
        if not pushes:
            return None
        chosen = choose(pushes, request.pipeline, request.model)
        _require_files(chosen)
        return _push_again(handle, request, chosen, pushes[-1])


def choose(pushes: Sequence[Push], pipeline: str, model: int) -> Push:
    """The newest push of the model, or of the newest model that is older than the live one.

    The live model is the one that was pushed last, so that a rollback after a rollback goes one
    further back, and not forth again.

    Args:
        pushes: the oldest first.
        model: id of its artifact, or 0.

    Raises:
        UsageError: there is none.
    """
    live = pushes[-1].model.id
    known = sorted({push.model.id for push in pushes})
    if model and model not in known:
        raise UsageError(
            f"pipeline {pipeline} has never pushed a model {model}",
            f"it has pushed {', '.join(map(str, known))}; {live} is live",
        )
    if model == live:
        raise UsageError(f"model {model} of pipeline {pipeline} is live already")
    older = [item for item in known if item < live]
    if not model and not older:
        raise UsageError(
            f"pipeline {pipeline} has pushed no model before the live one, {live}",
            "there is nothing to go back to; models that were not blessed are not pushed",
        )
    wanted = model or older[-1]
    return [push for push in pushes if push.model.id == wanted][-1]


def _pushes(store: Any, pipeline: str) -> Iterator[Push]:
    """The models that the pipeline has pushed, the oldest push first."""
    context = store.get_context_by_type_and_name("pipeline", pipeline)
    if context is None:
        return
    found = store.get_artifacts_by_context(context.id)
    kind = standard_artifacts.PushedModel.TYPE_NAME
    for proto in sorted(found, key=lambda artifact: artifact.id):
        if proto.type == kind and proto.custom_properties[_PUSHED].int_value == 1:
            inputs = _inputs_of(store, proto.id)
            if len(inputs.get(specs.MODEL_KEY, ())) == 1:
                yield Push(_artifact(store, proto), inputs)


def _inputs_of(store: Any, artifact_id: int) -> dict[str, list[Any]]:
    """What the execution that put an artifact out has read of a push's inputs, by key."""
    read = lineage.inputs(store, lineage.makers(store, [artifact_id])[:1])
    return {
        key: [_artifact(store, proto) for proto in store.get_artifacts_by_id(read[key])]
        for key in (specs.MODEL_KEY, specs.MODEL_BLESSING_KEY)
        if key in read
    }


def _artifact(store: Any, proto: Any) -> Any:
    [kind] = store.get_artifact_types_by_id([proto.type_id])
    return artifact_utils.deserialize_artifact(kind, proto)


def _require_files(push: Push) -> None:
    place = path_utils.serving_model_path(
        push.model.uri, path_utils.is_old_model_artifact(push.model)
    )
    if not fileio.exists(place):
        raise HeadraceError(
            f"model {push.model.id} cannot be pushed again: its files are gone from {place}",
            f"push {push.artifact.id} has kept a copy at {push.artifact.uri}"
            if fileio.exists(push.artifact.uri)
            else "choose another model with --to",
        )


def _push_again(handle: Any, request: RollbackRequest, push: Push, live: Push) -> RollbackResult:
    from tfx.components.pusher import executor

    run_id = f"rollback-{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 1_000_000:06d}"
    base = posixpath.dirname(live.artifact.get_string_custom_property(DESTINATION))
    execution, contexts = _begin(handle, request, push, run_id)
    pushed = standard_artifacts.PushedModel()
    pushed.type_id = push.artifact.type_id
    pushed.name = f"{request.pipeline}:{run_id}:{_NODE}:{specs.PUSHED_MODEL_KEY}:0"
    pushed.uri = posixpath.join(posixpath.dirname(push.artifact.uri), str(execution.id))
    pushed.set_int_custom_property("rolled_back_from", live.model.id)
    destination = pusher_pb2.PushDestination()
    destination.filesystem.base_directory = base
    try:
        executor.Executor().Do(
            push.inputs,
            {specs.PUSHED_MODEL_KEY: [pushed]},
            {specs.PUSH_DESTINATION_KEY: proto_utils.proto_to_json(destination)},
        )
    except BaseException as raised:
        with contextlib.suppress(Exception):
            execution.last_known_state = _Execution.FAILED
            message = describe(raised).message if isinstance(raised, Exception) else "cancelled"
            execution.custom_properties["headrace_error"].string_value = message
            handle.store.put_executions([execution])
        raise
    execution.last_known_state = _Execution.COMPLETE
    pushed.mlmd_artifact.state = metadata_store_pb2.Artifact.LIVE
    output = _event(_Event.OUTPUT, specs.PUSHED_MODEL_KEY)
    pair = (pushed.mlmd_artifact, output)
    _, [artifact_id], _ = handle.store.put_execution(
        execution, [pair], contexts, reuse_context_if_already_exist=True
    )
    return RollbackResult(
        run_id=run_id,
        execution_id=execution.id,
        model=push.model.id,
        model_uri=push.model.uri,
        instead_of=live.model.id,
        pushed_model=artifact_id,
        destination=pushed.get_string_custom_property(DESTINATION),
        version=pushed.get_string_custom_property(VERSION),
        asset=asset_facts(
            handle.store,
            [ArtifactResult(artifact_id, PUSHED_MODEL, pushed.uri, specs.PUSHED_MODEL_KEY)],
        ),
    )


def _begin(handle: Any, request: RollbackRequest, push: Push, run_id: str) -> tuple[Any, list[Any]]:
    """Register the execution, before anything is pushed, so that no push goes unrecorded."""
    names = (
        ("pipeline", request.pipeline),
        ("pipeline_run", run_id),
        ("node", f"{request.pipeline}.{_NODE}"),
    )
    contexts = [
        context_lib.register_context_if_not_exists(
            handle, context_type_name=kind, context_name=name
        )
        for kind, name in names
    ]
    type_id = handle.store.put_execution_type(
        metadata_store_pb2.ExecutionType(name=EXECUTION_TYPE), can_add_fields=True
    )
    execution = _Execution(type_id=type_id, last_known_state=_Execution.RUNNING)
    execution.custom_properties["headrace_owner"].string_value = request.owner
    execution.custom_properties[PROCESS].string_value = Owner.this_process().to_text()
    execution.custom_properties["model"].int_value = push.model.id
    pairs = [
        (artifact.mlmd_artifact, _event(_Event.INPUT, key))
        for key, artifacts in push.inputs.items()
        for artifact in artifacts
    ]
    execution.id, _, _ = handle.store.put_execution(
        execution, pairs, contexts, reuse_context_if_already_exist=True
    )
    return execution, contexts


def _event(kind: Any, key: str) -> Any:
    event = _Event(type=kind)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    return event
