"""The first and the last node of a sub-pipeline, which hand artifacts through.

TFX's compiler makes these nodes; what runs them is part of Google's own orchestrator only. As TFX
does for a Resolver, the resolved inputs are published as the outputs of an internal execution.
"""

from __future__ import annotations

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.portable import execution_publish_utils, inputs_utils
from tfx.orchestration.portable.mlmd import context_lib, execution_lib

from headrace.graph.entities import NodeKind
from headrace.node import executions
from headrace.node.pipeline_ir import NodeSpec

BOUNDARIES = (NodeKind.PIPELINE_BEGIN, NodeKind.PIPELINE_END)


def hand_through(handle: Any, spec: NodeSpec) -> int | None:
    """Publish the node's inputs as its outputs; return the execution's id, None if it is skipped.

    Doing it again in the same run returns what was published before.

    Raises:
        InputResolutionError: an input is missing that no skipped node explains.
    """
    before = executions.find_execution(handle, spec)
    if before is not None and execution_lib.is_execution_successful(before):
        return int(before.id)
    if spec.kind is NodeKind.PIPELINE_END and not _has_begun(handle, spec):
        return None
    inputs = inputs_utils.resolve_input_artifacts(pipeline_node=spec.node, metadata_handle=handle)
    if isinstance(inputs, inputs_utils.Skip):
        return None
    contexts = context_lib.prepare_contexts(
        metadata_handle=handle, node_contexts=spec.node.contexts
    )
    execution = before or execution_publish_utils.register_execution(
        metadata_handle=handle,
        execution_type=metadata_store_pb2.ExecutionType(name=spec.node.node_info.type.name),
        contexts=contexts,
    )
    outputs = {key: inputs[0][key] for key in spec.node.outputs.outputs if key in inputs[0]}
    execution_publish_utils.publish_internal_execution(
        metadata_handle=handle,
        contexts=contexts,
        execution_id=execution.id,
        output_artifacts=outputs,
    )
    return int(execution.id)


def _has_begun(handle: Any, spec: NodeSpec) -> bool:
    begin = executions.find_execution(handle, spec.first_node)
    return begin is not None and execution_lib.is_execution_successful(begin)
