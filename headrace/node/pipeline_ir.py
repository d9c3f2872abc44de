"""Reads an IR file into TFX's protos and gives its runtime parameters their values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from tfx.dsl.compiler import compiler_utils, constants
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from headrace.errors import HeadraceError, UsageError
from headrace.graph.entities import NodeKind, ParameterType, PipelineGraph, RuntimeParameter
from headrace.graph.reader import read_graph
from headrace.launcher.jobs import ParameterValue
from headrace.node.parameter_bounds import Bounds, require_within


@dataclass(frozen=True)
class NodeSpec:
    """What TFX's launcher needs of one node, its parameters filled in.

    Attributes:
        pipeline: the innermost pipeline that the node is in.
        kind: what it needs to run.
        may_lack_inputs: a node before it may be skipped, so that inputs are missing in order.
        execution_types: of all nodes of the outermost pipeline, by the names of their contexts.
    """

    node: Any
    pipeline: Any
    executor_spec: Any
    driver_spec: Any
    kind: NodeKind = NodeKind.COMPONENT
    may_lack_inputs: bool = False
    execution_types: Mapping[str, str] = field(default_factory=dict)

    @property
    def first_node(self) -> NodeSpec:
        """The first node of the node's sub-pipeline."""
        return replace(self, node=self.pipeline.nodes[0].pipeline_node)


def load_node(
    ir_path: Path,
    node_id: str,
    run_id: str,
    parameters: Mapping[str, ParameterValue],
    bounds: Bounds | None = None,
) -> NodeSpec:
    """Return the node's specification for this run.

    Args:
        bounds: of the parameters' values, beside the pipeline's root.

    Raises:
        UsageError: a parameter is unknown, missing, of the wrong type or out of bounds.
        HeadraceError: the IR cannot be read, or has no such node.
    """
    graph = read_graph(ir_path)
    values = check_parameters(graph.parameters, parameters)
    with _told(ir_path):
        pipeline = json_format.Parse(ir_path.read_text(encoding="utf-8"), pipeline_pb2.Pipeline())
        _require_bounds(pipeline, graph.parameters, values, bounds or Bounds())
        values[constants.PIPELINE_RUN_ID_PARAMETER_NAME] = run_id
        runtime_parameter_utils.substitute_runtime_parameter(pipeline, values)
        for qualified_id, inner, node in _nodes(pipeline, ()):
            if qualified_id == node_id:
                return _spec(graph, node_id, pipeline, inner, node)
    raise HeadraceError(
        f"pipeline {graph.name} has no node {node_id}", f"it was read from {ir_path}"
    )


_OF_DAMAGE = (
    json_format.ParseError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    RuntimeError,
)
"""The last is TFX's own, of a parameter whose default is not of its type."""


@contextlib.contextmanager
def _told(ir_path: Path) -> Iterator[None]:
    """Have an error of TFX's or protobuf's name the file, of which it is.

    Raises:
        HeadraceError: the file is not what the compiler writes.
    """
    try:
        yield
    except _OF_DAMAGE as error:
        raise HeadraceError(
            f"pipeline IR {ir_path} is damaged: {' '.join(str(error).split())}",
            "compile the pipeline again: bin/headrace compile TARGET",
        ) from error


def _spec(graph: PipelineGraph, node_id: str, whole: Any, inner: Any, node: Any) -> NodeSpec:
    """Of a node of the pipeline ``inner``, which is the ``whole`` or in it."""
    deployment = runner_utils.extract_local_deployment_config(inner)
    name = node.node_info.id
    found = graph.node(node_id)
    return NodeSpec(
        node=node,
        pipeline=inner,
        executor_spec=runner_utils.extract_executor_spec(deployment, name),
        driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
        kind=found.kind,
        may_lack_inputs=not graph.skippable().isdisjoint(found.upstream),
        execution_types=_execution_types(whole),
    )


def _execution_types(pipeline: Any) -> dict[str, str]:
    return {
        compiler_utils.node_context_name(inner.pipeline_info.id, node.node_info.id): str(
            node.node_info.type.name
        )
        for _, inner, node in _nodes(pipeline, ())
    }


def _nodes(pipeline: Any, group: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Each node with its qualified id and the innermost pipeline that it is in."""
    for item in pipeline.nodes:
        if item.HasField("sub_pipeline"):
            inner = item.sub_pipeline
            yield from _nodes(inner, (*group, inner.pipeline_info.id))
        else:
            name = item.pipeline_node.node_info.id
            yield ".".join((*group, name)), pipeline, item.pipeline_node


def _require_bounds(
    pipeline: Any,
    declared: tuple[RuntimeParameter, ...],
    values: Mapping[str, Any],
    bounds: Bounds,
) -> None:
    properties: dict[str, set[str]] = {}
    for _, _, node in _nodes(pipeline, ()):
        for key, value in node.parameters.parameters.items():
            if value.HasField("runtime_parameter"):
                properties.setdefault(value.runtime_parameter.name, set()).add(key)
    root = pipeline.runtime_spec.pipeline_root
    own = root.field_value.string_value or root.runtime_parameter.default_value.string_value
    bounds = replace(bounds, roots=(*bounds.roots, own))
    for item in declared:
        require_within(item, values[item.name], properties.get(item.name, ()), bounds)


def check_parameters(
    declared: tuple[RuntimeParameter, ...], given: Mapping[str, ParameterValue]
) -> dict[str, Any]:
    """Return every declared parameter's value, as TFX takes it, or say what is wrong.

    Raises:
        UsageError: names the parameter.
    """
    unknown = sorted(set(given) - {parameter.name for parameter in declared})
    if unknown:
        known = ", ".join(parameter.name for parameter in declared) or "none"
        raise UsageError(f"unknown parameter {unknown[0]!r}", f"the pipeline's parameters: {known}")
    values: dict[str, Any] = {}
    for parameter in declared:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            nodes = ", ".join(parameter.nodes)
            raise UsageError(
                f"parameter {parameter.name!r} has no default and no value was given",
                f"it is needed by {nodes}",
            )
        values[parameter.name] = _typed(parameter, value)
    return values


def _typed(parameter: RuntimeParameter, value: ParameterValue) -> Any:
    kind = parameter.type
    if kind is ParameterType.BOOL and isinstance(value, bool):
        return int(value)  # the IR has no bool: TFX keeps one as 0 or 1
    if kind is ParameterType.INT and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is ParameterType.FLOAT and isinstance(value, (int, float)):
        return float(value)
    if kind is ParameterType.STR and isinstance(value, str):
        return value
    raise UsageError(f"parameter {parameter.name!r} must be of type {kind.value}, not {value!r}")
