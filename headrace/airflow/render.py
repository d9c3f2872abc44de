"""From a pipeline graph to a DAG: the one place that makes operators."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import DAG, BaseOperator, TaskGroup, TriggerRule

from headrace.airflow.announcing import SPAN_OF_RUN
from headrace.airflow.assets import inlets_of, outlets_of
from headrace.airflow.docs import dag_doc, node_doc
from headrace.airflow.errors import told_by_airflow
from headrace.airflow.operator import NodeOperator
from headrace.airflow.params import authored, dag_params, is_template
from headrace.airflow.watcher import AnyNodeFailed
from headrace.errors import UsageError
from headrace.graph.entities import Node, NodeKind, PipelineGraph

DEFAULT_TAGS = ("tfx",)
_OURS = (
    *("task_id", "task_group", "dag", "node", "component", "ir_path", "import_path", "project"),
    *("runner", "keras", "has_own_metadata", "run_prefix", "parameter_types", "templates"),
    *("authored", "runs_beam", "partition"),
)
_WATCHER = "any_node_failed"
_APPROVE = "approve"
_EVALUATION, _MODEL = "ModelEvaluation", "Model"
_NOT_IN_A_TASK_ID = re.compile(r"[^\w.-]")
_NOT_IN_A_GROUP_ID = re.compile(r"[^\w-]")


@dataclass(frozen=True)
class NodeDefaults:
    """What all tasks of a DAG have in common; see ``NodeOperator``. ``target`` is for the docs."""

    ir_path: str
    import_path: tuple[str, ...]
    project: str
    runner: str
    keras: str = "3"
    has_own_metadata: bool = False
    deferrable: bool = False
    target: str = ""


def render_dag(
    graph: PipelineGraph,
    defaults: NodeDefaults,
    *,
    dag_id: str | None = None,
    schedule: Any = None,
    parameters: Mapping[str, Any],
    node_args: Mapping[str, Mapping[str, Any]],
    approve: Mapping[str, Mapping[str, Any]] | None = None,
    dag_args: Mapping[str, Any],
    span_parameter: str = "",
) -> DAG:
    """Return the DAG; without a ``dag_id`` it has the pipeline's name.

    Args:
        span_parameter: the runtime parameter that is the run's span; empty if there is none.

    Raises:
        UsageError: a parameter or a node that is named does not exist, or a value does not fit.
    """
    _check_node_args(graph, node_args)
    if span_parameter:
        parameters = {span_parameter: SPAN_OF_RUN, **parameters}
    _check_nodes(graph, "approve", approve or {})
    dag_id = dag_id or _NOT_IN_A_TASK_ID.sub("_", graph.name)
    arguments = {"catchup": False, "tags": list(DEFAULT_TAGS), **dag_args}
    arguments.setdefault("doc_md", dag_doc(graph, defaults.target, defaults.ir_path))
    params = {**dag_params(graph.parameters, parameters), **(arguments.pop("params", None) or {})}
    rendering = _Rendering(
        graph,
        defaults,
        templates={name: value for name, value in parameters.items() if is_template(value)},
        authored=authored(params, parameters),
        node_args=node_args,
        run_prefix="" if dag_id == graph.name else dag_id,
        partition=_partition(span_parameter, parameters),
    )
    with told_by_airflow(f"the DAG {dag_id!r}", _hint_on_required(graph, parameters, schedule)):
        dag = DAG(dag_id=dag_id, schedule=schedule, params=params, **arguments)
    with dag:
        tasks = {node.id: rendering.task(node) for node in graph.nodes}
        for node in graph.nodes:
            for upstream in node.upstream:
                tasks[upstream] >> tasks[node.id]
        for node_id, asking in (approve or {}).items():
            node = graph.node(node_id)
            asks = rendering.approval(node, tasks, asking)
            for upstream in node.upstream:
                tasks[upstream] >> asks
            asks >> tasks[node_id]
        if any(node.runs_after_failures for node in graph.nodes):
            # Airflow judges a run by its last tasks, and such a node hides what failed before it.
            list(tasks.values()) >> AnyNodeFailed(task_id=_WATCHER)
    return dag


class _Rendering:
    """Makes the tasks of one DAG, each in the group of its sub-pipeline."""

    def __init__(
        self,
        graph: PipelineGraph,
        defaults: NodeDefaults,
        templates: Mapping[str, str],
        authored: Mapping[str, str],
        node_args: Mapping[str, Mapping[str, Any]],
        run_prefix: str,
        partition: str,
    ) -> None:
        self._graph = graph
        self._defaults = defaults
        self._templates = templates
        self._authored = authored
        self._node_args = node_args
        self._run_prefix = run_prefix
        self._partition = partition
        self._skippable = graph.skippable()
        self._groups: dict[tuple[str, ...], TaskGroup] = {}

    def task(self, node: Node) -> NodeOperator:
        used = tuple(item for item in self._graph.parameters if item.name in node.parameters)
        templates = {n: text for n, text in self._templates.items() if n in node.parameters}
        outlets = outlets_of(self._graph.name, node)
        arguments = {
            "doc_md": node_doc(node, used),
            "trigger_rule": trigger_rule(node, self._skippable),
            "outlets": outlets,
            "inlets": inlets_of(self._graph.name, node),
            **self._node_args.get(node.id, {}),
        }
        with self._group(node.group), told_by_airflow(f"the task of node {node.id!r}"):
            return NodeOperator(
                task_id=_task_name(node),
                node=node.id,
                component=node.component,
                ir_path=self._defaults.ir_path,
                import_path=list(self._defaults.import_path),
                project=self._defaults.project,
                runner=self._defaults.runner,
                keras=self._defaults.keras,
                has_own_metadata=self._defaults.has_own_metadata,
                run_prefix=self._run_prefix,
                parameter_types={item.name: item.type.value for item in used},
                templates=templates,
                authored={n: text for n, text in self._authored.items() if n in node.parameters},
                runs_beam=node.kind is NodeKind.BEAM,
                partition=self._partition if outlets else "",
                **{"deferrable": self._defaults.deferrable, **arguments},
            )

    def approval(
        self, node: Node, tasks: Mapping[str, NodeOperator], arguments: Mapping[str, Any]
    ) -> BaseOperator:
        """The task that asks a person about a node."""
        # Not above: parsing other DAG files needs nothing of Airflow's standard provider.
        from headrace.airflow.approval import NodeApproval

        evaluated_by = [
            tasks[name].task_id
            for name in _before(self._graph, node)
            if any(item.artifact_type == _EVALUATION for item in self._graph.node(name).outputs)
        ]
        given = {"trigger_rule": trigger_rule(node, self._skippable), **arguments}
        with self._group(node.group), told_by_airflow(f"the approval of node {node.id!r}"):
            return NodeApproval(
                task_id=f"{_APPROVE}_{_task_name(node)}",
                node=node.id,
                required=[tasks[name].task_id for name in _reads_of(node)],
                evaluated_by=evaluated_by,
                **given,
            )

    def _group(self, path: tuple[str, ...]) -> contextlib.AbstractContextManager[Any]:
        if not path:
            return contextlib.nullcontext()
        for depth in range(1, len(path) + 1):
            if path[:depth] not in self._groups:
                name = _NOT_IN_A_GROUP_ID.sub("_", path[depth - 1])
                parent = self._groups.get(path[: depth - 1])
                self._groups[path[:depth]] = TaskGroup(group_id=name, parent_group=parent)
        group: contextlib.AbstractContextManager[Any] = self._groups[path]
        return group


def trigger_rule(node: Node, skippable: frozenset[str]) -> TriggerRule:
    """Airflow's rule for what TFX wants of the nodes before this one.

    A skipped node must not skip a node that does not need its outputs. Where it needs those of
    some, the node's process finds them missing, and skips; its task then says why, as one that
    Airflow skips cannot. In a sub-pipeline a node may need no more than that it has begun, which
    its process could not find missing.
    """
    if node.runs_after_failures:
        return TriggerRule.ALL_DONE
    behind = skippable.intersection(node.upstream)
    if behind and not (node.group and behind.issubset(node.required)):
        return TriggerRule.NONE_FAILED
    return TriggerRule.ALL_SUCCESS


def _partition(span_parameter: str, parameters: Mapping[str, Any]) -> str:
    """Template of the run's span: what is typed into the form, else what the parameter is."""
    if not span_parameter:
        return ""
    typed = f"params.get({span_parameter!r})"
    otherwise = parameters[span_parameter]
    return f"{{% if {typed} %}}{{{{ {typed} }}}}{{% else %}}{otherwise}{{% endif %}}"


