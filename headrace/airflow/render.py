"""From a pipeline graph to a DAG: the one place that makes operators."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import DAG, TaskGroup

from headrace.airflow.docs import dag_doc, node_doc
from headrace.airflow.operator import NodeOperator
from headrace.airflow.params import dag_params, is_template
from headrace.errors import UsageError
from headrace.graph.entities import Node, PipelineGraph

DEFAULT_TAGS = ("tfx",)


@dataclass(frozen=True)
class NodeDefaults:
    """What all tasks of a DAG have in common; see ``NodeOperator``."""

    ir_path: str
    import_path: tuple[str, ...]
    project: str
    runner: str
    has_own_metadata: bool = False


def render_dag(
    graph: PipelineGraph,
    defaults: NodeDefaults,
    *,
    dag_id: str,
    schedule: Any,
    parameters: Mapping[str, Any],
    node_args: Mapping[str, Mapping[str, Any]],
    dag_args: Mapping[str, Any],
) -> DAG:
    """Return the DAG.

    Raises:
        UsageError: a parameter or a node that is named does not exist, or a value does not fit.
    """
    unknown = sorted(set(node_args) - {node.id for node in graph.nodes})
    if unknown:
        known = ", ".join(node.id for node in graph.nodes)
        raise UsageError(f"node_args: there is no node {unknown[0]!r}", f"the nodes are {known}")
    arguments = {"catchup": False, "tags": list(DEFAULT_TAGS), **dag_args}
    arguments.setdefault("doc_md", dag_doc(graph, defaults.ir_path))
    params = {**dag_params(graph.parameters, parameters), **arguments.pop("params", {})}
    templates = {name: value for name, value in parameters.items() if is_template(value)}
    with DAG(dag_id=dag_id, schedule=schedule, params=params, **arguments) as dag:
        groups = _Groups()
        tasks = {
            node.id: _task(graph, node, defaults, templates, node_args.get(node.id, {}), groups)
            for node in graph.nodes
        }
        for node in graph.nodes:
            for upstream in node.upstream:
                tasks[upstream] >> tasks[node.id]
    return dag


def _task(
    graph: PipelineGraph,
    node: Node,
    defaults: NodeDefaults,
    templates: Mapping[str, str],
    arguments: Mapping[str, Any],
    groups: _Groups,
) -> NodeOperator:
    used = [parameter for parameter in graph.parameters if parameter.name in node.parameters]
    with groups.around(node):
        return NodeOperator(
            task_id=node.id.rpartition(".")[2],
            node=node.id,
            ir_path=defaults.ir_path,
            import_path=list(defaults.import_path),
            project=defaults.project,
            runner=defaults.runner,
            has_own_metadata=defaults.has_own_metadata,
            parameter_types={parameter.name: parameter.type.value for parameter in used},
            templates={name: text for name, text in templates.items() if name in node.parameters},
            **{"doc_md": node_doc(node), **arguments},
        )


class _Groups:
    """Task groups by path; each is made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], TaskGroup] = {}

    def around(self, node: Node) -> contextlib.AbstractContextManager[Any]:
        if not node.group:
            return contextlib.nullcontext()
        for depth in range(1, len(node.group) + 1):
            path = node.group[:depth]
            if path not in self._made:
                parent = self._made.get(path[:-1])
                self._made[path] = TaskGroup(group_id=path[-1], parent_group=parent)
        group: contextlib.AbstractContextManager[Any] = self._made[node.group]
        return group
