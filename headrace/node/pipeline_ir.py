"""Reads an IR file into TFX's protos and gives its runtime parameters their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from tfx.dsl.compiler import constants
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from headrace.errors import HeadraceError, UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.graph.reader import read_graph
from headrace.launcher.jobs import ParameterValue


@dataclass(frozen=True)
class NodeSpec:
    """What TFX's launcher needs of one node, its parameters filled in."""

    node: Any
    pipeline: Any
    executor_spec: Any
    driver_spec: Any


def load_node(
    ir_path: Path, node_id: str, run_id: str, parameters: Mapping[str, ParameterValue]
) -> NodeSpec:
    """Return the node's specification for this run.

    Raises:
        UsageError: a parameter is unknown, missing or of the wrong type.
        HeadraceError: the IR cannot be read, or has no such node.
    """
    graph = read_graph(ir_path)
    values = check_parameters(graph.parameters, parameters)
    pipeline = json_format.Parse(ir_path.read_text(encoding="utf-8"), pipeline_pb2.Pipeline())
    values[constants.PIPELINE_RUN_ID_PARAMETER_NAME] = run_id
    runtime_parameter_utils.substitute_runtime_parameter(pipeline, values)
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    for item in pipeline.nodes:
        if item.pipeline_node.node_info.id == node_id:
            return NodeSpec(
                node=item.pipeline_node,
                pipeline=pipeline,
                executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
                driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
            )
    raise HeadraceError(
        f"pipeline {graph.name} has no node {node_id}", f"it was read from {ir_path}"
    )


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