def _task_name(node: Node) -> str:
    """The node's own id; Airflow puts the groups before it, and knows fewer characters than TFX."""
    own = node.id[len(".".join((*node.group, ""))) :]
    return _NOT_IN_A_TASK_ID.sub("_", own)


def _before(graph: PipelineGraph, node: Node) -> list[str]:
    """All nodes before this one, in pipeline order."""
    found, todo = set(), list(node.upstream)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(graph.node(name).upstream)
    return [item.id for item in graph.nodes if item.id in found]


def _reads_of(node: Node) -> list[str]:
    """The nodes without whose outputs there is nothing to ask about.

    A model counts, though Pusher's is optional to TFX: it may come by an InfraBlessing.
    """
    models = [
        producer
        for item in node.inputs
        if item.artifact_type == _MODEL
        for producer, _ in item.producers
    ]
    return list(
        dict.fromkeys([*node.required, *(name for name in models if name in node.upstream)])
    )


def _check_nodes(graph: PipelineGraph, argument: str, named: Iterable[str]) -> None:
    known = [node.id for node in graph.nodes]
    for node_id in named:
        if node_id not in known:
            raise UsageError(
                f"{argument}: there is no node {node_id!r}", f"the nodes are {', '.join(known)}"
            )


def _check_node_args(graph: PipelineGraph, node_args: Mapping[str, Mapping[str, Any]]) -> None:
    _check_nodes(graph, "node_args", node_args)
    for node_id, arguments in node_args.items():
        for name in _OURS:
            if name in arguments:
                raise UsageError(f"node_args of {node_id!r}: {name!r} cannot be changed")


def _hint_on_required(graph: PipelineGraph, given: Mapping[str, Any], schedule: Any) -> str:
    values = {item.name: given.get(item.name, item.default) for item in graph.parameters}
    required = [name for name, value in values.items() if value is None]
    if schedule is None or not required:
        return ""
    names = ", ".join(required)
    return f"a scheduled run has nobody to ask: give parameters={{...}} values for {names}"
