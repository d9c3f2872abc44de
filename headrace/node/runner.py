"""One node of one run, from request to result."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfx.orchestration.portable import inputs_utils
from tfx.orchestration.portable.input_resolution.exceptions import InsufficientInputError
from tfx.orchestration.portable.mlmd import execution_lib

from headrace.beam import quicken_beam
from headrace.beam.callers import serve_this_user_only
from headrace.errors import HeadraceError
from headrace.flink_runner.facts import read_facts
from headrace.graph.resolvers import found_nothing
from headrace.launcher.failures import describe
from headrace.launcher.forest_ops import load_forest_ops
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.node import executions
from headrace.node.asset_facts import asset_facts
from headrace.node.beam import Given, arguments_of, executor_operators
from headrace.node.blessing import evaluation_of
from headrace.node.boundaries import BOUNDARIES, hand_through
from headrace.node.cache_key import code_digest, for_cache_key
from headrace.node.cache_story import cache_story
from headrace.node.disk_full import telling_of_full_disk
from headrace.node.forked_workers import fork_workers_for
from headrace.node.keras_export import mend_keras_export
from headrace.node.known_contexts import contexts_of
from headrace.node.lookups import quicken_lookups
from headrace.node.metadata import Metadata, open_metadata
from headrace.node.parallel_tuning import mend_tuner
from headrace.node.parameter_bounds import Bounds
from headrace.node.patient_files import retry_files
from headrace.node.pipeline_ir import NodeSpec, load_node
from headrace.node.publication import Publication, Published
from headrace.node.pushing import mend_pusher, why_older
from headrace.node.resolution_faults import is_a_strategys, reason_of
from headrace.node.saved_models import adapt_tfx_bsl
from headrace.node.skipping import why_skipped
from headrace.node.taken_outputs import NodeLauncher
from headrace.node.usage import Meter
from headrace.settings import load_settings

_log = logging.getLogger(__name__)

_HINT_ON_INPUTS = "did the nodes before it run, in this run, with the same metadata store?"

_NOTHING = "its driver found none"
COMPLETE, CACHED, SKIPPED = "COMPLETE", "CACHED", "SKIPPED"


def run_node(request: NodeRequest, metadata: Metadata | None = None) -> NodeResult:
    """Resolve the node's inputs, execute it and publish its outputs, in this process.

    An earlier try of the node in the same run is continued: if it had completed, its result is
    returned; otherwise what it left is removed and the node runs again under the same execution.
    Where the node was asked for anew, what it did before that is superseded by another execution,
    which the cache serves where nothing has changed.

    Args:
        metadata: the store of the request, if it was opened before.

    Raises:
        HeadraceError: the request, the metadata store or an input is at fault.
        Exception: whatever the component's own code raises.
    """
    meter = Meter()
    ir_path = Path(request.ir_path)
    bounds = Bounds(load_settings().parameter_roots, request.authored)
    spec = load_node(ir_path, request.node_id, request.run_id, request.parameters, bounds)
    facts = Path(tempfile.gettempdir(), "headrace-flink-jobs")
    job_name = f"{spec.pipeline.pipeline_info.id}/{request.node_id}/{request.run_id}"
    given = Given(request.beam_args, request.beam_overrides)
    operators = executor_operators(request.runner, given, job_name, facts)
    quicken_beam()
    serve_this_user_only()
    retry_files()
    mend_keras_export()
    adapt_tfx_bsl()
    load_forest_ops()
    mend_tuner()
    quicken_lookups(spec.execution_types)
    if request.runner == "direct":
        compiled = arguments_of(spec.executor_spec)
        fork_workers_for([*given.first, *compiled, *given.last])
    metadata = metadata or open_metadata(request.metadata_url, ir_path)
    mend_pusher(lambda model: _why_older(metadata, spec, model))
    metadata.look_up(contexts_of(spec.node))
    reopened = done_before = None
    with metadata as handle:
        if request.cleared_after:
            superseded = executions.supersede(handle, spec, request.cleared_after)
            if superseded is not None:
                _log.info("The task was cleared: execution %d counts no more", superseded)
        if spec.executor_spec:
            reopened = executions.reopen_dead_try(handle, spec, request.try_number)
        elif spec.kind not in BOUNDARIES:
            done_before = _done_before(handle, spec)
    if reopened is not None:
        _log.info("Execution %d of an earlier try is run again", reopened)
    code = code_digest(spec, request.import_path)
    notes = executions.Notes(
        owner=request.owner,
        try_number=request.try_number,
        code=code,
        keras=request.keras,
        jobs=lambda: read_facts(facts),
    )

    def add_notes(execution: Any, outputs: list[int]) -> None:
        story = ""
        # What the node has done must be published, also where the store cannot say what is new.
        with contextlib.suppress(Exception):
            story = _cache_story(metadata, spec, execution, notes, outputs)
        executions.note(execution, meter.read(), replace(notes, cache=story))

    def begin(begun: Any) -> None:
        executions.own(begun, spec, request.try_number)

    publication = Publication(metadata, add_notes, begin)
    root = spec.pipeline.runtime_spec.pipeline_root.field_value.string_value
    with (
        _closing_on_cancel(metadata, spec),
        _noting_failure(metadata, spec, meter, notes),
        telling_of_full_disk(root),
    ):
        execution_id, reason = done_before, ""
        if execution_id is None:
            execution_id, reason = _execution_id(spec, metadata, operators, notes, reopened)
    if execution_id is None:
        _log.info("Nothing to do for node %s in this run: %s", request.node_id, reason)
        return NodeResult(
            request.node_id, request.run_id, SKIPPED, None, keras=request.keras, reason=reason
        )
    with metadata as handle:
        published = publication.of(execution_id)
        result = _result(
            handle, spec, request, execution_id, published, meter, notes, done_before is not None
        )
    _log.debug(
        "The metadata store was called %d times, for %.3f s: %s",
        metadata.calls.total(),
        metadata.seconds,
        json.dumps(metadata.calls),
    )
    return result


def _done_before(handle: Any, spec: NodeSpec) -> int | None:
    """The execution with which an Importer or Resolver has found something in this run before.

    TFX would register another one each time, and what comes after would read the outputs of both.
    One that has found nothing looks again.
    """
    before = executions.find_execution(handle, spec)
    return int(before.id) if before is not None and executions.has_put_out(handle, before) else None


def _execution_id(
    spec: NodeSpec,
    metadata: Any,
    operators: dict[Any, Any],
    notes: executions.Notes,
    reopened: int | None,
) -> tuple[int | None, str]:
    """Run it; None, and why, if there is nothing to do in this run."""
    if spec.kind in BOUNDARIES or spec.may_lack_inputs:
        try:
            with metadata as handle:
                if spec.kind in BOUNDARIES:
                    return hand_through(handle, spec), _NOTHING
                inputs_utils.resolve_input_artifacts(
                    pipeline_node=spec.node, metadata_handle=handle
                )
        except InsufficientInputError as missing:
            if not spec.may_lack_inputs:
                raise HeadraceError(str(missing), _HINT_ON_INPUTS) from None
            return None, _skipped_before(
                metadata, spec
            ) or f"a node before it was skipped: {missing}"
    launcher = _launcher(spec, metadata, operators, notes)
    launcher.reopened = reopened
    info = launcher.launch()
    execution_id = getattr(info, "execution_id", None)
    if execution_id is None:
        return None, _skipped_before(metadata, spec) or _NOTHING
    return int(execution_id), ""


def _why_older(metadata: Any, spec: NodeSpec, model: int) -> str:
    """Why this pipeline has a newer model live than this one; empty: it has not."""
    with metadata as handle:
        return why_older(handle.store, spec.pipeline.pipeline_info.id, model)


def _skipped_before(metadata: Any, spec: NodeSpec) -> str:
    """The conditions of the node that do not hold; what cannot be told must not fail it."""
    with contextlib.suppress(Exception), metadata as handle:
        return why_skipped(handle, spec.node)
    return ""


def _launcher(
    spec: NodeSpec, metadata: Any, operators: dict[Any, Any], notes: executions.Notes
) -> Any:
    made = NodeLauncher(
        pipeline_node=spec.node,
        mlmd_connection=metadata,
        pipeline_info=spec.pipeline.pipeline_info,
        pipeline_runtime_spec=spec.pipeline.runtime_spec,
        executor_spec=spec.executor_spec,
        custom_driver_spec=spec.driver_spec,
        custom_executor_operators=operators,
    )
    # The operator has the specification as it was compiled; this one is for the cache key alone.
    made._executor_spec = for_cache_key(spec, notes.code, notes.keras)
    return made


@contextlib.contextmanager
def _closing_on_cancel(metadata: Any, spec: NodeSpec) -> Iterator[None]:
    """Close the execution in the store where the node is cancelled instead of ending by itself."""
    try:
        yield
    except Exception:
        raise  # TFX has published the failure
    except BaseException:
        with metadata as handle:
            executions.close_cancelled(handle, spec)
        raise


@contextlib.contextmanager
def _noting_failure(
    metadata: Any, spec: NodeSpec, meter: Meter, notes: executions.Notes
) -> Iterator[None]:
    """Keep with a failed execution what it cost and why it failed; TFX keeps only that it did."""
    try:
        yield
    except Exception as raised:
        # The failure itself is what the user must hear of, not that it cannot be noted.
        with contextlib.suppress(Exception), metadata as handle:
            failed = executions.find_execution(handle, spec)
            if failed is not None and failed.last_known_state == executions.Execution.State.FAILED:
                failure = replace(notes, error=describe(raised).message)
                executions.annotate(handle, int(failed.id), meter.read(), failure)
        raise


def _result(
    handle: Any,
    spec: NodeSpec,
    request: NodeRequest,
    execution_id: int,
    published: Published | None,
    meter: Meter,
    notes: executions.Notes,
    is_repeated: bool,
) -> NodeResult:
    if published is not None:
        execution = published.execution
        usage = executions.usage_of(execution)
    else:
        usage = meter.read()
        execution = _execution(handle, execution_id)
        if (spec.executor_spec or is_repeated) and execution_lib.is_execution_successful(execution):
            _log.info("Execution %d has done it in this run before: nothing is run", execution_id)
        else:
            story = _cache_story(handle, spec, execution, notes)
            noted = replace(notes, cache=story)
            execution = executions.annotate(handle, execution_id, usage, noted)
    if not execution_lib.is_execution_successful(execution):
        # TFX's launcher publishes a failed input resolution and returns as if all were well.
        message = _message(execution)
        reason = reason_of(message) or "its inputs cannot be resolved"
        if not found_nothing(spec.node.node_info.type.name, reason):
            _log.error("The inputs of %s: %s", request.node_id, message)
            raise HeadraceError(
                f"node {request.node_id} did not run: {reason}",
                "" if is_a_strategys(message) else _HINT_ON_INPUTS,
            )
        # All is well, for nodes that can do without: TFX's own examples begin so.
        _log.warning("%s found no artifact: a node that needs one will fail", request.node_id)
    outputs = published.outputs if published is not None else None
    if outputs is None:
        outputs = executions.output_results(handle, execution_id)
    cached = execution.last_known_state == executions.Execution.State.CACHED
    # A cleared task finds that its node has run in this run, and an importer or resolver runs none.
    is_new = published is not None and bool(spec.executor_spec)
    return NodeResult(
        node_id=request.node_id,
        run_id=request.run_id,
        state=CACHED if cached else COMPLETE,
        execution_id=execution_id,
        outputs=outputs,
        cached=cached,
        wall_seconds=usage.wall_seconds,
        cpu_seconds=usage.cpu_seconds,
        peak_memory_bytes=usage.peak_memory_bytes,
        keras=request.keras,
        evaluation=evaluation_of(outputs),
        asset=asset_facts(handle.store, outputs) if is_new and not cached else {},
    )


def _execution(handle: Any, execution_id: int) -> Any:
    [execution] = handle.store.get_executions_by_id([execution_id])
    return execution


def _cache_story(
    handle: Any,
    spec: NodeSpec,
    execution: Any,
    notes: executions.Notes,
    outputs: list[int] | None = None,
) -> str:
    if not execution_lib.is_execution_successful(execution):
        return ""
    story = cache_story(handle, spec, execution, notes.code, notes.keras, outputs)
    if story:
        _log.info("Cache: %s", story)
    return story


def _message(execution: Any) -> str:
    result = execution_lib.get_execution_result(execution)
    return getattr(result, "result_message", "") or ""
