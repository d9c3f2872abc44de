"""From a ``tfx.dsl.Pipeline`` to the text of its IR, without secrets and always the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.compiler.failures import error
from headrace.graph.parameters import ROOT_PARAMETER


@dataclass(frozen=True)
class LoweredPipeline:
    """A pipeline in TFX's intermediate representation.

    Attributes:
        ir: canonical JSON of ``tfx.orchestration.Pipeline``, indented, keys sorted.
        metadata_connection: JSON of ``tfx.orchestration.MLMDConnectionConfig``, or empty where the
            pipeline has none; may hold a password.
    """

    ir: str
    metadata_connection: str


def lower(pipeline: Any, project: Path) -> LoweredPipeline:
    """Compile the pipeline with TFX's own compiler.

    Raises:
        CompileError: a node reads from another metadata store.
        Exception: whatever TFX's compiler refuses.
    """
    from google.protobuf import json_format
    from tfx.dsl.compiler.compiler import Compiler
    from tfx.proto.orchestration import pipeline_pb2

    proto = Compiler().compile(pipeline)
    deployment = pipeline_pb2.IntermediateDeploymentConfig()
    proto.deployment_config.Unpack(deployment)
    connection = _take_connection(deployment, project)
    proto.deployment_config.Pack(deployment)
    for component, node in _pairs(pipeline, proto):
        _refuse_other_stores(node)
        _complete_parameters(component, node, pipeline.pipeline_info.pipeline_root)
    _drop_inner_connections(proto)
    ir = json_format.MessageToJson(proto, indent=1, sort_keys=True) + "\n"
    return LoweredPipeline(ir=ir, metadata_connection=connection)


def _pairs(pipeline: Any, proto: Any) -> Iterator[tuple[Any, Any]]:
    """Each component with its node, through all sub-pipelines."""
    from tfx.dsl.compiler import compiler_utils

    added = {
        compiler_utils.pipeline_begin_node_id(pipeline),
        compiler_utils.pipeline_end_node_id(pipeline),
    }
    items = [
        item
        for item in proto.nodes
        if item.HasField("sub_pipeline") or item.pipeline_node.node_info.id not in added
    ]
    for component, item in zip(pipeline.components, items, strict=True):
        if item.HasField("sub_pipeline"):
            yield from _pairs(component, item.sub_pipeline)
        else:
            yield component, item.pipeline_node


def _drop_inner_connections(proto: Any) -> None:
    """A sub-pipeline's nodes use the store of the outermost one, and passwords stay out of IR."""
    from tfx.proto.orchestration import pipeline_pb2

    for item in proto.nodes:
        if item.HasField("sub_pipeline"):
            deployment = pipeline_pb2.IntermediateDeploymentConfig()
            item.sub_pipeline.deployment_config.Unpack(deployment)
            deployment.ClearField("metadata_connection_config")
            item.sub_pipeline.deployment_config.Pack(deployment)
            _drop_inner_connections(item.sub_pipeline)


def _take_connection(deployment: Any, project: Path) -> str:
    """Remove the metadata connection, which may hold a password, and return it as JSON."""
    from google.protobuf import json_format
    from tfx.orchestration.local import runner_utils

    if not deployment.HasField("metadata_connection_config"):
        return ""
    config = runner_utils.extract_mlmd_connection(deployment.metadata_connection_config)
    deployment.ClearField("metadata_connection_config")
    sqlite = config.database_connection_config.sqlite
    if config.database_connection_config.HasField("sqlite") and sqlite.filename_uri:
        # Nodes may run in another directory, and must all find the one store.
        sqlite.filename_uri = os.path.join(project, sqlite.filename_uri)
    return f"{json_format.MessageToJson(config, indent=1, sort_keys=True)}\n"


def _refuse_other_stores(node: Any) -> None:
    for key, spec in node.inputs.inputs.items():
        if any(channel.HasField("metadata_connection_config") for channel in spec.channels):
            raise error(
                "UnsupportedNode",
                f"input {key} of node {node.node_info.id} comes from another metadata store",
                hint="import the artifact with an Importer instead",
            )


def _complete_parameters(component: Any, node: Any, pipeline_root: str) -> None:
    """Put back what TFX's compiler drops of a runtime parameter.

    It drops defaults that are false in Python (0, 0.0, the empty text), and it has no bool: an int
    parameter whose default is True or False is one, which the IR says by its value's schema.
    """
    from tfx.orchestration.data_types import RuntimeParameter

    for key, given in component.exec_properties.items():
        if not isinstance(given, RuntimeParameter):
            continue
        value = node.parameters.parameters[key]
        parameter = value.runtime_parameter
        default = given.default
        if given.name == ROOT_PARAMETER and default is None:
            default = pipeline_root
        if default is None:
            continue
        if given.ptype is int:
            parameter.default_value.int_value = int(default)
        elif given.ptype is float:
            parameter.default_value.double_value = float(default)
        else:
            parameter.default_value.string_value = str(default)
        if isinstance(default, bool):
            value.schema.value_type.boolean_type.SetInParent()
