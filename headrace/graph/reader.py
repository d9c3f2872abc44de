"""Reads TFX's intermediate representation (IR), as JSON, into a ``PipelineGraph``, without TFX."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError
from headrace.graph.boundaries import within_boundaries
from headrace.graph.channels import node_inputs, node_outputs, required_producers, text_of
from headrace.graph.entities import Node, NodeKind, PipelineGraph
from headrace.graph.parameters import ParameterTable, parameters_in

IMPORTER_TYPE = "tfx.dsl.components.common.importer.Importer"
RESOLVER_TYPE = "tfx.dsl.components.common.resolver.Resolver"

_DRIVER_ONLY = {IMPORTER_TYPE: NodeKind.IMPORTER, RESOLVER_TYPE: NodeKind.RESOLVER}
_EXECUTORS = {
    "tfx.orchestration.executable_spec.PythonClassExecutableSpec": NodeKind.COMPONENT,
    "tfx.orchestration.executable_spec.BeamExecutableSpec": NodeKind.BEAM,
}
_ALL_SUCCEEDED = (
    "TRIGGER_STRATEGY_UNSPECIFIED",
    "ALL_UPSTREAM_NODES_SUCCEEDED",
    # Lazy ones may start later, when a node after them can start; headrace does not wait for that.
    "LAZILY_ALL_UPSTREAM_NODES_SUCCEEDED",
)

Json = Mapping[str, Any]


class IrError(HeadraceError):
    """An IR that cannot be read, or that headrace cannot run."""


def read_graph(path: Path) -> PipelineGraph:
    """Read a compiled pipeline from its IR file.

    Raises:
        IrError: the file is missing or damaged, or holds what ``graph_from_ir`` refuses.
    """
    hint = "compile the pipeline again: bin/headrace compile TARGET"
    try:
        ir = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise IrError(f"pipeline IR {path} cannot be read: {error.strerror}", hint) from None
    except (ValueError, RecursionError) as error:
        raise IrError(f"pipeline IR {path} is damaged: {error}", hint) from None
    try:
        return graph_from_ir(ir)
    except RecursionError:
        raise IrError(f"pipeline IR {path} is damaged: it is nested without end", hint) from None
    except IrError as error:
        raise IrError(f"pipeline IR {path}: {error.message}", error.hint) from None


def graph_from_ir(ir: Json) -> PipelineGraph:
    """Return the graph of an IR, the canonical JSON of ``tfx.orchestration.Pipeline``.

    Raises:
        IrError: it is not such JSON, a node is of a kind that cannot run here, or one runtime
            parameter is used with two types or two defaults.
    """
    try:
        return _graph(ir)
    except (LookupError, AttributeError, TypeError, ValueError, OverflowError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise IrError(f"this is not the JSON of a TFX pipeline ({reason})") from None


def _graph(ir: Json) -> PipelineGraph:
    table = ParameterTable()
    name = text_of(ir["pipelineInfo"]["id"])
    table.add(parameters_in(ir.get("runtimeSpec", {})), node="")
    nodes = _nodes(ir, (), table)
    if table.conflict:
        raise IrError(table.conflict, "give it the same type and default wherever it is used")
    _check_order(nodes)
    return PipelineGraph(name=name, nodes=tuple(nodes), parameters=table.parameters())


def _check_order(nodes: Sequence[Node]) -> None:
    """Refuse nodes of one id, and nodes that would wait for what does not come before them."""
    seen: set[str] = set()
    for node in nodes:
        missing = [name for name in node.upstream if name not in seen]
        if missing:
            raise IrError(f"node {node.id} waits for {missing[0]}, which is not before it")
        if node.id in seen:
            raise IrError(f"there are two nodes {node.id}")
        seen.add(node.id)


def _nodes(ir: Json, group: tuple[str, ...], table: ParameterTable) -> list[Node]:
    items = ir.get("nodes", ())
    subpipelines = {
        item["subPipeline"]["pipelineInfo"]["id"] for item in items if "subPipeline" in item
    }
    executors = ir.get("deploymentConfig", {}).get("executorSpecs", {})
    nodes: list[Node] = []
    for item in items:
        if "subPipeline" in item:
            inner = item["subPipeline"]
            inner_group = (*group, text_of(inner["pipelineInfo"]["id"]))
            table.add(parameters_in(inner.get("runtimeSpec", {})), node="")
            nodes.extend(within_boundaries(_nodes(inner, inner_group, table), inner_group))
        else:
            nodes.append(_node(item["pipelineNode"], executors, group, subpipelines, table))
    return nodes


def _node(
    spec: Json,
    executors: Json,
    group: tuple[str, ...],
    subpipelines: set[str],
    table: ParameterTable,
) -> Node:
    local_id = text_of(spec["nodeInfo"]["id"])
    type_name = spec["nodeInfo"]["type"]["name"]
    executor = executors.get(local_id, {})
    boundary = _boundary(local_id, group)
    kind = boundary or _kind(local_id, type_name, executor)
    node_id = _qualified(group, local_id)
    used = [*parameters_in(spec), *parameters_in(executor)]
    table.add(used, node=node_id)
    options = spec.get("executionOptions", {})
    strategy = options.get("strategy", "")
    # The first node of a sub-pipeline waits for nodes beside the sub-pipeline, not inside it.
    around = group[:-1] if boundary is NodeKind.PIPELINE_BEGIN else group

    def qualified(name: str) -> str:
        return _upstream(around, name, subpipelines)

    upstream = tuple(map(qualified, spec.get("upstreamNodes", ())))
    producers = map(qualified, required_producers(spec.get("inputs", {})))
    return Node(
        id=node_id,
        component=type_name.rpartition(".")[2],
        kind=kind,
        executor=_class_path(executor),
        upstream=upstream,
        inputs=node_inputs(spec.get("inputs", {})),
        outputs=node_outputs(spec.get("outputs", {})),
        parameters=tuple(dict.fromkeys(use.name for use in used)),
        conditional=bool(spec.get("inputs", {}).get("conditionals")),
        cache_enabled=bool(options.get("cachingOptions", {}).get("enableCache")),
        group=group,
        trigger="" if strategy in _ALL_SUCCEEDED else strategy,
        required=tuple(name for name in dict.fromkeys(producers) if name in upstream),
    )


def _boundary(local_id: str, group: tuple[str, ...]) -> NodeKind | None:
    if group and local_id == f"{group[-1]}_begin":
        return NodeKind.PIPELINE_BEGIN
    if group and local_id == f"{group[-1]}_end":
        return NodeKind.PIPELINE_END
    return None


def _kind(node_id: str, type_name: str, executor: Json) -> NodeKind:
    if not executor:
        if type_name in _DRIVER_ONLY:
            return _DRIVER_ONLY[type_name]
        raise IrError(f"node {node_id} ({type_name}) has no executor, so it cannot run here")
    spec_type = executor["@type"].rpartition("/")[2]
    if spec_type not in _EXECUTORS:
        raise IrError(
            f"node {node_id} has an executor of the kind {spec_type.rpartition('.')[2]}, "
            "which cannot run here",
            "headrace runs executors that are Python classes, Beam ones included",
        )
    return _EXECUTORS[spec_type]


def _class_path(executor: Json) -> str:
    path = executor.get("pythonExecutorSpec", executor).get("classPath", "")
    return str(path)


def _qualified(group: tuple[str, ...], local_id: str) -> str:
    return ".".join((*group, local_id))


def _upstream(group: tuple[str, ...], local_id: str, subpipelines: set[str]) -> str:
    # A sub-pipeline is named by itself where it is waited for, by its last node where it is read.
    name = local_id.removesuffix("_end")
    if local_id in subpipelines or name in subpipelines:
        inner = local_id if local_id in subpipelines else name
        return _qualified((*group, inner), f"{inner}_end")
    return _qualified(group, local_id)
