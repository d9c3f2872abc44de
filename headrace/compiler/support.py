"""What of TFX can run here: everything else is refused at compile time, by the node's name."""

from __future__ import annotations

import re
from typing import Any

from headrace.compiler.failures import CompileError, error
from headrace.graph.reader import IMPORTER_TYPE, RESOLVER_TYPE

_EMBEDDED_PARAMETER = re.compile(r'"__class__\\*": \\*"RuntimeParameter\\*"')


def require_supported_pipeline(pipeline: Any) -> None:
    """Check a ``tfx.dsl.Pipeline`` before it is compiled.

    Raises:
        CompileError: it is empty, runs asynchronously, or a node cannot run here.
    """
    name = pipeline.pipeline_name
    if not name:
        raise error("PipelineNameMissing", "the pipeline has an empty pipeline_name")
    if getattr(pipeline, "_inputs", None) and pipeline._inputs.inputs:
        raise error(
            "PipelineInputs",
            f"pipeline {name!r} has inputs, which nobody gives to an outermost pipeline",
            hint="use it in another pipeline, or let an Importer or a Resolver find the artifacts",
        )
    _require_supported(pipeline)


def _require_supported(pipeline: Any) -> None:
    """Check a pipeline and those inside of it."""
    from tfx.orchestration.pipeline import ExecutionMode, Pipeline

    name = pipeline.pipeline_name
    if not pipeline.components:
        raise error(
            "EmptyPipeline",
            f"pipeline {name!r} has no components",
            hint="pass them: tfx.dsl.Pipeline(..., components=[...])",
        )
    if pipeline.execution_mode != ExecutionMode.SYNC:
        raise error(
            "AsyncPipeline",
            f"pipeline {name!r} has execution mode {pipeline.execution_mode.name}",
            hint="only TFX's default, ExecutionMode.SYNC, can run as a DAG",
        )
    root = pipeline.pipeline_info.pipeline_root
    if root is not None and not isinstance(root, str):
        raise error(
            "PipelineRootNotText",
            f"the pipeline_root of {name!r} is a {type(root).__name__}, not text",
            hint="set artifact_root in headrace.toml, or HEADRACE_ARTIFACT_ROOT, instead",
        )
    for node in pipeline.components:
        if isinstance(node, Pipeline):
            _require_supported(node)
        else:
            _require_supported_node(node)
        _require_supported_options(node)


def _require_supported_node(node: Any) -> None:
    from tfx.dsl.components.base.base_component import BaseComponent
    from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
    from tfx.orchestration.data_types import RuntimeParameter

    if not isinstance(node, BaseComponent):
        if node.type not in (IMPORTER_TYPE, RESOLVER_TYPE):
            raise _unsupported(
                node.id,
                f"is a {node.type}, a kind of node without an executor that TFX's launcher "
                "does not know",
                "use Importer and Resolver themselves, not classes derived from them",
            )
    elif not isinstance(node.executor_spec, ExecutorClassSpec):
        kind = type(node.executor_spec).__name__
        what = "is a container component" if "Container" in kind else "cannot run here"
        raise _unsupported(
            node.id,
            f"{what} (its executor is a {kind})",
            "headrace runs executors that are Python classes, Beam ones included",
        )
    for key, value in node.exec_properties.items():
        if isinstance(value, RuntimeParameter):
            if value.ptype is None:
                raise error(
                    "ParameterTypeMissing",
                    f"runtime parameter {value.name!r} ({key} of {node.id}) has no type",
                    hint="give it one: ptype=int, float or str",
                )
        elif isinstance(value, (str, dict, list, tuple)):
            _require_no_embedded_parameter(node.id, key, value)


def _require_supported_options(node: Any) -> None:
    from tfx.proto.orchestration import pipeline_pb2

    options = getattr(node, "node_execution_options", None)
    if options is None:
        return
    strategies = pipeline_pb2.NodeExecutionOptions.TriggerStrategy
    last = strategies.Value("LIFETIME_END_WHEN_SUBGRAPH_CANNOT_PROGRESS")
    if options.lifetime_start or options.trigger_strategy == last:
        raise _unsupported(
            node.id,
            "ends a lifetime, which only Google's orchestrator knows",
            "let it run after its upstream nodes: TriggerStrategy.ALL_UPSTREAM_NODES_COMPLETED",
        )
    if options.success_optional:
        raise _unsupported(
            node.id,
            "has success_optional, which headrace does not know",
            "let the nodes after it have TriggerStrategy.ALL_UPSTREAM_NODES_COMPLETED",
        )


def _require_no_embedded_parameter(node_id: str, key: str, value: Any) -> None:
    from tfx.utils import json_utils

    if not isinstance(value, str):
        try:
            value = json_utils.dumps(value)
        except (TypeError, ValueError):
            return
    if _EMBEDDED_PARAMETER.search(value):
        raise error(
            "EmbeddedParameter",
            f"{key} of {node_id} has a RuntimeParameter inside a larger value, "
            "which TFX fills in on Kubeflow only",
            hint="make the whole value one parameter: RuntimeParameter(ptype=str), with JSON text",
        )


def _unsupported(node_id: str, what: str, hint: str) -> CompileError:
    return error("UnsupportedNode", f"node {node_id} {what}", hint=hint)
