"""Partial runs: the outputs of an earlier run become those of a new one, as TFX does it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from tfx.dsl.compiler import compiler_utils, constants
from tfx.orchestration.portable import partial_run_utils, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2

from headrace.errors import HeadraceError, UsageError
from headrace.graph.reader import graph_from_ir
from headrace.launcher.jobs import ReuseRequest, ReuseResult
from headrace.node.lookups import quicken_lookups
from headrace.node.metadata import open_metadata
from headrace.node.pipeline_ir import check_parameters

_LOOKED_AT = 100
"""How many earlier runs are looked at, newest first."""


def reuse_outputs(request: ReuseRequest) -> ReuseResult:
    """Publish, in the new run, cached executions of the nodes that it does not run.

    Doing it again for the same run changes nothing.

    Raises:
        UsageError: the named base run does not exist, or the pipeline has sub-pipelines.
        HeadraceError: no earlier run has all the outputs that are needed.
    """
    ir_path = Path(request.ir_path)
    text = ir_path.read_text(encoding="utf-8")
    graph = graph_from_ir(json.loads(text))
    if any(node.group for node in graph.nodes):
        raise UsageError(
            f"pipeline {graph.name} has sub-pipelines, which TFX's partial runs do not know",
            "run it whole: what has not changed comes from the cache",
        )
    pipeline = json_format.Parse(text, pipeline_pb2.Pipeline())
    values = check_parameters(graph.parameters, request.parameters)
    values[constants.PIPELINE_RUN_ID_PARAMETER_NAME] = request.run_id
    runtime_parameter_utils.substitute_runtime_parameter(pipeline, values)
    quicken_lookups({})
    with open_metadata(request.metadata_url, ir_path) as handle:
        base_run = _base_run(handle, graph.name, request)
        partial_run_utils.mark_pipeline(
            pipeline, from_nodes=request.run_nodes, to_nodes=request.run_nodes
        )
        partial_run_utils.snapshot(handle, pipeline, base_run_id=base_run)
    return ReuseResult(base_run)


def _base_run(handle: Any, pipeline: str, request: ReuseRequest) -> str:
    runs = [run for run in _runs(handle, pipeline) if run.name != request.run_id]
    if request.base_run:
        runs = [run for run in runs if run.name == request.base_run]
        if not runs:
            raise UsageError(
                f"pipeline {pipeline} has no run {request.base_run!r} in the metadata store",
                "bin/headrace runs lists them",
            )
    lacking: Sequence[str] = request.reuse_nodes
    for run in runs[:_LOOKED_AT]:
        lacking = list(_without_outputs(handle, pipeline, run, request.reuse_nodes))
        if not lacking:
            return str(run.name)
    which = f"run {request.base_run}" if request.base_run else "no earlier run"
    verb = "lacks" if request.base_run else "has"
    raise HeadraceError(
        f"{which} of pipeline {pipeline} {verb} the outputs of "
        f"{', '.join(lacking if request.base_run else request.reuse_nodes)}",
        "start further up with --from, or run the whole pipeline once",
    )


def _runs(handle: Any, pipeline: str) -> list[Any]:
    """Contexts of the pipeline's runs, newest first."""
    context = handle.store.get_context_by_type_and_name(
        constants.PIPELINE_CONTEXT_TYPE_NAME, pipeline
    )
    if context is None:
        return []
    kind = handle.store.get_context_type(constants.PIPELINE_RUN_CONTEXT_TYPE_NAME).id
    children = handle.store.get_children_contexts_by_context(context.id)
    runs = [child for child in children if child.type_id == kind]
    return sorted(runs, key=lambda run: (run.create_time_since_epoch, run.id), reverse=True)


def _without_outputs(handle: Any, pipeline: str, run: Any, nodes: Sequence[str]) -> Iterator[str]:
    for node in nodes:
        context = handle.store.get_context_by_type_and_name(
            constants.NODE_CONTEXT_TYPE_NAME, compiler_utils.node_context_name(pipeline, node)
        )
        executions = (
            execution_lib.get_executions_associated_with_all_contexts(handle, [run, context])
            if context is not None
            else []
        )
        if not any(execution_lib.is_execution_successful(item) for item in executions):
            yield node
